"""What people said anchors the labels of the rest, and no run takes it away."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, Settings, auto_label
from fiftyone_autolabel.plugin.dataset.record import latest_run
from fiftyone_autolabel.plugin.dataset.reviewing import approve, correct, review_next
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from fiftyone_autolabel.plugin.run.again import refine_with_corrections


def answer_as_the_truth_says(samples: fo.DatasetView) -> None:
    """Correct the wrong labels of some samples, class by class, and approve the others."""
    for sample in samples:
        if sample.auto_label.label != sample.ground_truth.label:
            correct(samples.select(sample.id), sample.ground_truth.label)
    approve(samples)


def accuracy(samples: fo.DatasetView) -> float:
    labels, truth = samples.values(["auto_label.label", "ground_truth.label"])
    return float(np.mean(np.array(labels) == np.array(truth)))


@pytest.fixture
def labelled(labelled_demo):
    return labelled_demo


def test_reviewing_and_refining_makes_the_others_no_worse_and_keeps_every_answer(labelled):
    page = review_next(labelled, 20)
    others = labelled.exclude(page)
    before = accuracy(others)
    answer_as_the_truth_says(page)
    run = refine_with_corrections(labelled)
    assert run.changes.n_reviewed == 20
    assert accuracy(others) >= before
    assert accuracy(page) == 1
    refine_with_corrections(labelled)
    assert accuracy(page) == 1
    assert page.values("auto_label_corrected.label") == page.values("ground_truth.label")


def test_it_says_how_many_other_labels_changed_and_what_to_expect_of_them(labelled):
    page = review_next(labelled, 10)
    others = labelled.exclude(page)
    labels, confidence = others.values(["auto_label.label", "confidence"])
    answer_as_the_truth_says(page)
    run = refine_with_corrections(labelled)
    changed = np.array(labels) != np.array(others.values("auto_label.label"))
    assert run.changes.n_changed == changed.sum()
    assert run.changes.accuracy_before == pytest.approx(np.mean(confidence))
    assert run.changes.accuracy_after == pytest.approx(others.mean("confidence"))


def test_the_next_run_is_made_from_what_the_last_one_was_made_from(demo_dataset):
    classes = {name: [] for name in DEMO_CLASSES} | {"cat": ["kitten", "tabby"]}
    auto_label(
        demo_dataset.limit(40),
        classes,
        prompt_templates=["a crop of {}"],
        encoder="offline",
        second_encoder="offline",
        settings=Settings(method="prototype", iterations=2),
        fields=FieldNames(label="guess", confidence="sure"),
    )
    approve(demo_dataset.limit(3), "guess")
    key = refine_with_corrections(demo_dataset, "guess").run_key
    first, second = (demo_dataset.get_run_info(name).config for name in ("guess_1", key))
    for name in ("classes", "descriptions", "prompt_templates", "encoder", "second_encoder", "settings"):
        assert getattr(first, name) == getattr(second, name)
    assert first.fields == second.fields
    assert demo_dataset.count("guess") == 40


def test_what_is_given_counts_before_what_the_last_run_had(labelled):
    approve(labelled.limit(2))
    templates, settings = ["a scan of a {}"], Settings(clustering="none")
    refine_with_corrections(labelled, prompt_templates=templates, settings=settings)
    run = latest_run(labelled, "auto_label")
    assert (list(run.prompt_templates), run.settings["clustering"]) == (templates, "none")


def test_a_sample_that_is_deleted_meanwhile_is_not_compared(labelled):
    approve(labelled.limit(2))

    def delete(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("refine", 0):
            labelled.delete_samples(labelled.skip(5).limit(1))

    run = refine_with_corrections(labelled, progress=delete)
    assert 0 < run.changes.accuracy_after <= 1


def test_a_correction_to_a_description_of_a_class_is_that_class(demo_dataset):
    auto_label(demo_dataset, {"cat": ["kitten"], "coins": []}, encoder="offline")
    correct(demo_dataset.limit(1), "Kitten")
    assert demo_dataset.first().auto_label_corrected.label == "cat"
    assert refine_with_corrections(demo_dataset).changes.new_classes == []


def test_a_new_class_that_was_given_can_be_found_on_other_images(demo_dataset):
    known = [name for name in DEMO_CLASSES if name != "grass"]
    auto_label(demo_dataset, known, encoder="offline")
    grass = demo_dataset.match({"ground_truth.label": "grass"})
    correct(grass.limit(2), "grass")
    run = refine_with_corrections(demo_dataset)
    assert run.changes.new_classes == ["grass"]
    assert "grass" in grass.skip(2).values("auto_label.label")


def test_vectors_of_a_field_are_read_again(labelled):
    rng = np.random.default_rng(0)
    labelled.set_values("vector", list(rng.normal(size=(len(labelled), 8))))
    labelled.set_values("cluster", [number % 5 for number in range(len(labelled))])
    auto_label(labelled, ["a", "b"], embeddings="vector", text_embeddings=np.eye(8)[:2], clusters="cluster")
    approve(labelled.limit(1))
    run = refine_with_corrections(labelled, text_embeddings=np.eye(8)[:2])
    assert run.encoder == "precomputed"
    assert labelled.get_run_info(run.run_key).config.clusters == "cluster"


def test_a_class_without_a_vector_stays_on_its_samples_only(labelled, tmp_path):
    labelled.set_values("vector", list(np.random.default_rng(0).normal(size=(len(labelled), 8))))
    np.save(tmp_path / "T.npy", np.eye(8)[:2])
    auto_label(labelled, ["a", "b"], embeddings="vector", text_embeddings=tmp_path / "T.npy")
    correct(labelled.limit(1), "c")
    run = refine_with_corrections(labelled)
    assert run.changes.new_classes == []
    assert run.unlisted_classes == {"c": 1}


def test_arrays_must_be_given_again(labelled):
    vectors = np.random.default_rng(0).normal(size=(len(labelled), 8))
    auto_label(labelled, ["a", "b"], embeddings=vectors, text_embeddings=np.eye(8)[:2])
    approve(labelled.limit(1))
    with pytest.raises(InputError, match="embeddings and text_embeddings as Python objects"):
        refine_with_corrections(labelled)
    refine_with_corrections(labelled, embeddings=vectors, text_embeddings=np.eye(8)[:2])


def test_without_an_answer_there_is_nothing_to_refine_with(labelled):
    with pytest.raises(InputError, match="No label is reviewed yet"):
        refine_with_corrections(labelled)


def test_without_a_run_there_is_nothing_to_refine(demo_dataset):
    with pytest.raises(InputError, match="run Auto-label first"):
        refine_with_corrections(demo_dataset)
