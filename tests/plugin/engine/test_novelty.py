"""Novelty ranks images and clusters of a class that nobody named before all others."""

from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.clustering import Clusters, build_hierarchy, summarise
from fiftyone_autolabel.plugin.engine.config import Settings
from fiftyone_autolabel.plugin.engine.evidence import Evidence, Images, gather_evidence
from fiftyone_autolabel.plugin.engine.novelty import (
    MOST_CENTRAL_IMAGES,
    MOST_RIVALS,
    asked_neighbors,
    better_half,
    cluster_novelty,
    core_distance,
    entropy,
    image_novelty,
    nearer_texts,
    smoothed,
    standardised,
)
from fiftyone_autolabel.plugin.engine.vectors import softmax, unit_rows
from hypothesis import given, strategies as st

from .conftest import Features, make_features

HIDDEN = 3


def text_labels(evidence: Evidence) -> np.ndarray:
    """The soft labels that the class names alone give."""
    return softmax(evidence.text.logits)


def evidence_of(X: np.ndarray, T: np.ndarray) -> Evidence:
    return Features(unit_rows(X), unit_rows(T), np.zeros(len(X), int)).evidence


def random_evidence(n: int, k: int, seed: int) -> Evidence:
    rng = np.random.default_rng(seed)
    return evidence_of(rng.normal(size=(n, 8)), rng.normal(size=(k, 8)))


@pytest.fixture(scope="module")
def planted() -> tuple[Evidence, Clusters, np.ndarray]:
    """Eight classes of 40 images, of which one has no name; which images are of that class."""
    made = make_features((40,) * 8, noise=0.6)
    evidence = Features(made.X, np.delete(made.T, HIDDEN, axis=0), made.truth).evidence
    micro = build_hierarchy(made.X, 7, Settings(clustering="kmeans").resolved(320, 7)).micro
    return evidence, micro, made.truth == HIDDEN


def test_images_of_a_class_without_a_name_come_first(planted):
    evidence, _, is_hidden = planted
    novelty = image_novelty(evidence, text_labels(evidence))
    assert novelty[is_hidden].min() > np.quantile(novelty[~is_hidden], 0.95)


def test_clusters_of_a_class_without_a_name_come_first(planted):
    evidence, micro, is_hidden = planted
    ranking = cluster_novelty(evidence, micro, image_novelty(evidence, text_labels(evidence)))
    hidden = {number for number in range(len(micro)) if is_hidden[micro.assignments == number].mean() > 0.5}
    assert len(hidden) > 0
    assert {entry.cluster for entry in ranking[: len(hidden)]} == hidden


def test_every_cluster_is_reported_once_most_novel_first(planted):
    evidence, micro, _ = planted
    ranking = cluster_novelty(evidence, micro, image_novelty(evidence, text_labels(evidence)))
    assert sorted(entry.cluster for entry in ranking) == list(range(len(micro)))
    assert [entry.score for entry in ranking] == sorted((entry.score for entry in ranking), reverse=True)
    assert [entry.size for entry in ranking] == [micro.sizes[entry.cluster] for entry in ranking]


def test_a_score_is_the_mean_novelty_of_the_clusters_images(planted):
    evidence, micro, _ = planted
    novelty = image_novelty(evidence, text_labels(evidence))
    for entry in cluster_novelty(evidence, micro, novelty):
        assert entry.score == pytest.approx(novelty[micro.assignments == entry.cluster].mean(), rel=1e-5)


def test_central_images_are_those_nearest_to_the_mean_of_their_cluster(planted):
    evidence, micro, _ = planted
    for entry in cluster_novelty(evidence, micro, np.zeros(len(evidence.X), np.float32)):
        members = np.flatnonzero(micro.assignments == entry.cluster)
        closeness = evidence.X @ micro.means[entry.cluster]
        expected = members[np.argsort(-closeness[members], kind="stable")][:MOST_CENTRAL_IMAGES]
        assert set(entry.central_images) == set(expected)
        assert (np.diff(closeness[entry.central_images]) <= 1e-6).all()


def test_rivals_are_the_classes_whose_names_suit_the_cluster_best(features):
    clusters = summarise("micro", features.X, features.truth.astype(np.int32))
    ranking = cluster_novelty(features.evidence, clusters, np.zeros(len(features.X), np.float32))
    assert all(entry.rivals[0] == entry.cluster for entry in ranking)
    assert {len(entry.rivals) for entry in ranking} == {MOST_RIVALS}


def test_texts_that_suit_a_cluster_better_than_every_name_are_found_nearest_first(planted):
    evidence, micro, is_hidden = planted
    ranking = cluster_novelty(evidence, micro, image_novelty(evidence, text_labels(evidence)))
    name = make_features((40,) * 8, noise=0.6).T[HIDDEN]
    rng = np.random.default_rng(0)
    W = unit_rows(
        np.stack([name + length * unit_rows(rng.normal(size=(1, len(name))))[0] for length in (2, 0, 1)])
    )
    found = nearer_texts(ranking, evidence.X, evidence.T, W)
    hidden = {number for number in range(len(micro)) if is_hidden[micro.assignments == number].mean() > 0.5}
    assert set(found) >= hidden
    assert all(found[cluster][0] == 1 for cluster in hidden)
    for cluster, texts in found.items():
        centre = evidence.X[next(one.central_images for one in ranking if one.cluster == cluster)].mean(
            axis=0
        )
        closeness = W[list(texts)] @ centre
        assert (np.diff(closeness) <= 0).all()
        assert closeness.min() > (evidence.T @ centre).max()


def test_names_of_classes_are_no_nearer_than_themselves(planted):
    evidence, micro, _ = planted
    ranking = cluster_novelty(evidence, micro, image_novelty(evidence, text_labels(evidence)))
    assert nearer_texts(ranking, evidence.X, evidence.T, evidence.T) == {}


def test_without_clusters_nothing_is_reported_but_images_are_still_ranked(planted):
    evidence, _, _ = planted
    nothing = summarise("micro", evidence.X, np.full(len(evidence.X), -1, np.int32))
    novelty = image_novelty(evidence, text_labels(evidence))
    assert cluster_novelty(evidence, nothing, novelty) == ()
    assert len(np.unique(novelty)) == len(novelty)


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 1000))
def test_novelty_lies_between_zero_and_one_and_is_typical_on_average(n, k, seed):
    evidence = random_evidence(n, k, seed)
    novelty = image_novelty(evidence, text_labels(evidence))
    assert novelty.dtype == np.float32
    assert ((novelty > 0) & (novelty < 1)).all()
    assert novelty.mean() == pytest.approx(0.5)


def test_a_single_image_is_typical():
    evidence = random_evidence(1, 3, seed=0)
    assert image_novelty(evidence, text_labels(evidence)).tolist() == [0.5]


def test_images_that_are_all_the_same_are_equally_novel():
    evidence = evidence_of(np.ones((12, 4)), np.eye(4))
    assert image_novelty(evidence, text_labels(evidence)).tolist() == [0.5] * 12


def test_with_one_class_the_image_farthest_from_its_name_comes_first():
    X = np.array([[1, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [0, 0, 1]])
    evidence = evidence_of(X, np.array([[1, 0, 0]]))
    assert image_novelty(evidence, np.ones((4, 1), np.float32)).argmax() == 3


@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_the_length_of_embeddings_does_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(20, 8)), rng.normal(size=(3, 8))
    one, other = evidence_of(X, T), evidence_of(scale * X, T)
    difference = image_novelty(one, text_labels(one)) - image_novelty(other, text_labels(other))
    assert np.abs(difference).mean() < 0.02


@given(st.integers(0, 1000))
def test_the_order_of_images_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    X, T, order = rng.normal(size=(20, 8)), rng.normal(size=(3, 8)), rng.permutation(20)
    one, other = evidence_of(X, T), evidence_of(X[order], T)
    difference = image_novelty(one, text_labels(one))[order] - image_novelty(other, text_labels(other))
    assert np.abs(difference).mean() < 0.02


def test_cores_are_looked_at_only_where_neighbors_support_balanced_classes(planted):
    evidence, _, _ = planted
    rng = np.random.default_rng(0)
    elsewhere = replace(evidence, V=unit_rows(rng.normal(size=evidence.V.shape)))

    def novelty(seen: Evidence, strength: float) -> np.ndarray:
        text = replace(seen.text, strength=strength)
        return image_novelty(replace(seen, text=text), text_labels(seen))

    np.testing.assert_array_equal(novelty(evidence, 0.0), novelty(elsewhere, 0.0))
    assert not np.array_equal(novelty(evidence, 1.0), novelty(elsewhere, 1.0))


def test_entropy_is_zero_for_a_sure_row_and_the_logarithm_of_k_for_an_undecided_one():
    np.testing.assert_allclose(entropy(np.array([[1.0, 0, 0, 0], [0.25] * 4])), [0, np.log(4)], atol=1e-12)


def test_standardised_values_have_mean_zero_and_deviation_one():
    np.testing.assert_allclose(standardised(np.array([1.0, 3.0])), [-1, 1])
    assert standardised(np.full(3, 0.1)).tolist() == [0, 0, 0]


def test_neighbors_of_the_same_class_share_their_values_and_others_do_not():
    z = np.repeat(np.eye(2), 20, axis=0)
    values = np.zeros(40)
    values[0] = 1.0
    neighbors = np.full((40, 1), 0)
    neighbors[0] = 1
    shared = smoothed(values, *asked_neighbors(z, neighbors))
    w = 20 / 30
    once = [1 / (1 + w), w / (1 + w)]
    expected = [(once[0] + w * once[1]) / (1 + w), (once[1] + w * once[0]) / (1 + w)]
    np.testing.assert_allclose(shared[:2], expected)
    np.testing.assert_array_equal(shared[20:], 0)


def test_images_without_neighbors_keep_their_values():
    values = np.array([0.1, 0.7])
    np.testing.assert_array_equal(smoothed(values, np.empty((2, 0), int), np.empty((0, 2))), values)


def test_the_better_half_of_a_class_has_its_smallest_values_and_is_rounded_up():
    values = np.array([5.0, 1.0, 3.0, 2.0, 9.0, 8.0])
    labels = np.array([0, 0, 0, 2, 2, 3])
    assert better_half(values, labels, classes=5).tolist() == [False, True, True, True, False, True]


def test_distance_to_a_core_is_a_cosine_distance_seen_from_the_mean_image():
    V = unit_rows(np.array([[1.0, 0.2, 0], [1, 0.3, 0], [1, -0.2, 0], [1, -0.3, 0.1], [1, 0, 0.5]]))
    labels, core = np.array([0, 0, 2, 2, 2]), np.array([True, False, True, False, False])
    directions = unit_rows(V - V.mean(axis=0))
    expected = 1 - (directions @ directions[core].T).max(axis=1)
    np.testing.assert_allclose(core_distance(V, labels, core, classes=3), expected, atol=1e-5)


def test_novelty_sees_geometry_through_the_second_encoder(planted):
    evidence, _, is_hidden = planted
    sharp = unit_rows(np.eye(8)[np.repeat(np.arange(8), 40)] + 0.01 * evidence.X[:, :8])
    images = Images(X=evidence.X, V=sharp, anchors=evidence.anchors, micro=None)
    both = gather_evidence(images, evidence.T)
    novelty = image_novelty(both, text_labels(both))
    assert novelty[is_hidden].min() > novelty[~is_hidden].max()
