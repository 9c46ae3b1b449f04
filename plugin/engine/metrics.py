"""How good labels and confidences are, where the truth is known.

Used by benchmarks, the demo and evaluation; never by the rule itself.
"""

import numpy as np

RELIABILITY_BINS = 15


def accuracy(labels: np.ndarray, truth: np.ndarray) -> float:
    """Share of labels that are right, in [0, 1]."""
    return float(np.mean(np.asarray(labels) == np.asarray(truth)))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean gap between confidence and accuracy over 15 equal bins (Guo et al. 2017, eq. 3).

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) whether each label is right.

    Returns:
        Gap in [0, 1], 0 for perfect calibration.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, bool)
    bins = np.minimum((confidence * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    gaps = [
        abs(right[bins == number].mean() - confidence[bins == number].mean()) * np.mean(bins == number)
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def area_under_risk_coverage(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean error rate over all coverages, most confident first (Geifman and El-Yaniv 2017).

    Returns:
        Area in [0, 1]; small when wrong labels have the lowest confidence.
    """
    order = np.argsort(-np.asarray(confidence), kind="stable")
    wrong = ~np.asarray(right, bool)[order]
    return float(np.mean(np.cumsum(wrong) / np.arange(1, len(wrong) + 1)))
