"""Copies of an image are found by content, and the first stands for all."""

import numpy as np
from fiftyone_autolabel.plugin.engine.duplicates import distinct_rows
from hypothesis import given, strategies as st


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_every_row_is_the_same_as_the_first_of_its_group(kinds):
    rows = np.array(kinds, np.float32)[:, None] * np.ones(3, np.float32)
    distinct = distinct_rows(rows)
    assert (rows[distinct.first][distinct.group] == rows).all()
    assert len(distinct.first) == len(set(kinds))
    assert distinct.first.tolist() == sorted(kinds.index(kind) for kind in set(kinds))


def test_rows_that_differ_in_any_array_are_not_copies():
    rows, anchors = np.ones((3, 2), np.float32), np.array([-1, 0, -1])
    assert distinct_rows(rows, anchors).group.tolist() == [0, 1, 0]


def test_rows_without_copies_are_all_kept():
    assert distinct_rows(np.eye(4)).are_all
    assert not distinct_rows(np.ones((2, 4))).are_all


def test_rows_of_zeros_and_of_odd_width_are_compared_too():
    rows = np.zeros((4, 3), np.float16)
    rows[2] = 1
    assert distinct_rows(rows).group.tolist() == [0, 0, 1, 0]
