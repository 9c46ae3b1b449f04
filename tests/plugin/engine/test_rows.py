"""Matrices that are not whole in memory: their rows, and labels that are the same with them."""

import tracemalloc

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine import anchored, config, evidence
from fiftyone_autolabel.plugin.engine.classifier import fit_classifier
from fiftyone_autolabel.plugin.engine.refinement import bytes_needed, refine
from fiftyone_autolabel.plugin.engine.rows import (
    ComputedRows,
    GroupedRows,
    SparseRows,
    chosen,
    column_sums,
    computed,
    empty_like,
    product,
    row_products,
    take,
)
from fiftyone_autolabel.plugin.engine.validation import check_vectors
from fiftyone_autolabel.plugin.engine.vectors import group_means, softmax

from .conftest import make_features


@pytest.fixture
def small_memory(monkeypatch):
    """Nothing of more than 10,000 numbers is whole in memory."""
    monkeypatch.setattr(config, "WHOLE_MOST_NUMBERS", 10_000)


@pytest.fixture(scope="module")
def z():
    return softmax(3 * np.random.default_rng(0).normal(size=(5_000, 40)).astype(np.float32))


@pytest.fixture(scope="module")
def hard():
    """Classes that overlap, two of them small."""
    return make_features((30, 100, *(150,) * 18), noise=1.3, text_noise=1.0, dimensions=32)


def test_what_is_large_is_computed_when_it_is_read(z, small_memory):
    doubled = computed(40, z, lambda rows: 2 * z[rows])
    assert isinstance(doubled, ComputedRows)
    np.testing.assert_array_equal(doubled[10:20], 2 * z[10:20])
    np.testing.assert_array_equal(doubled.argmax(axis=1), z.argmax(axis=1))


def test_what_is_small_is_an_array(z):
    np.testing.assert_array_equal(computed(40, z, lambda rows: 2 * z[rows]), 2 * z)


def test_stored_soft_labels_keep_the_likeliest_classes_and_sum_to_one(z, small_memory):
    stored = empty_like(z)
    stored[:] = z
    assert isinstance(stored, SparseRows)
    np.testing.assert_array_equal(stored.argmax(axis=1), z.argmax(axis=1))
    np.testing.assert_array_equal(stored.max(axis=1), z.max(axis=1))
    np.testing.assert_allclose(stored[:].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(stored[:], z, atol=0.02)


def test_products_with_stored_rows_are_those_with_all_of_their_classes(z, small_memory):
    stored = empty_like(z)
    stored[:] = z
    rows = np.array([5, 3, 5])
    expected = np.einsum("nk,nk->n", stored[rows], z[:3])
    np.testing.assert_allclose(row_products(stored, rows, z[:3]), expected, rtol=1e-5)
    np.testing.assert_allclose(row_products(z, rows, z[:3]), np.einsum("nk,nk->n", z[rows], z[:3]), rtol=1e-6)


def test_few_classes_are_stored_as_they_are(z, small_memory):
    few = softmax(z[:, :5])
    stored = empty_like(few)
    stored[:] = few
    assert isinstance(stored, SparseRows)
    np.testing.assert_allclose(stored[:], few, rtol=1e-6)


def test_some_of_the_stored_rows_can_be_taken_more_than_once(z, small_memory):
    stored = empty_like(z)
    stored[:] = z
    rows = np.array([7, 7, 4_999])
    np.testing.assert_array_equal(stored.take(rows)[:], stored[rows])


def test_rows_of_a_group_are_the_same(z):
    group = np.array([3, 0, 3])
    grouped = GroupedRows(z, group)
    np.testing.assert_array_equal(grouped[:], z[group])
    np.testing.assert_array_equal(grouped.argmax(axis=1), z[group].argmax(axis=1))
    np.testing.assert_array_equal(grouped.max(axis=1), z[group].max(axis=1))


def test_sums_over_chunks_are_those_over_all_rows(z):
    chunked = ComputedRows(z.shape, lambda rows: z[rows])
    group = np.arange(len(z)) % 8 - 1
    np.testing.assert_allclose(product(chunked, z), z.T @ z, rtol=1e-4)
    np.testing.assert_allclose(column_sums(chunked), z.sum(axis=0), rtol=1e-4)
    np.testing.assert_array_equal(chosen(chunked, z.argmax(axis=1)), z.max(axis=1))
    np.testing.assert_allclose(group_means(chunked, group, 7), group_means(z, group, 7), rtol=1e-4)


def test_many_rows_are_taken_without_a_copy(z, small_memory):
    taken = take(z, np.arange(0, 5_000, 2))
    assert isinstance(taken, ComputedRows)
    np.testing.assert_array_equal(taken[5:7], z[[10, 12]])


@pytest.mark.parametrize(
    ("method", "looked_at", "most_changed"),
    [("anchored", 2**16, 0.001), ("anchored", 3_000, 0.01), ("prototype", 2**16, 0.001)],
)
def test_labels_in_chunks_are_those_in_memory(method, looked_at, most_changed, hard, monkeypatch):
    """Up to what the balance of the classes, found from a part of the images, changes."""
    clustered = {"method": method, "clustering": "kmeans"}
    whole = refine(hard.X, hard.T, **clustered)
    monkeypatch.setattr(config, "WHOLE_MOST_NUMBERS", 10_000)
    monkeypatch.setattr(evidence, "MOST_BALANCED", looked_at)
    monkeypatch.setattr(anchored, "MOST_COMPARED", looked_at)
    in_chunks = refine(hard.X, hard.T, **clustered)
    assert isinstance(in_chunks.probabilities, SparseRows)
    assert np.mean(in_chunks.labels != whole.labels) <= most_changed
    np.testing.assert_allclose(in_chunks.confidence, whole.confidence, atol=0.1)


def test_the_data_of_these_tests_are_not_too_easy(hard):
    labels = refine(hard.X, hard.T, clustering="kmeans").labels
    assert 0.02 < np.mean(labels != hard.truth) < 0.5


def test_reviewed_labels_copies_and_unknown_names_are_treated_alike_in_chunks(monkeypatch):
    made = make_features((75,) * 20, noise=1.3, text_noise=1.0, dimensions=32)
    X = np.vstack([made.X, made.X[:50]])
    anchors = np.where(np.arange(len(X)) % 40 == 0, np.append(made.truth, made.truth[:50]), -1)
    given = {"anchors": anchors, "name_reliability": np.linspace(0.2, 1, 20), "confidence_temperature": 1.5}
    whole = refine(X, made.T, **given)
    monkeypatch.setattr(config, "WHOLE_MOST_NUMBERS", 10_000)
    in_chunks = refine(X, made.T, **given)
    assert np.mean(in_chunks.labels != whole.labels) <= 0.001
    assert (in_chunks.labels[anchors >= 0] == anchors[anchors >= 0]).all()
    np.testing.assert_allclose(in_chunks.confidence, whole.confidence, atol=0.02)


def test_a_memory_mapped_file_of_float16_is_read_in_chunks_and_gives_the_same_labels(tmp_path, small_memory):
    made = make_features((30, *(150,) * 12), noise=1.3, text_noise=1.0, dimensions=32)
    np.save(tmp_path / "images.npy", (3 * made.X).astype(np.float16))
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert isinstance(check_vectors(mapped, "image embeddings"), ComputedRows)
    in_memory = refine(made.X, made.T, clustering="kmeans")
    assert np.mean(refine(mapped, made.T, clustering="kmeans").labels != in_memory.labels) <= 0.005


def test_a_run_in_chunks_becomes_a_classifier_that_repeats_its_labels(small_memory):
    made = make_features((100,) * 12, dimensions=32)
    found = refine(3 * made.X, made.T)
    assert fit_classifier(found, 3 * made.X, made.T).agreement > 0.95


@pytest.mark.parametrize("most", [10_000, 2**26])
def test_the_memory_that_is_foretold_is_about_what_is_needed(most, monkeypatch):
    monkeypatch.setattr(config, "WHOLE_MOST_NUMBERS", most)
    X, T = make_features((100,) * 60).X, make_features((1,) * 400).X
    refine(X[:50], T[:5])  # what libraries keep is not counted
    tracemalloc.start()
    refine(X, T, clustering="kmeans")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 < bytes_needed(*X.shape, len(T)) / peak < 2
