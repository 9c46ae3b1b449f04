"""Rows of length one, probabilities that sum to one, means of groups."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.vectors import (
    CHUNK_ROWS,
    group_means,
    principal_projection,
    row_chunks,
    softmax,
    unit_rows,
)
from hypothesis import given, strategies as st
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


def test_rows_that_are_unit_already_are_not_copied():
    rows = unit_rows(np.random.default_rng(0).normal(size=(50, 8)))
    assert unit_rows(rows) is rows


@pytest.mark.parametrize("n", [0, 1, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_chunks_cover_every_row_once(n):
    assert np.concatenate([[-1], *(np.arange(n)[chunk] for chunk in row_chunks(n))])[1:].tolist() == list(
        range(n)
    )


def test_the_first_principal_direction_has_the_largest_variance():
    rows = np.array([[3, 0.1], [-3, 0.1], [2, -0.1], [-2, -0.1]], np.float32)
    direction = principal_projection(rows, 1).basis[:, 0]
    np.testing.assert_allclose(np.abs(direction), [1, 0], atol=1e-2)


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (3, 2), (50, 4)])
def test_there_are_never_more_directions_than_the_rows_span(n, expected):
    rows = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    basis = principal_projection(rows, 10).basis
    np.testing.assert_allclose(basis.T @ basis, np.eye(expected), atol=1e-5)


def test_few_rows_of_many_dimensions_have_the_same_directions_as_by_definition():
    rows = np.random.default_rng(0).normal(size=(6, 20)).astype(np.float32)
    expected = np.linalg.svd(rows - rows.mean(axis=0))[2][:3]
    cosines = np.sum(principal_projection(rows, 3).basis.T * expected, axis=1)
    np.testing.assert_allclose(np.abs(cosines), 1, rtol=1e-4)


def test_identical_rows_still_have_a_direction():
    assert principal_projection(np.ones((3, 5), np.float32), 2).basis.shape == (5, 1)


def test_rows_come_back_from_as_many_coordinates_as_they_span():
    rows = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    projection = principal_projection(rows, 6)
    np.testing.assert_allclose(projection.back(projection.of(rows)), rows, atol=1e-5)


@pytest.mark.parametrize("n", [6, 40])
def test_squares_are_those_of_the_coordinates_of_the_rows(n):
    rows = np.random.default_rng(0).normal(size=(n, 20)).astype(np.float32)
    projection = principal_projection(rows, 5)
    coordinates = projection.of(rows)
    np.testing.assert_allclose(coordinates.T @ coordinates, np.diag(projection.squares), atol=1e-3)
    assert projection.leading(2).squares.tolist() == projection.squares[:2].tolist()
