"""Saved prototypes label images that the run has not seen, without those that it has."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import InputError, refine
from fiftyone_autolabel.plugin.report.prototypes import (
    label_by_prototypes,
    load_prototypes,
    make_prototypes,
    save_prototypes,
)

from .conftest import make_run


@pytest.fixture(scope="module")
def halves():
    """A run on half of the images, its prototypes, and the other half."""
    whole = make_run(6, 600)
    shuffled = np.random.default_rng(0).permutation(600)
    old, new = shuffled[:300], shuffled[300:]
    refinement = refine(whole.X[old], whole.T)
    prototypes = make_prototypes(refinement, whole.classes, whole.X[old], whole.T, encoder="test")
    return whole, refinement, prototypes, new


def test_new_images_get_the_labels_of_a_run_that_has_seen_them(halves):
    whole, _, prototypes, new = halves
    predictions = label_by_prototypes(whole.X[new], prototypes)
    assert np.mean(predictions.labels == whole.refinement.labels[new]) > 0.9
    nearest = (whole.X[new] @ whole.T.T).argmax(axis=1)
    assert np.mean(predictions.labels == whole.truth[new]) >= np.mean(nearest == whole.truth[new])


def test_images_of_the_run_get_their_labels_and_mean_confidence_again(run):
    prototypes = make_prototypes(run.refinement, run.classes, run.X, run.T)
    predictions = label_by_prototypes(run.X, prototypes)
    assert prototypes.classifier.agreement == pytest.approx(
        np.mean(predictions.labels == run.refinement.labels)
    )
    assert prototypes.classifier.agreement > 0.9
    assert predictions.confidence.mean() == pytest.approx(run.refinement.expected_accuracy, abs=0.01)


def test_one_class_is_sure():
    run = make_run(1, 30)
    predictions = label_by_prototypes(run.X, make_prototypes(run.refinement, run.classes, run.X, run.T))
    assert (predictions.confidence == 1).all()
    assert (predictions.second_labels == -1).all()


def test_a_second_encoder_is_needed_again(run):
    V = np.random.default_rng(0).normal(size=(240, 20)).astype(np.float32)
    refinement = refine(run.X, run.T, second_embeddings=V)
    options = {"second_embeddings": V, "second_encoder": "eyes"}
    prototypes = make_prototypes(refinement, run.classes, run.X, run.T, **options)
    assert len(label_by_prototypes(run.X, prototypes, second_embeddings=V).labels) == 240
    with pytest.raises(InputError, match="second encoder, eyes: give its vectors too"):
        label_by_prototypes(run.X, prototypes)
    with pytest.raises(InputError, match="32 dimensions and the prototypes 20"):
        label_by_prototypes(run.X, prototypes, second_embeddings=run.X)


def test_prototypes_come_back_from_the_disk_as_they_were(halves, tmp_path):
    whole, _, prototypes, new = halves
    loaded = load_prototypes(save_prototypes(tmp_path / "saved", prototypes))
    before, after = (label_by_prototypes(whole.X[new], each) for each in (prototypes, loaded))
    assert (before.confidence == after.confidence).all()
    assert (loaded.classes, loaded.encoder) == (whole.classes, "test")


@pytest.mark.parametrize("second_encoder", ["", "eyes"])
def test_a_folder_that_does_not_say_whether_there_was_a_second_encoder_is_known_by_its_name(
    halves, tmp_path, second_encoder
):
    folder = save_prototypes(tmp_path / "saved", replace(halves[2], second_encoder=second_encoder))
    words = json.loads((folder / "classes.json").read_text())
    del words["has_second_encoder"]
    (folder / "classes.json").write_text(json.dumps(words))
    assert load_prototypes(folder).classifier.has_second_encoder == bool(second_encoder)


def test_the_prototypes_are_a_plain_array_of_the_runs(halves, tmp_path):
    _, refinement, prototypes, _ = halves
    save_prototypes(tmp_path / "saved", prototypes)
    array = np.load(tmp_path / "saved" / "class_prototypes.npy", allow_pickle=False)
    assert (array == refinement.prototypes).all()


def test_an_array_that_would_run_code_is_refused(halves, tmp_path):
    folder = save_prototypes(tmp_path / "saved", halves[2])
    np.save(folder / "class_prototypes.npy", np.array([print], object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read: save them again"):
        load_prototypes(folder)


def test_a_folder_without_prototypes_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no saved prototypes, classes\.json is missing"):
        load_prototypes(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 99}, "have version 99, not 1"),
        ({"classes": ["one"]}, "do not fit its 1 classes"),
        ({"surprise": 1}, "cannot be read"),
    ],
)
def test_damaged_prototypes_are_refused(halves, tmp_path, change, sentence):
    folder = save_prototypes(tmp_path / "saved", halves[2])
    words = json.loads((folder / "classes.json").read_text()) | change
    (folder / "classes.json").write_text(json.dumps(words))
    with pytest.raises(InputError, match=sentence):
        load_prototypes(folder)


def test_numbers_that_are_not_finite_are_refused(halves, tmp_path):
    bias = np.full(6, np.nan, np.float32)
    classifier = replace(halves[2].classifier, bias=bias)
    folder = save_prototypes(tmp_path / "saved", replace(halves[2], classifier=classifier))
    with pytest.raises(InputError, match="do not fit its 6 classes"):
        load_prototypes(folder)


def test_arrays_of_another_run_are_refused(run):
    with pytest.raises(InputError, match="The run has 240 images and 6 classes, and given are 239"):
        make_prototypes(run.refinement, run.classes, run.X[1:], run.T)
    with pytest.raises(InputError, match="prototypes have 32 dimensions and the vectors 16"):
        make_prototypes(run.refinement, run.classes, run.X[:, :16], run.T[:, :16])
