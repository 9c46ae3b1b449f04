"""Thresholds of confidence: one for all classes, or one for each; those that make no sense are refused."""

import numpy as np
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.engine.thresholds import check_minimum, check_named, within

CLASSES = ["cat", "dog"]
CONFIDENCE = np.array([0.2, 0.6, 0.9], np.float32)


def test_a_number_holds_for_all_classes():
    assert within(CONFIDENCE, np.array([0, 1, 1]), CLASSES, 0.5).tolist() == [False, True, True]


def test_each_class_has_its_own_threshold_and_the_others_none():
    assert within(CONFIDENCE, np.array([0, 1, 1]), CLASSES, {"dog": 0.7}).tolist() == [True, False, True]


def test_labels_above_the_maximum_are_left_out():
    assert within(CONFIDENCE, np.zeros(3, int), CLASSES, 0.0, 0.6).tolist() == [True, False, False]


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), "high", True])
def test_what_is_not_a_confidence_is_refused(value):
    with pytest.raises(InputError, match=r"minimum confidence of 'cat' is .*: give one from 0 to 1"):
        check_minimum({"cat": value})


def test_a_threshold_of_an_unknown_class_is_refused():
    with pytest.raises(InputError, match="names 'cow', which is not one of the classes"):
        check_named({"cow": 0.5}, CLASSES)
