"""Confidence corrected by labels that are known, as far as they are enough to tell.

Conditional on the confidence, and the more by labels that were drawn at random the more of these there are.
"""

from dataclasses import dataclass

import numpy as np

SHIFT_SPREAD, SLOPE_SPREAD = 1.0, 0.5
"""Standard deviations of the shift (about 0) and of the slope (about 1) of the log-odds, a priori."""

DRAWN_THAT_HALVE = 50
"""Labels drawn at random with which those that were not count half."""

NEWTON_STEPS = 20
LEAST_DOUBT = 1e-3


@dataclass(frozen=True)
class Recalibration:
    """P(right) = 1 / (1 + exp(−(a + b · log-odds of the confidence))) (Platt 1999).

    Attributes:
        shift: a, in log-odds; below 0 where the confidence was too high.
        slope: b ≥ 0; below 1 where it was too extreme.
    """

    shift: float = 0.0
    slope: float = 1.0

    def of(self, confidence: np.ndarray) -> np.ndarray:
        """(n,) corrected confidence in (0, 1)."""
        return _logistic(self.shift + self.slope * log_odds(confidence))


def recalibration_weights(probability: np.ndarray) -> np.ndarray:
    """How much each reviewed label counts for the correction.

    A label that was drawn at random with probability π stands for 1/π (Horvitz and Thompson 1952), scaled to
    a mean of 1. Others, which were reviewed for their doubt, may be right more or less often than the rest of
    the same confidence: with m labels drawn they count 50/(50 + m), a power prior (Ibrahim and Chen 2000)
    that gives way to the random sample.

    Args:
        probability: (a,) π in (0, 1]; 0 for a label that was not drawn.

    Returns:
        (a,) weights in (0, ∞).
    """
    drawn = probability > 0
    m = drawn.sum()
    weights = np.full(len(probability), DRAWN_THAT_HALVE / (DRAWN_THAT_HALVE + m))
    weights[drawn] = 1 / probability[drawn]
    weights[drawn] *= m / max(weights[drawn].sum(), LEAST_DOUBT)
    return weights


def fit_recalibration(
    confidence: np.ndarray, right: np.ndarray, weights: np.ndarray | None = None
) -> Recalibration:
    """Find the most probable correction, by Newton's method.

    A priori a ~ N(0, 1²) and b ~ N(1, ½²): without answers the confidence stays as it is.

    Args:
        confidence: (a,) in [0, 1].
        right: (a,) bool, whether the labels were right.
        weights: (a,) ≥ 0; all 1 if None.
    """
    weights = np.ones(len(confidence)) if weights is None else weights
    F = np.stack([np.ones(len(confidence)), log_odds(confidence)], axis=1)
    precision = np.diag([SHIFT_SPREAD**-2, SLOPE_SPREAD**-2])
    prior = np.array([0.0, 1.0])
    theta = prior
    for _ in range(NEWTON_STEPS):
        p = _logistic(F @ theta)
        gradient = F.T @ (weights * (right - p)) - precision @ (theta - prior)
        step = np.linalg.solve((F.T * (weights * p * (1 - p))) @ F + precision, gradient)
        theta = theta + step / max(np.abs(step).max(), 1)
    return Recalibration(float(theta[0]), float(max(theta[1], 0)))


def log_odds(confidence: np.ndarray) -> np.ndarray:
    """log c/(1 − c), c kept 0.001 away from 0 and 1."""
    c = np.clip(np.asarray(confidence, np.float64), LEAST_DOUBT, 1 - LEAST_DOUBT)
    return np.log(c / (1 - c))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
