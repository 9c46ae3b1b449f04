"""Cluster by cluster: what is asked, and what an answer does when the labels are refined."""

from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    FieldNames,
    InputError,
    answer_cluster,
    approve,
    auto_label,
    clusters_to_review,
    correct,
    list_runs,
    refine_with_corrections,
    undo_review,
)
from fiftyone_autolabel.plugin.dataset import last_reviewed, load_outcome, read_reviews

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


def the_third(dataset):
    """What is asked of the largest part of the heap that has no name."""
    asked = [each for each in clusters_to_review(dataset) if dataset[each.ids[0]].heap == 2]
    return max(asked, key=lambda each: each.size)


def labels_of_heap(dataset, heap):
    return set(dataset.match(fo.ViewField("heap") == heap).values("auto_label.label"))


def test_clusters_come_with_their_label_the_next_class_and_a_few_samples(dataset):
    asked = clusters_to_review(dataset)
    assert sum(each.size for each in asked) == N
    assert all({each.label, each.runner_up} == set(CLASSES) for each in asked)
    assert all(len(each.ids) == min(each.size, 4) for each in asked)
    errors = [each.expected_errors for each in asked]
    assert errors == sorted(errors, reverse=True)


def test_an_answer_reviews_what_is_shown_at_once_and_the_others_when_labels_are_refined(dataset):
    doubtful = the_third(dataset)
    other, heap = doubtful.runner_up, dataset[doubtful.ids[0]].heap
    assert answer_cluster(dataset, doubtful, other.upper()) == doubtful.size
    assert read_reviews(dataset, FieldNames()) == dict.fromkeys(doubtful.ids, other)
    assert labels_of_heap(dataset, heap) != {other}
    refined(dataset)
    assert labels_of_heap(dataset, heap) == {other}
    assert (load_outcome(dataset, "auto_label_2").review_rank == 0).sum() == len(doubtful.ids)


def test_what_was_answered_is_not_asked_again_and_neither_is_what_is_mixed(dataset):
    first, second, *others = clusters_to_review(dataset)
    answer_cluster(dataset, first, first.label)
    answer_cluster(dataset, second, None)
    assert clusters_to_review(dataset) == others


def test_after_another_run_only_images_with_another_label_are_asked_again(dataset):
    for each in clusters_to_review(dataset):
        answer_cluster(dataset, each, None)
    before = dict(zip(*dataset.values(["id", "auto_label.label"]), strict=True))
    correct(dataset.select(dataset.match(fo.ViewField("heap") == 2).values("id")[:5]), "red")
    refined(dataset)
    asked = clusters_to_review(dataset)
    assert asked
    assert all(before[one] != each.label for each in asked for one in each.ids)


def test_a_mixed_cluster_reviews_nothing(dataset):
    answer_cluster(dataset, the_third(dataset), None)
    assert read_reviews(dataset, FieldNames()) == {}


def test_a_review_of_a_single_sample_overrules_the_answer(dataset):
    doubtful = the_third(dataset)
    correct(dataset.select(doubtful.ids[0]), doubtful.label)
    answer_cluster(dataset, doubtful, doubtful.runner_up)
    refined(dataset)
    assert dataset[doubtful.ids[0]].auto_label.label == doubtful.label


def test_answers_hold_for_later_runs_too(dataset):
    doubtful = the_third(dataset)
    answer_cluster(dataset, doubtful, doubtful.runner_up)
    refined(dataset)
    refined(dataset)
    assert labels_of_heap(dataset, dataset[doubtful.ids[0]].heap) == {doubtful.runner_up}


def test_the_last_answer_is_undone_whole_and_alone(dataset):
    doubtful, *others = clusters_to_review(dataset)
    approve(dataset.select(others[0].ids[0]))
    before = dataset.values(["auto_label.label", "confidence", "tags"])
    answer_cluster(dataset, doubtful, doubtful.runner_up)
    assert len(undo_review(dataset).sample_ids) == doubtful.size
    assert dataset.values(["auto_label.label", "confidence", "tags"]) == before
    assert clusters_to_review(dataset)[0] == doubtful
    assert undo_review(dataset).sample_ids == [others[0].ids[0]]


def test_a_mixed_answer_is_undone_but_no_approval_before_it(dataset):
    doubtful = the_third(dataset)
    approve(dataset.limit(1))
    answer_cluster(dataset, doubtful, None)
    assert last_reviewed(dataset) == undo_review(dataset).sample_ids
    assert list_runs(dataset)[0].statements == ()
    assert len(read_reviews(dataset, FieldNames())) == 1


@pytest.mark.parametrize(
    ("change", "name", "sentence"),
    [({"cluster": 99}, "red", "has no such cluster 99"), ({}, " ", "class name is blank")],
)
def test_what_cannot_be_answered_is_refused(dataset, change, name, sentence):
    with pytest.raises(InputError, match=sentence):
        answer_cluster(dataset, replace(the_third(dataset), **change), name)
    assert list_runs(dataset)[0].statements == ()
