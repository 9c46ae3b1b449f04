"""Bad input gets one sentence."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.engine.validation import (
    check_anchors,
    check_class_names,
    check_clusters,
    check_drawn,
    check_frequencies,
    check_pair,
    check_second,
    check_vectors,
)

NAN = np.array([[1.0, 2.0], [np.nan, 1.0]])


@pytest.mark.parametrize(
    ("vectors", "sentence"),
    [
        (NAN, "NaN or infinite values in row 1"),
        (np.array([[np.inf, 1.0]]), "NaN or infinite"),
        (np.eye(3)[[0, 1]] * [[1], [0]], "all zeros in row 1"),
        (np.zeros((8, 2)), "rows 0, 1, 2, 3, 4 and 3 more"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((0, 3)), "empty"),
        (np.ones((3, 0)), "empty"),
        (np.array([["a", "b"]]), "must be numbers"),
        ([[1.0, 2.0], [3.0]], "rows of different lengths"),
    ],
)
def test_unusable_embeddings_are_refused(vectors, sentence):
    with pytest.raises(InputError, match=sentence):
        check_vectors(vectors, "image embeddings")


def test_integer_embeddings_are_accepted():
    np.testing.assert_allclose(check_vectors(np.array([[3, 4]]), "x"), [[0.6, 0.8]])


def test_two_dimensions_that_differ_are_refused():
    with pytest.raises(InputError, match="3 dimensions and text embeddings 2"):
        check_pair(np.ones((4, 3)), np.ones((2, 2)))


def test_clusters_are_renumbered_without_gaps_and_keep_noise():
    assert check_clusters([7, -3, 2, 7], 4).tolist() == [1, -1, 0, 1]


@pytest.mark.parametrize(
    ("clusters", "sentence"), [([0, 1], "one number per image"), ([0.5, 1.0, 2.0], "whole numbers")]
)
def test_unusable_clusters_are_refused(clusters, sentence):
    with pytest.raises(InputError, match=sentence):
        check_clusters(clusters, 3)


@pytest.mark.parametrize(
    ("anchors", "sentence"),
    [
        ([0, 1], "one number per image"),
        ([0.0, 1.0, -1.0], "whole numbers"),
        ([0, 2, -1], r"class number below 2, but row 1 hold others, e.g. 2"),
        ([0, -2, -1], "row 1"),
        ([[0], [1, 2], 3], "some hold several"),
    ],
)
def test_unusable_anchors_are_refused(anchors, sentence):
    with pytest.raises(InputError, match=sentence):
        check_anchors(anchors, 3, 2)


@pytest.mark.parametrize(
    ("drawn", "sentence"),
    [(np.ones(4), "one number per image"), (np.full(5, 1.5), "from 0"), (np.full(5, np.nan), "from 0")],
)
def test_unusable_probabilities_of_being_drawn_are_refused(drawn, sentence):
    with pytest.raises(InputError, match=sentence):
        check_drawn(drawn, 5)


@pytest.mark.parametrize("frequencies", [np.ones(2), [1, -1, 1], [0, 0, 0], [1, np.inf, 1]])
def test_unusable_class_frequencies_are_refused(frequencies):
    with pytest.raises(InputError, match="Class frequencies must be"):
        check_frequencies(frequencies, 3)


def test_class_frequencies_may_be_counts():
    assert check_frequencies([30, 10, 0], 3).tolist() == [0.75, 0.25, 0]


def test_without_a_draw_no_image_was_drawn():
    assert check_drawn(None, 3).tolist() == [0, 0, 0]


def test_no_anchors_are_minus_one_everywhere():
    assert check_anchors(None, 3, 2).tolist() == [-1, -1, -1]


def test_a_second_encoder_must_have_seen_every_image():
    with pytest.raises(InputError, match="2 visual embeddings for 3 images"):
        check_second(np.ones((2, 4)), 3)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ([], "No classes"),
        (None, "list of names, not None"),
        (5, "list of names, not 5"),
        ("cat", "single text"),
        ({"cat", "dog"}, "a set has none: give a list"),
        (["cat", " "], "number 2 is blank"),
        (["cat", "Cat "], "'Cat' is given twice"),
        (["cat", 3], "must be text"),
    ],
)
def test_unusable_class_names_are_refused(classes, sentence):
    with pytest.raises(InputError, match=sentence):
        check_class_names(classes)


def test_blanks_around_a_name_are_dropped():
    assert check_class_names((" cat", "dog ")) == ["cat", "dog"]
