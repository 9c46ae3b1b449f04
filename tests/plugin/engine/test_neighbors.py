"""Nearest neighbours, exact and sampled."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine import neighbors
from fiftyone_autolabel.plugin.engine.neighbors import nearest_neighbors
from fiftyone_autolabel.plugin.engine.vectors import unit_rows


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


def test_above_the_limit_neighbors_come_from_a_sample_and_are_never_the_row_itself(X, monkeypatch):
    monkeypatch.setattr(neighbors, "MOST_REFERENCES", 50)
    rows = nearest_neighbors(X, 3)
    assert len(np.unique(rows)) <= 50
    assert (rows != np.arange(len(X))[:, None]).all()


@pytest.mark.parametrize(("n", "expected"), [(1, 0), (2, 1), (3, 2)])
def test_few_images_have_few_neighbors(X, n, expected):
    assert nearest_neighbors(X[:n], 3).shape == (n, expected)
