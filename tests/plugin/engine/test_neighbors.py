"""Nearest neighbours, exact and within cells."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine import neighbors
from fiftyone_autolabel.plugin.engine.neighbors import nearest_neighbors
from fiftyone_autolabel.plugin.engine.vectors import unit_rows

from .conftest import make_features


@pytest.fixture(scope="module")
def X():
    return unit_rows(np.random.default_rng(0).normal(size=(300, 8)))


def test_neighbors_are_the_most_similar_other_rows(X):
    rows = nearest_neighbors(X, 3)
    similarity = X @ X.T
    np.fill_diagonal(similarity, -np.inf)
    assert (rows == np.argsort(-similarity, axis=1)[:, :3]).all()


def test_neighbors_do_not_depend_on_the_size_of_a_chunk(X, monkeypatch):
    whole = nearest_neighbors(X, 3)
    monkeypatch.setattr(neighbors, "CHUNK_ROWS", 7)
    assert (nearest_neighbors(X, 3) == whole).all()


def test_above_the_limit_most_of_the_nearest_are_found_and_never_the_row_itself(monkeypatch):
    X = make_features((40,) * 100).X
    exact = nearest_neighbors(X, 3)
    monkeypatch.setattr(neighbors, "MOST_EXACT", 1_000)
    monkeypatch.setattr(neighbors, "CANDIDATES", 400)
    rows = nearest_neighbors(X, 3)
    assert (rows[:, :, None] == exact[:, None]).any(axis=1).mean() > 0.95
    assert (rows != np.arange(len(X))[:, None]).all()


def test_images_of_a_class_of_twelve_among_thousands_find_each_other(monkeypatch):
    monkeypatch.setattr(neighbors, "MOST_EXACT", 1_000)
    made = make_features((12, *(200,) * 20))
    assert (made.truth[nearest_neighbors(made.X, 3)[:12]] == 0).all()


def test_neighbors_are_looked_for_in_the_cells_given(X, monkeypatch):
    monkeypatch.setattr(neighbors, "MOST_EXACT", 100)
    monkeypatch.setattr(neighbors, "CANDIDATES", 1)
    cells = np.arange(len(X)) % 3
    assert (cells[nearest_neighbors(X, 3, cells)] == cells[:, None]).all()


@pytest.mark.parametrize(("n", "expected"), [(1, 0), (2, 1), (3, 2)])
def test_few_images_have_few_neighbors(X, n, expected):
    assert nearest_neighbors(X[:n], 3).shape == (n, expected)
