"""Clusters that are answered as a whole: which come first, and that an answer is likely but not certain."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.groups import doubtful_groups, with_statements
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.vectors import softmax

from .conftest import make_features

CLUSTERS = np.array([0, 0, 0, 1, 1, -1])
CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.3, 0.4, 0.1])
LABELS, SECOND = np.array([0, 0, 1, 1, 1, 0]), np.array([1, 2, 0, 2, 2, 1])


def groups(is_reviewed=False):
    return doubtful_groups(CONFIDENCE, LABELS, SECOND, CLUSTERS, np.full(6, True) & ~np.array(is_reviewed))


def test_images_of_one_cluster_with_one_label_are_asked_together_most_expected_errors_first():
    assert [(one.cluster, one.label, one.size) for one in groups()] == [(1, 1, 2), (0, 1, 1), (0, 0, 2)]
    assert groups()[0].expected_errors == pytest.approx(1.3)


def test_the_runner_up_is_the_most_likely_other_class():
    assert [one.runner_up for one in groups()] == [2, 0, 2]


def test_without_another_class_there_is_no_runner_up():
    (only,) = doubtful_groups(
        np.ones(3), np.zeros(3, int), np.full(3, -1), np.zeros(3, int), np.full(3, True)
    )
    assert only.runner_up == -1


def test_images_are_shown_from_the_most_to_the_least_confident():
    assert groups()[2].shown == (0, 1)


def test_reviewed_images_and_those_in_no_cluster_are_not_asked_for():
    left = groups([False, False, False, True, True, False])
    assert [one.cluster for one in left] == [0, 0]


def test_a_statement_makes_even_odds_nine_in_ten():
    p = softmax(with_statements(np.zeros((2, 5), np.float32), np.array([3, -1]), np.array([-1, -1])))
    assert p[0, 3] == pytest.approx(0.9)
    assert p[1] == pytest.approx(0.2)


def test_reviews_of_single_images_tell_how_far_statements_are_believed():
    stated, none = np.zeros(20, int), np.full(20, -1)
    for reviewed, right in ((np.zeros(20, int), 0.9666), (np.ones(20, int), 0.3)):
        p = softmax(with_statements(np.zeros((20, 2), np.float32), stated, reviewed))
        assert p[0, 0] == pytest.approx(right, abs=1e-3)
    assert with_statements(np.zeros((20, 2)), none, none).sum() == 0


def test_statements_on_true_clusters_improve_the_labels_and_make_none_certain():
    made = make_features((40,) * 8, noise=1.5, text_noise=3.0)
    before = refine(made.X, made.T)
    stated = np.where(np.arange(320) % 2 == 0, made.truth, -1)
    after = refine(made.X, made.T, stated=stated)
    assert accuracy(after.labels, made.truth) > accuracy(before.labels, made.truth) + 0.05
    assert not after.is_known.any()
    assert after.confidence.max() < 1


def test_a_review_of_a_single_image_overrules_the_statement():
    made = make_features((40,) * 8, noise=0.5, text_noise=0.5)
    anchors = np.full(320, -1)
    anchors[0] = 5
    assert refine(made.X, made.T, stated=made.truth, anchors=anchors).labels[0] == 5
