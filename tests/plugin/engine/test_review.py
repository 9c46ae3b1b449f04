"""What a person is asked first tells most about the rest."""

import numpy as np
from fiftyone_autolabel.plugin.engine.review import review_order

RNG = np.random.default_rng(0)


def soft_labels(n, k, labels, confidence):
    """Rows that sum to 1, with a confidence for a label and the rest shared."""
    rows = np.repeat((1 - np.asarray(confidence))[:, None] / (k - 1), k, axis=1)
    rows[np.arange(n), labels] = confidence
    return rows


def test_every_image_is_asked_for_once():
    confidence = RNG.uniform(0.4, 1, 50)
    p = soft_labels(50, 3, RNG.integers(0, 3, 50), confidence)
    assert sorted(review_order(confidence, p, RNG.integers(-1, 6, 50))) == list(range(50))


def test_every_doubtful_cluster_is_asked_before_one_is_asked_twice():
    clusters = np.repeat([0, 1, 2], 10)
    confidence = np.full(30, 0.5)
    order = review_order(confidence, soft_labels(30, 2, np.zeros(30, int), confidence), clusters)
    assert sorted(clusters[order[:3]]) == [0, 1, 2]
    assert sorted(clusters[order[3:6]]) == [0, 1, 2]


def test_a_cluster_with_more_expected_errors_is_asked_more_often():
    clusters = np.repeat([0, 1], 10)
    confidence = np.repeat([0.4, 0.8], 10)
    order = review_order(confidence, soft_labels(20, 2, np.zeros(20, int), confidence), clusters)
    assert np.bincount(clusters[order[:8]]).tolist() == [6, 2]


def test_a_large_doubtful_cluster_comes_before_a_single_image_of_less_confidence():
    clusters = np.append(np.zeros(10, int), -1)
    confidence = np.append(np.full(10, 0.6), 0.51)
    order = review_order(confidence, soft_labels(11, 2, np.zeros(11, int), confidence), clusters)
    assert order[0] < 10
    assert list(order).index(10) < 10


def test_the_image_that_stands_for_its_cluster_is_asked_first():
    confidence = np.array([0.1, 0.58, 0.6, 0.99])
    p = soft_labels(4, 2, np.zeros(4, int), confidence)
    p[0] = [0.9, 0.1]  # in one group: the same label, however sure
    assert review_order(confidence, p, np.zeros(4, int))[0] == 1


def test_images_in_no_cluster_are_grouped_by_label_and_runner_up():
    p = np.array([[0.6, 0.3, 0.1]] * 3 + [[0.6, 0.1, 0.3]] * 3)
    order = review_order(p.max(axis=1), p, np.full(6, -1))
    assert sorted(order[:2] // 3) == [0, 1]


def test_one_class_leaves_an_order():
    assert sorted(review_order(np.ones(3), np.ones((3, 1)), np.full(3, -1))) == [0, 1, 2]


def test_the_same_input_gives_the_same_order():
    confidence = np.full(40, 0.5)
    p = soft_labels(40, 4, RNG.integers(0, 4, 40), confidence)
    clusters = RNG.integers(-1, 5, 40)
    np.testing.assert_array_equal(
        review_order(confidence, p, clusters), review_order(confidence, p, clusters)
    )
