"""Confidence gives way to known labels, as far as there are enough of them."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.recalibration import (
    DRAWN_THAT_HALVE,
    Recalibration,
    fit_recalibration,
    recalibration_weights,
)
from hypothesis import given, strategies as st


def test_without_answers_confidence_stays():
    kept = fit_recalibration(np.empty(0), np.empty(0, bool))
    np.testing.assert_allclose(kept.of(np.array([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9])


def test_many_wrong_labels_lower_the_confidence_to_what_it_is_worth():
    confidence = np.full(2000, 0.9)
    right = np.arange(2000) % 10 < 6
    assert fit_recalibration(confidence, right).of(np.array([0.9]))[0] == pytest.approx(0.6, abs=0.01)


def test_a_few_answers_move_it_a_little():
    moved = fit_recalibration(np.full(3, 0.9), np.zeros(3, bool)).of(np.array([0.9]))[0]
    assert 0.3 < moved < 0.85


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30))
def test_the_order_of_confidence_is_never_turned_round(answers):
    confidence = np.array([c for c, _ in answers])
    right = np.array([r for _, r in answers], bool)
    corrected = fit_recalibration(confidence, right).of(np.linspace(0, 1, 11))
    assert (np.diff(corrected) >= -1e-12).all()
    assert np.isfinite(corrected).all()


def test_a_slope_below_one_brings_extremes_together():
    milder = Recalibration(slope=0.5).of(np.array([0.1, 0.9]))
    assert milder[1] - milder[0] < 0.8


def test_a_weight_of_two_is_a_label_twice():
    confidence, right = np.array([0.9, 0.6, 0.3]), np.array([True, False, False])
    twice = fit_recalibration(np.append(confidence, 0.6), np.append(right, False))
    weighted = fit_recalibration(confidence, right, np.array([1.0, 2.0, 1.0]))
    assert (weighted.shift, weighted.slope) == pytest.approx((twice.shift, twice.slope))


def test_without_labels_that_were_drawn_all_count_in_full():
    assert recalibration_weights(np.zeros(4)).tolist() == [1, 1, 1, 1]


def test_others_give_way_to_labels_that_were_drawn():
    weights = recalibration_weights(np.repeat([0.1, 0.0], [DRAWN_THAT_HALVE, 5]))
    assert weights.tolist() == pytest.approx([1] * DRAWN_THAT_HALVE + [0.5] * 5)


def test_labels_that_were_drawn_count_by_how_many_they_stand_for():
    weights = recalibration_weights(np.array([0.1, 0.1, 0.05, 0.0]))
    assert weights[:3].tolist() == pytest.approx([0.75, 0.75, 1.5])


def test_doubtful_labels_that_are_wrong_lower_confidence_less_where_a_random_sample_is_right():
    confidence, right = np.full(80, 0.8), np.arange(80) < 50
    probability = np.where(np.arange(80) < 50, 0.1, 0.0)
    unweighted, weighted = (
        fit_recalibration(confidence, right, weights).of(np.array([0.8]))[0]
        for weights in (None, recalibration_weights(probability))
    )
    assert unweighted < 0.68 < 0.75 < weighted
