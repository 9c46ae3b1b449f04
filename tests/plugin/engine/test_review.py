"""What a person is asked first tells most about the rest."""

import numpy as np
from fiftyone_autolabel.plugin.engine.review import review_order

RNG = np.random.default_rng(0)


def test_every_image_is_asked_for_once():
    labels = RNG.integers(0, 3, 50)
    order = review_order(RNG.uniform(0.4, 1, 50), labels, (labels + 1) % 3, RNG.integers(-1, 6, 50))
    assert sorted(order) == list(range(50))


def test_every_doubtful_cluster_is_asked_before_one_is_asked_twice():
    clusters = np.repeat([0, 1, 2], 10)
    confidence = np.full(30, 0.5)
    order = review_order(confidence, np.zeros(30, int), np.ones(30, int), clusters)
    assert sorted(clusters[order[:3]]) == [0, 1, 2]
    assert sorted(clusters[order[3:6]]) == [0, 1, 2]


def test_a_cluster_with_more_expected_errors_is_asked_more_often():
    clusters = np.repeat([0, 1], 10)
    confidence = np.repeat([0.4, 0.8], 10)
    order = review_order(confidence, np.zeros(20, int), np.ones(20, int), clusters)
    assert np.bincount(clusters[order[:8]]).tolist() == [6, 2]


def test_a_large_doubtful_cluster_comes_before_a_single_image_of_less_confidence():
    clusters = np.append(np.zeros(10, int), -1)
    confidence = np.append(np.full(10, 0.6), 0.51)
    order = review_order(confidence, np.zeros(11, int), np.ones(11, int), clusters)
    assert order[0] < 10
    assert list(order).index(10) < 10


def test_the_image_that_stands_for_its_cluster_is_asked_first():
    confidence = np.array([0.1, 0.58, 0.6, 0.99])
    assert review_order(confidence, np.zeros(4, int), np.ones(4, int), np.zeros(4, int))[0] == 1


def test_images_in_no_cluster_are_grouped_by_label_and_runner_up():
    order = review_order(np.full(6, 0.6), np.zeros(6, int), np.repeat([1, 2], 3), np.full(6, -1))
    assert sorted(order[:2] // 3) == [0, 1]


def test_a_group_with_an_answer_waits_for_those_without():
    clusters = np.repeat([0, 1], 5)
    confidence = np.full(10, 0.5)
    order = review_order(confidence, np.zeros(10, int), np.ones(10, int), clusters, np.arange(10) < 1)
    assert clusters[order[0]] == 1


def test_known_images_are_not_asked_for():
    one_group = (np.full(6, 0.5), np.zeros(6, int), np.ones(6, int), np.zeros(6, int))
    order = review_order(*one_group, np.arange(6) < 2)
    assert sorted(order) == [2, 3, 4, 5]


def test_one_class_leaves_an_order():
    assert sorted(review_order(np.ones(3), np.zeros(3, int), np.full(3, -1), np.full(3, -1))) == [0, 1, 2]


def test_the_same_input_gives_the_same_order():
    labels, clusters = RNG.integers(0, 4, 40), RNG.integers(-1, 5, 40)
    doubtful = (np.full(40, 0.5), labels, (labels + 1) % 4, clusters)
    assert review_order(*doubtful).tolist() == review_order(*doubtful).tolist()
