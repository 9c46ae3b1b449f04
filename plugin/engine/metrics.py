"""How good labels and confidences are, and how good they are expected to be.

What needs the truth is for benchmarks, the demo and evaluation; the rule itself never sees one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

RELIABILITY_BINS = 15
SHARES_KEPT = (1.0, 0.9, 0.8, 0.5)


@dataclass(frozen=True)
class Coverage:
    """What to expect of the most confident labels.

    Attributes:
        share: Share of the labels that is kept, in (0, 1].
        images: Number of labels that is kept, at least 1.
        least_confidence: Confidence of the last one kept, in [0, 1].
        expected_accuracy: Share of the kept labels that is expected to be right, in [0, 1].
    """

    share: float
    images: int
    least_confidence: float
    expected_accuracy: float


def expected_coverage(
    confidence: np.ndarray, shares: tuple[float, ...] = SHARES_KEPT
) -> tuple[Coverage, ...]:
    """Expected accuracy of the most confident labels, without knowing the truth.

    Args:
        confidence: (n,) in [0, 1], the probability that each label is right, n ≥ 1.
        shares: Shares of the labels to keep, each in (0, 1].
    """
    ranked = np.sort(np.asarray(confidence, np.float64))[::-1]
    means = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    kept = [max(1, round(share * len(ranked))) for share in shares]
    return tuple(
        Coverage(share, count, float(ranked[count - 1]), float(means[count - 1]))
        for share, count in zip(shares, kept, strict=True)
    )


def kept_at(coverage: Iterable[Coverage], least_accuracy: float) -> Coverage | None:
    """The largest share that is expected to be right often enough, None if there is none.

    Args:
        coverage: What `expected_coverage` returned.
        least_accuracy: Share of the kept labels that should be right, in [0, 1].
    """
    good = (kept for kept in coverage if kept.expected_accuracy >= least_accuracy)
    return max(good, key=lambda kept: kept.share, default=None)


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
