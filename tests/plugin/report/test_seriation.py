"""Rows and columns are ordered so that the diagonal shows."""

import numpy as np
from fiftyone_autolabel.plugin.report.seriation import seriate
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as stnp

MATRICES = stnp.arrays(
    np.float64, st.tuples(st.integers(0, 8), st.integers(1, 8)), elements=st.floats(0, 1, width=32)
)


@given(MATRICES)
def test_every_row_and_column_comes_once(shares):
    rows, columns = seriate(shares)
    assert sorted(rows) == list(range(shares.shape[0]))
    assert sorted(columns) == list(range(shares.shape[1]))


def test_a_shuffled_diagonal_is_found_again():
    shuffled = np.eye(12)[np.random.default_rng(0).permutation(12)]
    rows, columns = seriate(shuffled)
    assert (shuffled[rows][:, columns] == np.eye(12)).all()


def test_classes_that_share_clusters_become_neighbours():
    shares = np.array([[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0.6, 0, 0.4, 0], [0, 1, 0, 0]])
    _, columns = seriate(shares)
    place = np.argsort(columns)
    assert abs(place[0] - place[2]) == 1
    assert abs(place[1] - place[3]) == 1


def test_the_largest_share_of_every_row_moves_from_left_to_right():
    shares = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 30)
    rows, columns = seriate(shares)
    largest = shares[rows][:, columns].argmax(axis=1)
    assert (np.diff(largest) >= 0).all()


def test_classes_without_any_cluster_come_last():
    shares = np.array([[0, 0.7, 0, 0.3], [0, 0.2, 0, 0.8]])
    _, columns = seriate(shares)
    assert set(columns[-2:]) == {0, 2}
