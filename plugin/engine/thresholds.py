"""Least confidences of labels: one for all classes, or one for each.

A class that is not named has none.
"""

from collections.abc import Collection, Mapping

import numpy as np

from .errors import InputError

MinimumConfidence = float | Mapping[str, float]


def check_minimum(minimum: MinimumConfidence) -> None:
    """Check that every threshold is a confidence.

    Raises:
        InputError: One of them is not in [0, 1].
    """
    named = minimum if isinstance(minimum, Mapping) else {"": minimum}
    for name, value in named.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and 0 <= value <= 1):
            of_class = f" of {name!r}" if name else ""
            raise InputError(f"The minimum confidence{of_class} is {value}: give one from 0 to 1.")


def check_named(minimum: MinimumConfidence, classes: Collection[str]) -> None:
    """Check that the thresholds are of classes that exist.

    Raises:
        InputError: One of them is not.
    """
    unknown = [name for name in minimum if name not in classes] if isinstance(minimum, Mapping) else []
    if unknown:
        raise InputError(f"The minimum confidence names {unknown[0]!r}, which is not one of the classes.")


def least_confidence(minimum: MinimumConfidence, name: str) -> float:
    """The threshold of a class."""
    return minimum.get(name, 0.0) if isinstance(minimum, Mapping) else minimum


def within(
    confidence: np.ndarray,
    labels: np.ndarray,
    classes: Collection[str],
    minimum: MinimumConfidence,
    maximum: float = 1.0,
) -> np.ndarray:
    """Which labels have a confidence from the minimum of their class to the maximum.

    Args:
        confidence: (n,) in [0, 1].
        labels: (n,) class numbers.
        classes: (k,) class names.
        minimum: Least confidences.
        maximum: Largest confidence, in [0, 1].

    Returns:
        (n,) bool.
    """
    least = np.array([least_confidence(minimum, name) for name in classes], np.float64)
    confidence = np.asarray(confidence, np.float64)  # as the database compares
    return (confidence >= least[labels]) & (confidence <= maximum)
