"""Clusters of a class that nobody named get names that suit them, and others get none."""

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from fiftyone_autolabel import RunCancelledError, Settings, auto_label, label_files, load_run
from fiftyone_autolabel.plugin.encoders.descriptions import read_classes
from fiftyone_autolabel.plugin.encoders.precomputed import PrecomputedEncoder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from fiftyone_autolabel.plugin.run.inputs import Inputs
from fiftyone_autolabel.plugin.run.names import TEXTS_AT_A_TIME, vocabulary
from fiftyone_autolabel.plugin.run.pipeline import estimate_paths
from fiftyone_autolabel.plugin.run.results import FinishedRun

SEEN = ["banana", "volcano", "espresso"]
TRUTH = np.arange(60) % 3
PATHS = [f"/photos/{row}.jpg" for row in range(60)]
COLORS = ["red", "green", "blue"]
SETTINGS = Settings(min_cluster_size=3)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """In place of photos: what the offline encoder's text tower says of three things, and some noise."""
    T = class_prototypes(load_encoder("offline"), SEEN, ["{}"])
    noise = np.random.default_rng(0).normal(size=(len(TRUTH), T.shape[1])) / np.sqrt(T.shape[1])
    return T[TRUTH] + 0.5 * noise


def label(vectors, classes, **arguments) -> FinishedRun:
    arguments = {"embeddings": vectors, "encoder": "offline", "settings": SETTINGS} | arguments
    return label_files(PATHS, classes, **arguments)


def first_names(labelling: FinishedRun) -> dict[str, Counter]:
    """What is truly seen → the best name of each of its clusters, "" for none."""
    found = {seen: Counter() for seen in SEEN}
    assignments = labelling.refinement.clusters["micro"].assignments
    for entry in labelling.refinement.novel_clusters:
        seen = SEEN[np.bincount(TRUTH[assignments == entry.cluster]).argmax()]
        found[seen][labelling.suggested_names.get(entry.cluster, ("",))[0]] += 1
    return found


def test_a_cluster_without_a_class_gets_its_name(vectors):
    names = first_names(label(vectors, SEEN[:2]))
    assert set(names["espresso"]) == {"espresso"}


def test_clusters_whose_class_is_named_get_no_name(vectors):
    names = first_names(label(vectors, SEEN))
    assert all(set(best) == {""} for best in names.values())


def test_what_a_class_is_called_or_described_by_is_no_suggestion():
    prompts = Inputs(
        classes=read_classes(["banana", "Volcano", "tea: coffee_mug, ESPRESSO"]), prompt_templates=["a {}"]
    )
    words = vocabulary(load_encoder("offline"), prompts)
    assert not set(words) & {"banana", "volcano", "espresso", "coffee mug"}
    assert words["tea cup"] == "a tea cup"


def test_a_description_of_its_class_keeps_a_cluster_from_getting_names(vectors):
    names = first_names(label(vectors, ["banana", "volcano", "drink: espresso"]))
    assert set(names["espresso"]) == {""}


def test_classes_given_as_vectors_get_no_names_and_read_no_vocabulary(vectors):
    stages = set()
    given = {"text_embeddings": vectors[:2], "progress": lambda stage, done, total: stages.add(stage)}
    labelling = label(vectors, SEEN[:2], encoder="auto", **given)
    assert labelling.suggested_names == {}
    assert stages == {"embed", "cluster", "refine"}


class ColorNames(PrecomputedEncoder):
    """Vectors of images, beside a text tower that reads three words."""

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__(vectors, vectors[:3])
        self._known = dict(zip(COLORS, vectors[:3], strict=True))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._known[text] for text in texts])


def test_a_text_tower_that_reads_its_classes_only_suggests_nothing_and_costs_no_label(vectors, caplog):
    with caplog.at_level(logging.INFO, "fiftyone_autolabel"):
        labelling = label_files(PATHS, COLORS, encoder=ColorNames(vectors), settings=SETTINGS)
    assert labelling.suggested_names == {}
    assert (labelling.refinement.labels == TRUTH).all()
    assert "No names are suggested for clusters that fit no class ('tench')" in caplog.text


def test_what_such_a_run_costs_can_be_told(vectors):
    cost = estimate_paths(
        PATHS, Inputs(classes=read_classes(COLORS), encoder=ColorNames(vectors), settings=SETTINGS)
    )
    assert cost.suggest_seconds == 0


def test_how_long_the_vectors_of_a_text_tower_are_does_not_matter(vectors):
    known = load_encoder("offline")

    class Long(PrecomputedEncoder):
        def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
            return 10 * known.embed_texts(texts)

    long = label_files(PATHS, SEEN[:2], encoder=Long(vectors, known), settings=SETTINGS)
    assert long.suggested_names == label(vectors, SEEN[:2]).suggested_names != {}


def test_the_vocabulary_is_read_bit_by_bit(vectors):
    steps = []
    label(vectors, SEEN[:2], progress=lambda *step: steps.append(step))
    steps = [(done, total) for stage, done, total in steps if stage == "suggest"]
    (total,) = {total for _, total in steps}
    assert [done for done, _ in steps] == [*range(0, total, TEXTS_AT_A_TIME), total]


def test_a_report_lists_them(vectors, tmp_path):
    folder = label(vectors, SEEN[:2]).report(tmp_path / "report")
    assert "suggested names: espresso" in (folder / "report.txt").read_text()
    assert "<td>espresso" in (folder / "report.html").read_text()


def test_a_report_without_any_does_not_mention_them(vectors, tmp_path):
    folder = label(vectors, SEEN).report(tmp_path / "report")
    assert "suggested names" not in (folder / "report.txt").read_text().casefold()
    assert "<th>suggested names" not in (folder / "report.html").read_text()


@pytest.fixture
def dataset(dataset_of):
    return dataset_of(PATHS)


@pytest.mark.parametrize("classes", [SEEN[:1], SEEN[:2]], ids=["one class", "two classes"])
def test_a_run_that_is_read_back_has_them(dataset, vectors, classes):
    arguments = {"embeddings": vectors, "encoder": "offline", "settings": SETTINGS}
    labelling = auto_label(dataset, classes, **arguments)
    assert labelling.suggested_names == label(vectors, classes).suggested_names != {}
    assert load_run(dataset).suggested_names == labelling.suggested_names


def test_a_run_can_be_cancelled_while_it_looks_for_names(dataset, vectors):
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "suggest" and done:
            raise RunCancelledError

    arguments = {"embeddings": vectors, "encoder": "offline", "settings": SETTINGS}
    with pytest.raises(RunCancelledError):
        auto_label(dataset, SEEN[:2], progress=stop, **arguments)
    assert not dataset.has_sample_field("auto_label")
