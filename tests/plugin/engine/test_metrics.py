"""Accuracy, calibration and ranking on cases worked out by hand."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.metrics import (
    accuracy,
    area_under_risk_coverage,
    expected_calibration_error,
    expected_coverage,
    kept_at,
)


def test_accuracy_is_the_share_of_right_labels():
    assert accuracy(np.array([1, 2, 3, 4]), np.array([1, 2, 3, 0])) == 0.75


def test_confidence_equal_to_accuracy_has_no_calibration_error():
    assert expected_calibration_error(np.full(4, 0.75), [True, True, True, False]) == 0


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    assert expected_calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)


def test_the_largest_share_that_is_right_often_enough_is_kept():
    coverage = expected_coverage([1.0, 1.0, 0.8, 0.2], (1.0, 0.75, 0.5))
    assert kept_at(coverage, 0.9).share == 0.75
    assert kept_at(coverage, 0.7).share == 1.0


def test_where_no_share_is_right_often_enough_none_is_kept():
    assert kept_at(expected_coverage([0.5, 0.4], (1.0, 0.5)), 0.9) is None


def test_wrong_labels_with_the_lowest_confidence_cost_least():
    right = [True, True, False]
    assert area_under_risk_coverage([0.9, 0.8, 0.1], right) == pytest.approx(1 / 9)
    assert area_under_risk_coverage([0.1, 0.8, 0.9], right) > 0.5
