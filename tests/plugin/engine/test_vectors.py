"""Rows of length one, probabilities that sum to one, means of groups."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.vectors import group_means, principal_directions, softmax, unit_rows
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

finite = st.floats(-1e4, 1e4, width=32)
matrices = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=finite)


@given(matrices)
def test_rows_have_length_one_unless_they_are_zero(matrix):
    norms = np.linalg.norm(unit_rows(matrix), axis=1)
    expected = np.linalg.norm(matrix, axis=1) > 1e-30
    np.testing.assert_allclose(norms[expected], 1, rtol=1e-5)


def test_a_row_of_zeros_stays_zero():
    assert unit_rows(np.zeros((1, 3))).tolist() == [[0, 0, 0]]


@given(matrices)
def test_softmax_rows_are_probabilities_for_logits_of_any_size(logits):
    probabilities = softmax(logits)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@given(matrices, finite)
def test_softmax_does_not_see_a_constant(logits, constant):
    logits = np.round(logits)
    np.testing.assert_allclose(softmax(logits), softmax(logits + np.round(constant)), atol=1e-3)


def test_softmax_leaves_its_argument_alone():
    logits = np.array([[1.0, 2.0]])
    softmax(logits)
    assert logits.tolist() == [[1.0, 2.0]]


def test_group_means_ignore_rows_in_no_group():
    X = np.array([[1, 0], [3, 0], [0, 8]], np.float32)
    assert group_means(X, np.array([0, 0, -1]), 1).tolist() == [[2, 0]]


def test_no_groups_have_no_means():
    assert group_means(np.ones((3, 2), np.float32), np.full(3, -1), 0).shape == (0, 2)


def test_the_first_principal_direction_has_the_largest_variance():
    rows = np.array([[3, 0.1], [-3, 0.1], [2, -0.1], [-2, -0.1]], np.float32)
    direction = principal_directions(rows, 1)[:, 0]
    np.testing.assert_allclose(np.abs(direction), [1, 0], atol=1e-2)


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (3, 2), (50, 4)])
def test_there_are_never_more_directions_than_the_rows_span(n, expected):
    rows = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    directions = principal_directions(rows - rows.mean(axis=0), 10)
    np.testing.assert_allclose(directions.T @ directions, np.eye(expected), atol=1e-5)


def test_few_rows_of_many_dimensions_have_the_same_directions_as_by_definition():
    rows = np.random.default_rng(0).normal(size=(6, 20)).astype(np.float32)
    centred = rows - rows.mean(axis=0)
    expected = np.linalg.svd(centred)[2][:3]
    cosines = np.sum(principal_directions(centred, 3).T * expected, axis=1)
    np.testing.assert_allclose(np.abs(cosines), 1, rtol=1e-4)


def test_identical_rows_still_have_a_direction():
    assert principal_directions(np.zeros((3, 5), np.float32), 2).shape == (5, 1)
