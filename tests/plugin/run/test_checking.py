"""Checking labels that somebody made: what is found and written, while the labels stay as they are."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, check_labels

CLASSES = ["cat", "dog", "horse"]
N = 60
WRONG = [4, 20, 37]


@pytest.fixture
def dataset():
    """Sixty samples in three heaps with their classes, three of which are wrong, and one without a label."""
    rng, truth = np.random.default_rng(0), np.arange(N) % 3
    X = np.eye(8)[truth] + 0.15 * rng.normal(size=(N, 8))
    names = [CLASSES[(one + (row in WRONG)) % 3] for row, one in enumerate(truth)]
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", ground_truth=fo.Classification(label=names[row]), vector=X[row])
        for row in range(N)
    )
    dataset.add_sample(fo.Sample(filepath="/none.jpg", vector=X[0]))
    yield dataset
    dataset.delete()


def test_wrong_labels_are_shown_worst_first_with_the_class_that_they_should_have(dataset):
    checked = check_labels(dataset, embeddings="vector")
    ids = dataset.values("id")
    assert set(checked.ids) == {ids[row] for row in WRONG}
    assert checked.view.values("id") == checked.ids
    suggested = dict(zip(*dataset.values(["id", "ground_truth_suggested"]), strict=True))
    assert [suggested[ids[row]] for row in WRONG] == [CLASSES[row % 3] for row in WRONG]
    doubt = checked.view.values("ground_truth_mistakenness")
    assert doubt == sorted(doubt, reverse=True)
    assert min(doubt) > 0.5


def test_the_pairs_of_classes_are_counted(dataset):
    checked = check_labels(dataset, embeddings="vector")
    assert sum(checked.pairs.values()) == 3
    assert all(label != suggested for label, suggested in checked.pairs)
    assert checked.sentences[0] == "3 of 60 labels in 'ground_truth' are likely to be wrong."


def test_the_labels_are_only_read(dataset):
    before = dataset.values("ground_truth")
    check_labels(dataset, embeddings="vector")
    assert dataset.values("ground_truth") == before


def test_a_saved_view_shows_the_likely_mistakes(dataset):
    checked = check_labels(dataset, embeddings="vector")
    assert dataset.load_saved_view("ground_truth likely mistakes").values("id") == checked.ids


def test_checking_again_after_a_correction_replaces_what_was_found(dataset):
    checked = check_labels(dataset, embeddings="vector")
    for sample in checked.view:
        sample.ground_truth.label = sample.ground_truth_suggested
        sample.save()
    assert check_labels(dataset, embeddings="vector").ids == []
    assert len(dataset.load_saved_view("ground_truth likely mistakes")) == 0


def test_only_the_samples_of_a_view_are_checked(dataset):
    checked = check_labels(dataset.limit(30), embeddings=np.array(dataset.limit(30).values("vector")))
    assert checked.n_checked == 30
    assert len(dataset.exists("ground_truth_mistakenness")) == 30


def test_a_field_of_the_users_is_never_overwritten(dataset):
    dataset.add_sample_field("ground_truth_suggested", fo.StringField)
    with pytest.raises(InputError, match="would overwrite the field 'ground_truth_suggested'"):
        check_labels(dataset, embeddings="vector")


def test_too_few_labels_are_refused(dataset):
    with pytest.raises(InputError, match="has 5 labels of 3 classes here: give at least 10"):
        check_labels(dataset.limit(5), embeddings="vector")


def test_a_field_without_classes_of_images_is_refused(dataset):
    with pytest.raises(InputError, match="There is no field 'vector' with one class per image"):
        check_labels(dataset, "vector", embeddings="vector")
