"""Measured accuracy: which labels to draw at random for a person to check, and what they say of all labels.

Every label has the same chance to be drawn, so what its reviews say needs no model of the other labels.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from scipy import stats

CONFIDENCE_LEVEL = 0.95
BANDS = 5
"""Equal parts of the labels by confidence, which with the classes are the strata."""

BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED = 1_000, 51
SMALLEST_SUM = 1e-9
GOLDEN_RATIO = (5**0.5 - 1) / 2
ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A share of right labels, estimated from labels that were drawn at random.

    Attributes:
        accuracy: In [0, 1].
        low: Lower end of the 95% interval, in [0, 1].
        high: Its upper end.
        audited: Number of drawn labels that a person has checked, at least 1.
        more: How many more would halve the interval; 0 where nothing is left to learn.
    """

    accuracy: float
    low: float
    high: float
    audited: int
    more: int


def audit_order(labels: np.ndarray, confidence: np.ndarray, seed: int) -> np.ndarray:
    """An order of all labels of which every beginning is a stratified random sample.

    Strata are predicted class × confidence band. Labels are laid in a row by stratum, in random order within
    it, and taken in steps of the golden ratio, of which every stretch is spread evenly over the row
    (Niederreiter 1992, ch. 3). It begins at a random place, so that each label is among the first m with
    probability m/n: systematic sampling with implicit stratification in proportion (Madow and Madow 1944;
    Cochran 1977, ch. 8).

    Args:
        labels: (n,) class numbers.
        confidence: (n,) in [0, 1].
        seed: Of the order.

    Returns:
        (n,) rows.
    """
    n, rng = len(labels), np.random.default_rng(seed)
    if n == 0:
        return np.empty(0, np.int64)
    edges = np.quantile(confidence, np.arange(1, BANDS) / BANDS)
    band = np.searchsorted(edges, confidence, side="right")
    # Every other class from its surest band to its least sure one, so that neighbouring strata are alike.
    band = np.where(np.unique(labels, return_inverse=True)[1].ravel() % 2, -band, band)
    row = np.lexsort((rng.permutation(n), band, labels))
    steps = np.argsort(np.arange(n) * GOLDEN_RATIO % 1, kind="stable")
    return row[np.roll(steps, -rng.integers(n))]


def audit_weights(is_asked: np.ndarray, is_reviewed: np.ndarray) -> np.ndarray:
    """How many drawn labels each reviewed one stands for.

    Drawn labels that had been reviewed before stand for themselves, since it was their doubt that had them
    reviewed; of the others, those that are reviewed by now stand for those that are not (weighting-class
    adjustment for non-response, Lohr 2022, sec. 8.5).

    Args:
        is_asked: (m,) whether a drawn label had no review when it was drawn.
        is_reviewed: (m,) whether it has one now.

    Returns:
        (m,) weights; all 0 as long as none of those asked is reviewed.
    """
    asked, checked = is_asked.sum(), (is_asked & is_reviewed).sum()
    if asked and not checked:
        return np.zeros(len(is_asked))
    return np.where(is_asked, asked / max(checked, 1), 1.0) * is_reviewed


def estimate_accuracy(
    right: np.ndarray, weights: np.ndarray, unreviewed: int, known: int = 0
) -> Estimate | None:
    """Share of right labels among some that include a random sample.

    The Hájek ratio p = Σ w·right / Σ w (Särndal, Swensson and Wretman 1992, eq. 5.7.4) over the labels that
    could be drawn. Its interval is exact for a draw of m out of N (Buonaccorsi 1987): it holds every number
    of right labels under which neither so many nor so few right ones in the sample have a chance below 2.5%.
    For N much larger than m it is that of Clopper and Pearson (1934). Unequal weights make m the effective
    sample size (Σ w)² / Σ w² (Kish 1965; Korn and Graubard 1998). Labels that a person had given before are
    right.

    Args:
        right: (m,) whether each drawn label was right.
        weights: (m,) ≥ 0; at 0 a label does not count.
        unreviewed: N, labels that could be drawn.
        known: Labels that a person had given or approved before the run.

    Returns:
        The estimate; None if no label counts.
    """
    counts = weights > 0
    audited = int(counts.sum())
    if audited == 0:
        return None
    w = weights[counts]
    share = float(w[right[counts]].sum() / w.sum())
    size = min(int(w.sum() ** 2 / (w @ w) + ROUNDING), unreviewed)
    low = _least_right(int(share * size + ROUNDING), size, unreviewed)
    high = unreviewed - _least_right(int((1 - share) * size + ROUNDING), size, unreviewed)
    total = known + unreviewed
    return Estimate(
        accuracy=(known + share * unreviewed) / total,
        low=(known + low) / total,
        high=(known + high) / total,
        audited=audited,
        more=_more_to_halve(size, unreviewed),
    )


def estimate_scores(given: np.ndarray, true: np.ndarray, weights: np.ndarray) -> dict[str, Estimate]:
    """Precision, recall and F1 of single labels, over all classes, where an image may have several.

    Ratios of weighted sums over the images. Intervals are percentiles of 1,000 bootstrap samples of images
    (Efron 1979).

    Args:
        given: (m, k) bool, classes that the drawn images were given.
        true: (m, k) bool, classes that they have.
        weights: (m,) ≥ 0; at 0 an image does not count.

    Returns:
        "precision", "recall" and "F1" → estimate; empty if no image counts.
    """
    rows = np.flatnonzero(weights > 0)
    if not len(rows):
        return {}
    sums = np.stack([(given & true).sum(axis=1), given.sum(axis=1), true.sum(axis=1)], axis=1)[rows]
    sums = sums * weights[rows, None]
    drawn = np.random.default_rng(BOOTSTRAP_SEED).integers(len(rows), size=(BOOTSTRAP_SAMPLES, len(rows)))
    found, spread = _scores(sums.sum(axis=0)), _scores(sums[drawn].sum(axis=1).T)
    ends = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
    intervals = {name: np.quantile(spread[name], ends).tolist() for name in found}
    return {
        name: Estimate(float(found[name]), low, high, audited=len(rows), more=0)
        for name, (low, high) in intervals.items()
    }


def _scores(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Scores by sums of right labels, of given ones and of true ones."""
    right, given, true = sums
    return {
        "precision": right / np.maximum(given, SMALLEST_SUM),
        "recall": right / np.maximum(true, SMALLEST_SUM),
        "F1": 2 * right / np.maximum(given + true, SMALLEST_SUM),
    }


@lru_cache(maxsize=1024)
def _least_right(right: int, size: int, total: int) -> int:
    """Least number of right ones in all at which a sample has so many with a chance of 2.5% or more."""
    low, high = right, total - size + right
    while low < high:
        middle = (low + high) // 2
        is_likely = stats.hypergeom.sf(right - 1, total, middle, size) >= (1 - CONFIDENCE_LEVEL) / 2
        low, high = (low, middle) if is_likely else (middle + 1, high)
    return low


def _more_to_halve(size: int, total: int) -> int:
    """How many more have to be drawn until the standard error √((N − m)/(N − 1) · p(1 − p)/m) is half of it.

    m grows to m' with m'/(N − m') = 4 m/(N − m).
    """
    return ceil(4 * size * total / (total + 3 * size) - ROUNDING) - size
