"""Classes that a person gave to a few images anchor a first run, and stay reviewed labels after it."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, correct, list_runs, refine_with_corrections
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.dataset.outcome import Outcome
from fiftyone_autolabel.plugin.dataset.running import load_outcome
from typer.testing import CliRunner

CLASSES = ["cat", "type 7"]
N = 40
TRUTH = np.arange(N) % 2
VECTORS = np.eye(8)[TRUTH] + np.random.default_rng(0).normal(scale=0.2, size=(N, 8))
SAME_NAMES = {"embeddings": VECTORS, "text_embeddings": np.ones((2, 8))}
"""Vectors of two clear groups, and class names that tell nothing about them."""


@pytest.fixture
def dataset():
    """Forty samples with a box each, three of either class with its name as tag, text and class."""
    dataset = fo.Dataset()
    for number in range(N):
        box = fo.Detection(label="thing", bounding_box=[0, 0, 1, 1], vector=VECTORS[number].tolist())
        sample = fo.Sample(filepath=f"/{number}.jpg", boxes=fo.Detections(detections=[box]), note=None)
        if number < 6:
            name = ("CAT", "type 7")[number % 2]
            sample.tags, sample["note"], sample["kind"] = ["todo", name], name, fo.Classification(label=name)
            box.tags = [name]
        dataset.add_sample(sample, dynamic=True)
    yield dataset
    dataset.delete()


@pytest.fixture
def with_examples(dataset):
    """The same, labelled with the examples in "kind"."""
    auto_label(dataset, CLASSES, examples="kind", **SAME_NAMES)
    return dataset


def names_of(numbers):
    return [CLASSES[number] for number in numbers]


def label_with_the_operator(dataset, text_embeddings):
    params = {"classes": CLASSES, "embeddings": "vector", "text_embeddings": text_embeddings}
    context = {"dataset": dataset}
    foo.execute_operator("@autolabel/prototypes/auto_label", context, params=params | {"examples": "tags"})


def label_with_the_command_line(dataset, text_embeddings):
    vectors = ["--embeddings", "vector", "--text-embeddings", text_embeddings]
    given = ["label", dataset.name, "-c", ", ".join(CLASSES), *vectors, "--examples", "tags"]
    assert CliRunner().invoke(app, given).exit_code == 0
    dataset.reload()


@pytest.mark.parametrize("field", ["tags", "note", "kind"])
def test_examples_say_what_names_do_not(dataset, field):
    run = auto_label(dataset, CLASSES, examples=field, **SAME_NAMES)
    assert dataset.values("auto_label.label") == names_of(TRUTH)
    assert run.summary.reviewed == 6


@pytest.mark.parametrize("label", [label_with_the_operator, label_with_the_command_line])
def test_every_way_in_takes_examples(dataset, tmp_path, label):
    dataset.set_values("vector", list(VECTORS))
    np.save(tmp_path / "T.npy", SAME_NAMES["text_embeddings"])
    label(dataset, str(tmp_path / "T.npy"))
    assert dataset.values("auto_label.label") == names_of(TRUTH)


def test_examples_of_objects_are_tags_of_the_objects(dataset):
    run = auto_label(dataset, CLASSES, objects="boxes", examples="tags", **SAME_NAMES)
    labels = dataset.values(f"{run.fields.label}.detections.label", unwind=True)
    assert labels == names_of(TRUTH)
    assert dataset.count(f"{run.fields.corrected}.detections") == 6


def test_examples_are_reviewed_labels_whatever_becomes_of_their_field(with_examples):
    with_examples.delete_sample_field("kind")
    assert with_examples.values("auto_label_corrected.label") == names_of(TRUTH[:6]) + [None] * (N - 6)
    assert with_examples.limit(6).values("confidence") == [1.0] * 6
    again = refine_with_corrections(with_examples, **SAME_NAMES)
    assert again.changes.n_reviewed == 6
    assert with_examples.values("auto_label.label")[:6] == names_of(TRUTH[:6])


def test_a_review_wins_over_an_example(with_examples):
    correct(with_examples.limit(1), "type 7")
    auto_label(with_examples, CLASSES, examples="kind", **SAME_NAMES)
    assert with_examples.first().auto_label.label == "type 7"


def test_examples_are_saved_before_they_are_written(with_examples):
    (run,) = list_runs(with_examples)
    saved = load_outcome(with_examples, run.key)
    assert list(saved.examples.values()) == names_of(TRUTH[:6])
    assert Outcome.from_dict(saved.to_dict()).examples == saved.examples


@pytest.mark.parametrize(
    ("field", "classes", "sentence"),
    [
        ("breed", CLASSES, "no field 'breed' with examples: choose one of tags, kind, note"),
        ("kind", ["cat", "dog"], "classes that are not listed: type 7. Add them"),
        ("tags", ["dog", "bird"], "'tags' has no example"),
        ("tags", [*CLASSES, "todo"], "tags of two classes"),
    ],
)
def test_examples_that_cannot_be_used_are_refused_before_any_work(dataset, field, classes, sentence):
    with pytest.raises(InputError, match=sentence):
        auto_label(dataset, classes, examples=field, **SAME_NAMES)
    assert list_runs(dataset) == []


def test_fields_of_a_run_hold_no_examples(with_examples):
    with pytest.raises(InputError, match="no field 'auto_label'"):
        auto_label(with_examples, CLASSES, examples="auto_label", **SAME_NAMES)
