"""A finished run answers to the same names, whether it is new, on files, or read back from its record."""

import csv

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    ExportOptions,
    InputError,
    approve,
    auto_label,
    compare_runs,
    compute_clusters,
    delete_run,
    evaluate,
    export_labels,
    label_files,
    list_runs,
    load_run,
)
from fiftyone_autolabel.plugin.dataset.record import find_run
from fiftyone_autolabel.plugin.run.results import FinishedRun
from numpy.testing import assert_allclose

CLASSES = ["even", "odd"]
RNG = np.random.default_rng(0)
TRUTH = np.arange(40) % 2
X, T = np.eye(8)[TRUTH] + 0.3 * RNG.normal(size=(40, 8)), np.eye(8)[:2]
PATHS = [f"/photos/{row}.jpg" for row in range(40)]
VECTORS = {"embeddings": X, "text_embeddings": T}
"""Vectors stand in for the images, which are never opened."""


@pytest.fixture
def dataset(dataset_of):
    """Forty samples."""
    return dataset_of(PATHS)


@pytest.fixture
def damaged():
    """Vectors of which one cannot be used."""
    vectors = X.copy()
    vectors[7] = np.nan
    return VECTORS | {"embeddings": vectors}


def stored(dataset) -> FinishedRun:
    """A run that was read back."""
    return load_run(dataset, auto_label(dataset, CLASSES, **VECTORS).run_key)


KINDS = {
    "files": lambda dataset: label_files(PATHS, CLASSES, **VECTORS),
    "dataset": lambda dataset: auto_label(dataset, CLASSES, **VECTORS),
    "stored": stored,
}


@pytest.fixture(params=KINDS)
def run(request, dataset) -> FinishedRun:
    """A run of every kind, on the same vectors."""
    return KINDS[request.param](dataset)


@pytest.fixture(scope="module")
def expected():
    """What the engine says of them."""
    return label_files(PATHS, CLASSES, **VECTORS).refinement


def test_counts_and_expected_accuracy(run, expected):
    assert list(run.counts.values()) == np.bincount(expected.labels).tolist()
    assert run.expected_accuracy == pytest.approx(expected.expected_accuracy)
    assert (run.classes, run.failures) == (CLASSES, {})


def test_a_run_shows_itself_in_a_few_lines_with_what_to_do_next(run, dataset):
    lines = repr(run).splitlines()
    is_on_dataset = run.dataset is not None
    where = f" of {dataset.name!r} labelled by run 'auto_label_1'" if is_on_dataset else " labelled"
    assert lines[0] == f"40 images{where}"
    assert lines[1].endswith(" of the labels are expected to be right")
    assert lines[2] == "even 20, odd 20"
    assert lines[-1].startswith("Next: review_next(dataset)" if is_on_dataset else "Next: .to_frame()")
    assert len(lines) == 4
    assert run._repr_html_().startswith(f"<b>40 images{where}</b><br>")


def test_every_result_that_python_returns_shows_itself_in_a_few_lines(dataset, tmp_path):
    dataset.set_values("truth", [fo.Classification(label=CLASSES[row % 2]) for row in range(40)])
    auto_label(dataset, CLASSES, **VECTORS)
    second = auto_label(dataset, CLASSES, **VECTORS, run_key="second")
    shown = [
        approve(dataset.limit(10)),
        evaluate(dataset, "truth"),
        compare_runs(dataset, "auto_label_1", "second"),
        list_runs(dataset),
        export_labels(dataset, tmp_path / "out", "csv", options=ExportOptions(images="none")),
        compute_clusters(dataset, embeddings=X),
        second.embedded,
        second.summary,
        load_run(dataset).outcome,
        second.prototypes(),
        delete_run(dataset, "second"),
    ]
    for each in shown:
        assert len(repr(each).splitlines()) <= 5
        assert len(repr(each)) < 600


def test_history_has_a_row_per_iteration(run, expected):
    rounds = [
        (level.level, one.iteration, one.changed) for level in expected.history for one in level.iterations
    ]
    columns = run.history[["level", "iteration", "changed"]]
    assert list(columns.itertuples(index=False, name=None)) == rounds


def test_alignment_is_a_matrix_per_level(run, expected):
    assert run.alignment
    for level, matrix in run.alignment.items():
        assert_allclose(matrix, expected.alignment[level], atol=0.005)


def test_a_frame_has_a_row_per_image(run, expected):
    frame = run.to_frame()
    assert frame["path"].tolist() == PATHS
    assert frame["label"].tolist() == [CLASSES[label] for label in expected.labels]
    assert_allclose(frame["confidence"], expected.confidence, atol=1e-4)
    assert_allclose(frame["margin"], expected.explanation.margin, atol=1e-4)
    clusters = frame["micro_cluster"].fillna(-1).tolist()
    assert clusters == expected.clusters["micro"].assignments.tolist()


@pytest.mark.parametrize("name", ["classes", "confidence", "coverage", "convergence", "alignment"])
def test_the_figures_of_a_run_are_methods(run, name):
    figure = getattr(run, f"plot_{name}")(theme="dark")
    assert figure.data


def test_a_level_that_a_run_does_not_have_is_refused(dataset):
    with pytest.raises(InputError, match="no level 'image': choose from meta, micro"):
        stored(dataset).plot_alignment("image")


def test_a_report_is_made_where_it_is_asked_for(run, tmp_path):
    folder = run.report(tmp_path / "report", title="Odd and even")
    with open(folder / "labels.csv", encoding="utf-8", newline="") as lines:
        assert [line["path"] for line in csv.DictReader(lines)] == PATHS
    assert "Odd and even" in (folder / "report.html").read_text(encoding="utf-8")[:500]
    with pytest.raises(InputError, match="exists"):
        run.report(folder)


def test_a_frame_of_a_dataset_has_the_ids_of_its_samples(dataset):
    assert auto_label(dataset, CLASSES, **VECTORS).to_frame()["id"].tolist() == dataset.values("id")


def test_a_frame_ends_with_what_could_not_be_labelled(dataset, damaged):
    for run in (label_files(PATHS, CLASSES, **damaged), auto_label(dataset, CLASSES, **damaged)):
        last = run.to_frame().iloc[-1]
        assert (len(run.to_frame()), last["path"]) == (40, PATHS[7])
        assert last["error"]
        assert last[["label", "confidence", "micro_cluster"]].isna().all()


def test_the_last_run_is_read_back_where_none_is_named(dataset):
    auto_label(dataset, CLASSES, **VECTORS)
    last = auto_label(dataset, ["0", "1"], **VECTORS)
    assert load_run(dataset).run_key == last.run_key
    assert load_run(dataset).classes == ["0", "1"]


def test_a_run_is_read_back_as_it_was_whatever_was_written_since(dataset):
    first = auto_label(dataset, CLASSES, **VECTORS)
    before = first.to_frame()
    auto_label(dataset, ["0", "1"], **VECTORS)
    dataset.delete_samples(dataset.first())
    after = load_run(dataset, first.run_key).to_frame()
    assert after["label"].tolist() == before["label"].tolist()
    assert after["path"][0].endswith("deleted since")


def test_only_a_run_that_wrote_labels_can_be_read_back(dataset):
    with pytest.raises(InputError, match="No run has labelled anything"):
        load_run(dataset)
    with pytest.raises(InputError, match="There is no run 'none'"):
        load_run(dataset, "none")

    def stop(stage, done, total):
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        auto_label(dataset, CLASSES, run_key="broken", **VECTORS, progress=stop)
    assert find_run(dataset, "broken").n_labelled == 0
    with pytest.raises(InputError, match="'broken' is failed and has no labels"):
        load_run(dataset, "broken")


def test_a_run_says_which_class_got_no_images(dataset):
    texts = np.eye(8)[[0, 1, 5]]
    run = auto_label(dataset, [*CLASSES, "absent"], embeddings=X, text_embeddings=texts)
    assert run.counts["absent"] == 0
    assert run.remarks == load_run(dataset, run.run_key).remarks == ["1 class without images: absent."]
