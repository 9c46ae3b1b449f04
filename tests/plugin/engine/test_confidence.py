"""Confidence is the chance that a label is right: three witnesses, weighed by hand where that is possible."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.confidence import (
    calibrated,
    label_confidence,
    neighbor_reliability,
    neighbor_vote,
    spread_rest,
)
from fiftyone_autolabel.plugin.engine.metrics import area_under_risk_coverage, expected_calibration_error
from hypothesis import given, strategies as st

from .conftest import make_features

NOBODY = np.empty((4, 0), int)


def test_without_neighbors_the_classes_weigh_rule_against_text_by_their_images():
    z = np.array([[1.0, 0.0]] * 4)
    text = np.full(4, 0.5)
    trust = 4 / 6 * 4 / 14
    expected = trust * 1.0 + (1 - trust) * (1.0 + 0.5) / 2
    got = label_confidence(z, text, np.zeros(4, int), NOBODY, reliability=0.0)
    np.testing.assert_allclose(got, expected)


def test_neighbors_that_disagree_lower_the_confidence():
    n = 200
    z = np.tile([0.9, 0.1], (n, 1))
    z[100:] = [0.1, 0.9]
    labels = z.argmax(axis=1)
    alike = np.where(np.arange(n) < 100, 1, 101)[:, None] * np.ones((1, 5), int)
    mixed = alike.copy()
    mixed[:10] = 150
    confident = label_confidence(z, z.max(axis=1), labels, alike, reliability=0.6)
    doubtful = label_confidence(z, z.max(axis=1), labels, mixed, reliability=0.6)
    assert (doubtful[:10] < confident[:10] - 0.2).all()


def test_a_class_of_three_asks_one_neighbor_only():
    z = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    neighbors = np.array([[1, 3, 3], [0, 3, 3], [0, 3, 3], [0, 1, 2]])
    votes = neighbor_vote(z, z.argmax(axis=1), neighbors, mass=np.full(4, 3.0))
    assert votes.tolist() == [1, 1, 1, 0]


def test_tight_groups_make_neighbors_reliable_and_scattered_images_do_not():
    def reliability(noise):
        evidence = make_features((50,) * 4, noise=noise).evidence
        return neighbor_reliability(evidence.X, evidence.similarities)

    assert reliability(0.1) > 0.9
    assert reliability(5.0) < 0.4


def test_one_image_has_no_neighbors_to_rely_on():
    assert neighbor_reliability(np.ones((1, 2), np.float32), np.empty((1, 0))) == 0


@given(st.integers(2, 6), st.integers(0, 1000))
def test_the_label_stays_the_largest_and_rows_stay_probabilities(k, seed):
    rng = np.random.default_rng(seed)
    labels, confidence = rng.integers(k, size=20), rng.random(20)
    rows = spread_rest(labels, confidence, rng.dirichlet(np.full(k, 0.2), size=20))
    assert (rows.argmax(axis=1) == labels).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(rows.max(axis=1), np.maximum(confidence, 1.01 / k), rtol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_calibration_changes_no_label(features, temperature):
    z = np.random.default_rng(0).dirichlet(np.ones(8), size=len(features.X))
    probabilities = calibrated(z, features.evidence, temperature)
    assert (probabilities.argmax(axis=1) == z.argmax(axis=1)).all()


def test_a_temperature_above_one_lowers_the_confidence():
    made = make_features((40,) * 4, noise=2.2, text_noise=1.6)
    cold, warm = (refine(made.X, made.T, confidence_temperature=t) for t in (1.0, 3.5))
    assert warm.expected_accuracy < cold.expected_accuracy
    assert (warm.labels == cold.labels).all()


@pytest.mark.parametrize("sizes", [(60,) * 6, (120, 60, 30, 15, 8, 4)], ids=["balanced", "long tail"])
def test_confidence_is_close_to_accuracy_and_ranks_the_errors_last(sizes):
    made = make_features(sizes, noise=1.0, text_noise=1.2)
    result = refine(made.X, made.T)
    right = result.labels == made.truth
    assert expected_calibration_error(result.confidence, right) < 0.15
    random_order = np.random.default_rng(0).random(len(right))
    assert area_under_risk_coverage(result.confidence, right) <= area_under_risk_coverage(random_order, right)
