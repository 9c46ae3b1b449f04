"""Every class is split by its shares, none is missing in train, and near-duplicates stay together."""

import tracemalloc

import numpy as np
import pytest
from fiftyone_autolabel.plugin.export import splits
from fiftyone_autolabel.plugin.export.splits import near_duplicate_groups, stratified_split
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

SHARES = (0.8, 0.1, 0.1)


def split_alone(labels, shares=SHARES, seed=0):
    """Split images that have no near-duplicates."""
    labels = np.asarray(labels)
    return stratified_split(labels, np.arange(len(labels)), shares, seed)


def counts(split):
    return np.bincount(split, minlength=3).tolist()


def test_every_class_is_split_by_the_shares():
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    split = split_alone(labels)
    assert [counts(split[labels == label]) for label in range(3)] == [
        [800, 100, 100],
        [80, 10, 10],
        [8, 1, 1],
    ]


def test_what_whole_numbers_leave_over_is_shared_among_the_classes():
    labels = np.repeat(np.arange(100), 5)
    assert counts(split_alone(labels)) == [400, 50, 50]


def test_the_only_image_of_a_class_is_in_train():
    labels = np.arange(50)
    assert counts(split_alone(labels, (0.1, 0.4, 0.5))) == [50, 0, 0]


def test_a_split_without_a_share_stays_empty():
    assert counts(split_alone(np.zeros(100, int), (0.75, 0.25, 0.0))) == [75, 25, 0]


def test_the_seed_decides_which_images():
    labels = np.zeros(100, int)
    assert np.array_equal(split_alone(labels), split_alone(labels))
    assert not np.array_equal(split_alone(labels), split_alone(labels, seed=1))


@given(st.data())
def test_no_class_is_further_from_its_share_than_one_image_and_none_is_missing_in_train(data):
    sizes = data.draw(st.lists(st.integers(1, 30), min_size=1, max_size=12))
    weights = np.array(
        [data.draw(st.integers(1, 9)), data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))]
    )
    shares = tuple((weights / weights.sum()).tolist())
    labels = np.repeat(np.arange(len(sizes)), sizes)
    split = split_alone(labels, shares)
    for label, size in enumerate(sizes):
        own = np.array(counts(split[labels == label]))
        assert own[0] >= 1
        if shares[0] * size >= 1:
            assert np.all(np.abs(own - np.array(shares) * size) < 1 + 1e-3)


@given(st.data())
def test_groups_of_any_labels_leave_no_class_without_an_image_in_train(data):
    labels = np.array(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=40)))
    labels = np.unique(labels, return_inverse=True)[1]
    groups = data.draw(arrays(np.int64, len(labels), elements=st.integers(0, 15)))
    groups = np.unique(groups, return_inverse=True)[1]
    split = stratified_split(labels, groups, SHARES)
    assert set(labels[split[groups] == 0]) == set(labels)


def test_shares_are_kept_as_well_as_groups_allow():
    rng = np.random.default_rng(0)
    groups = np.unique(rng.integers(0, 300, 1000), return_inverse=True)[1]
    split = stratified_split(rng.integers(0, 4, 1000), groups, SHARES)
    assert np.allclose(counts(split[groups]), [800, 100, 100], atol=30)


def unit_vectors(*degrees):
    return np.array([[np.cos(np.radians(angle)), np.sin(np.radians(angle))] for angle in degrees])


def test_near_duplicates_are_in_one_group():
    groups = near_duplicate_groups(unit_vectors(0, 90, 1, 91, 45), 0.99)
    assert groups.tolist() == [0, 1, 0, 1, 2]


def test_a_chain_of_near_duplicates_is_one_group():
    assert set(near_duplicate_groups(unit_vectors(*range(0, 90, 5)), np.cos(np.radians(5.1)))) == {0}


def test_only_equal_vectors_reach_a_cosine_of_one():
    vectors = np.random.default_rng(0).normal(size=(50, 300))
    groups = near_duplicate_groups(np.concatenate([vectors, 3 * vectors]), 1.0)
    assert groups.tolist() == [*range(50), *range(50)]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_images_without_a_vector_are_like_no_other(value):
    assert near_duplicate_groups(np.full((3, 4), value), 0.5).tolist() == [0, 1, 2]


def test_the_size_of_the_chunks_does_not_matter(monkeypatch):
    X = np.random.default_rng(0).normal(size=(200, 3))
    whole = near_duplicate_groups(X, 0.99)
    monkeypatch.setattr(splits, "CHUNK_CELLS", 1000)
    assert np.array_equal(near_duplicate_groups(X, 0.99), whole)
    assert 1 < whole.max() < 199


def test_memory_does_not_grow_with_the_number_of_near_duplicates(monkeypatch):
    X = np.ones((3_000, 4), np.float32)
    monkeypatch.setattr(splits, "CHUNK_CELLS", 1 << 16)
    tracemalloc.start()
    groups = near_duplicate_groups(X, 0.99)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pairs = 3_000 * 2_999 // 2
    assert (set(groups.tolist()), peak < 2 * pairs) == ({0}, True)
