"""Reviewed labels that contradict similar images are found, and none of a careful reviewer."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.contradictions import find_contradictions

from .conftest import make_features


def reviewed(made, count: int, careless: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Anchors on random rows, and which of all rows the reviewer gets wrong."""
    rng, n, k = np.random.default_rng(seed), len(made.truth), made.T.shape[0]
    is_wrong = rng.random(n) < careless
    anchors = np.full(n, -1)
    rows = rng.permutation(n)[:count]
    anchors[rows] = np.where(is_wrong, (made.truth + rng.integers(1, k, n)) % k, made.truth)[rows]
    return anchors, is_wrong & (anchors >= 0)


@pytest.mark.parametrize("method", ["anchored", "prototype"])
def test_most_slips_of_a_careless_reviewer_are_found_and_little_else(method):
    made = make_features((40,) * 8, noise=1.0, text_noise=2.0)
    anchors, is_wrong = reviewed(made, 100, careless=0.1)
    result = refine(made.X, made.T, anchors=anchors, method=method)
    is_found = result.contradictions >= 0
    assert (is_found & is_wrong).sum() >= 0.8 * is_wrong.sum()
    assert (is_found & is_wrong).sum() >= 0.8 * is_found.sum()
    assert (result.contradictions == made.truth)[is_found & is_wrong].mean() > 0.8
    assert (result.labels == anchors)[anchors >= 0].all()


def test_a_careful_reviewer_is_not_contradicted(features):
    anchors, _ = reviewed(features, 100, careless=0.0)
    assert (refine(features.X, features.T, anchors=anchors).contradictions == -1).all()


def test_without_reviewed_labels_nothing_contradicts(features):
    assert (refine(features.X, features.T).contradictions == -1).all()


def test_copies_with_two_answers_contradict_each_other():
    X, answers = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]], np.array([0, 1, 1, 2])
    even = np.full((4, 3), 1 / 3)
    assert find_contradictions(even, answers, X).tolist() == [1, 0, -1, -1]


def test_copies_of_a_contradicted_image_are_contradicted_too():
    made = make_features((40,) * 8)
    twice, anchors = np.repeat(made.X, 2, axis=0), np.full(640, -1)
    anchors[:80:2] = made.truth[:40]
    anchors[[100, 101]] = (made.truth[50] + 1) % 8
    contradictions = refine(twice, made.T, anchors=anchors).contradictions
    assert np.flatnonzero(contradictions >= 0).tolist() == [100, 101]


def test_predictions_that_are_too_sure_contradict_nobody():
    rng = np.random.default_rng(0)
    answers = rng.integers(10, size=200)
    sure = np.where(np.eye(10, dtype=bool)[rng.integers(10, size=200)], 0.991, 0.001)
    assert (find_contradictions(sure, answers, rng.normal(size=(200, 3))) == -1).all()


def test_one_class_leaves_nothing_to_contradict():
    assert find_contradictions(np.ones((2, 1)), np.zeros(2, int), np.eye(2)).tolist() == [-1, -1]
