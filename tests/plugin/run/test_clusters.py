"""Cluster by cluster: what is asked, and what an answer does when the labels are refined."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    InputError,
    answer_cluster,
    audit,
    auto_label,
    clusters_to_review,
    correct,
    list_runs,
    measured_accuracy,
    refine_with_corrections,
)
from fiftyone_autolabel.plugin.dataset import load_outcome, read_reviews

CLASSES = ["red", "green"]
N = 60


@pytest.fixture
def dataset():
    """Sixty samples in three clear heaps of twenty, with names for two of them."""
    truth = np.arange(N) % 3
    X = np.eye(8)[truth] + 0.1 * np.random.default_rng(0).normal(size=(N, 8))
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", vector=X[row], heap=int(truth[row])) for row in range(N)
    )
    auto_label(dataset, CLASSES, embeddings="vector", text_embeddings=np.eye(8)[:2], clusters="heap")
    yield dataset
    dataset.delete()


def refined(dataset):
    return refine_with_corrections(dataset, text_embeddings=np.eye(8)[:2])


def labels_of_heap(dataset, heap):
    return set(dataset.match(fo.ViewField("heap") == heap).values("auto_label.label"))


def test_clusters_come_with_their_class_the_next_and_a_few_samples(dataset):
    asked = clusters_to_review(dataset)
    assert len(asked) == 3
    assert all(each.size == 20 and {each.label, each.runner_up} == set(CLASSES) for each in asked)
    assert [len(each.ids) for each in asked] == [4, 4, 4]
    errors = [each.expected_errors for each in asked]
    assert errors == sorted(errors, reverse=True)


def test_an_answer_takes_effect_when_the_labels_are_refined(dataset):
    (doubtful, *_) = clusters_to_review(dataset)
    other = doubtful.runner_up
    heap = dataset[doubtful.ids[0]].heap
    assert answer_cluster(dataset, doubtful.cluster, other.upper()) == 20
    assert labels_of_heap(dataset, heap) != {other}
    refined(dataset)
    assert labels_of_heap(dataset, heap) == {other}


def test_an_answered_cluster_is_not_asked_again_and_neither_is_a_mixed_one(dataset):
    first, second, third = clusters_to_review(dataset)
    answer_cluster(dataset, first.cluster, first.label)
    answer_cluster(dataset, second.cluster, None)
    assert [each.cluster for each in clusters_to_review(dataset)] == [third.cluster]


def test_an_answer_on_a_cluster_is_no_review_and_no_audit(dataset):
    audit(dataset, N)
    for each in clusters_to_review(dataset):
        answer_cluster(dataset, each.cluster, each.label)
    assert read_reviews(dataset, list_runs(dataset)[0].fields) == {}
    assert measured_accuracy(dataset) is None
    refined(dataset)
    assert (load_outcome(dataset, "auto_label_2").review_rank > 0).all()


def test_a_correction_of_a_single_sample_overrules_the_answer(dataset):
    (doubtful, *_) = clusters_to_review(dataset)
    correct(dataset.select(doubtful.ids[0]), doubtful.label)
    answer_cluster(dataset, doubtful.cluster, doubtful.runner_up)
    refined(dataset)
    assert dataset[doubtful.ids[0]].auto_label.label == doubtful.label


def test_answers_hold_for_later_runs_too(dataset):
    (doubtful, *_) = clusters_to_review(dataset)
    heap = dataset[doubtful.ids[0]].heap
    answer_cluster(dataset, doubtful.cluster, doubtful.runner_up)
    refined(dataset)
    refined(dataset)
    assert labels_of_heap(dataset, heap) == {doubtful.runner_up}


def test_another_answer_replaces_the_first(dataset):
    (doubtful, *_) = clusters_to_review(dataset)
    for name in (doubtful.runner_up, doubtful.label):
        answer_cluster(dataset, doubtful.cluster, name)
    (run,) = list_runs(dataset)
    assert run.groups == {str(doubtful.cluster): doubtful.label}


@pytest.mark.parametrize(
    ("cluster", "name", "sentence"), [(99, "red", "has no cluster 99"), (0, " ", "class name is blank")]
)
def test_what_cannot_be_answered_is_refused(dataset, cluster, name, sentence):
    with pytest.raises(InputError, match=sentence):
        answer_cluster(dataset, cluster, name)
