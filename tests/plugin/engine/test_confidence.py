"""Confidence is the chance that a label is right, by what the rule and the class names say."""

from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.confidence import spread_rest, tempered, with_names
from fiftyone_autolabel.plugin.engine.metrics import area_under_risk_coverage, expected_calibration_error
from fiftyone_autolabel.plugin.engine.vectors import softmax
from hypothesis import given, strategies as st

from .conftest import make_features


@pytest.mark.parametrize(("strength", "share"), [(1.0, 0.2), (0.5, 0.3), (0.0, 0.4)])
def test_the_class_names_keep_a_share_that_falls_with_the_balance_of_the_classes(features, strength, share):
    evidence = features.evidence
    evidence = replace(evidence, text=replace(evidence.text, strength=strength))
    z, names = np.eye(8, dtype=np.float32)[features.truth], softmax(evidence.text.logits)
    np.testing.assert_allclose(with_names(z, evidence), (1 - share) * z + share * names, rtol=1e-5)


def test_names_that_disagree_lower_the_confidence(features):
    names = softmax(features.evidence.text.logits)
    agreeing = np.eye(8, dtype=np.float32)[names.argmax(axis=1)]
    disagreeing = np.roll(agreeing, 1, axis=1)
    sure, doubtful = (with_names(z, features.evidence).max(axis=1) for z in (agreeing, disagreeing))
    assert (doubtful < sure).all()


@given(st.integers(2, 6), st.integers(0, 1000))
def test_the_label_stays_the_largest_and_rows_stay_probabilities(k, seed):
    rng = np.random.default_rng(seed)
    labels, confidence = rng.integers(k, size=20), rng.random(20)
    rows = spread_rest(labels, confidence, rng.dirichlet(np.full(k, 0.2), size=20))
    assert (rows.argmax(axis=1) == labels).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(rows.max(axis=1), np.maximum(confidence, 1.01 / k), rtol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_a_temperature_changes_no_label(temperature):
    z = np.random.default_rng(0).dirichlet(np.ones(8), size=40)
    assert (tempered(z, temperature).argmax(axis=1) == z.argmax(axis=1)).all()


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
