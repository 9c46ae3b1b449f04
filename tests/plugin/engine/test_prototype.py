"""The textbook rule, against its equations written out by hand."""

import math

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.prototype import prototype_rounds
from fiftyone_autolabel.plugin.engine.refinement import refine

from .conftest import make_features


def by_hand(images: list, prototypes: list, temperature: float) -> list:
    """One iteration in plain Python: P_c(t+1) = Σ_i γ(i, c) x_i / Σ_i γ(i, c)."""

    def cosine(a, b):
        return sum(p * q for p, q in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)

    weights = []
    for image in images:
        exponentials = [math.exp(cosine(image, prototype) / temperature) for prototype in prototypes]
        weights.append([value / sum(exponentials) for value in exponentials])
    return [
        [
            sum(w[c] * x[axis] for w, x in zip(weights, images, strict=True)) / sum(w[c] for w in weights)
            for axis in range(len(images[0]))
        ]
        for c in range(len(prototypes))
    ]


def test_three_iterations_equal_the_equations():
    images = [[0.6, 0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.6, 0.8], [0.0, 0.8, -0.6]]
    expected = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    X, T = np.array(images, np.float32), np.array(expected, np.float32)
    rounds = prototype_rounds(X, X, T, temperature=0.2)
    for _ in range(3):
        expected = by_hand(images, expected, temperature=0.2)
        state = next(rounds)
        np.testing.assert_allclose(state.prototypes, expected, rtol=1e-5)
    cosines = X @ (np.array(expected) / np.linalg.norm(expected, axis=1, keepdims=True)).T
    assert state.probabilities.argmax(axis=1).tolist() == cosines.argmax(axis=1).tolist()


def test_levels_run_from_coarse_to_fine(features):
    four_per_class = features.truth * 4 + np.arange(len(features.truth)) % 4
    result = refine(features.X, features.T, method="prototype", micro_clusters=four_per_class)
    assert [level.level for level in result.history] == ["meta", "micro", "image"]
    assert not any(level.skipped for level in result.history)


def test_a_level_with_fewer_clusters_than_classes_is_skipped_and_says_so(features):
    result = refine(features.X, features.T, method="prototype", micro_clusters=features.truth % 3)
    assert [level.skipped for level in result.history] == [
        "there are no clusters",
        "3 clusters are fewer than 8 classes",
        "",
    ]


def test_alignment_is_soft_and_one_per_cluster(features):
    result = refine(features.X, features.T, method="prototype", temperature=0.05)
    for level, matrix in result.alignment.items():
        assert matrix.shape == (len(result.clusters[level]), 8)
        np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-5)


def test_a_class_that_no_image_belongs_to_keeps_its_prototype():
    X = np.array([[1, 0], [1, 0]], np.float32)
    T = np.array([[1, 0], [-1, 0]], np.float32)
    state = next(prototype_rounds(X, X, T, temperature=1e-3))
    assert state.prototypes.tolist() == T.tolist()


@pytest.mark.parametrize("iterations", [1, 2])
def test_no_level_goes_on_longer_than_asked(features, iterations):
    result = refine(features.X, features.T, method="prototype", iterations=iterations, tolerance=0)
    assert max(len(level.iterations) for level in result.history) <= iterations


def test_no_round_of_a_level_lowers_the_likelihood():
    made = make_features((30,) * 5, noise=1.5, text_noise=1.5)
    result = refine(made.X, made.T, method="prototype", temperature=0.05, tolerance=0)
    assert [len(level.iterations) for level in result.history[1:]] == [4, 2]
    for level in result.history:
        assert (np.diff([iteration.objective for iteration in level.iterations]) >= -1e-5).all()
