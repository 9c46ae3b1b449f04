"""Confidence corrected by labels that are known, as far as they are enough to tell.

Conditional on the confidence, so that it does not matter that doubtful images were answered first.
"""

from dataclasses import dataclass

import numpy as np

SHIFT_SPREAD, SLOPE_SPREAD = 1.0, 0.5
"""Standard deviations of the shift (about 0) and of the slope (about 1) of the log-odds, a priori."""

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


def fit_recalibration(confidence: np.ndarray, right: np.ndarray) -> Recalibration:
    """Find the most probable correction, by Newton's method.

    A priori a ~ N(0, 1²) and b ~ N(1, ½²): without answers the confidence stays as it is.

    Args:
        confidence: (a,) in [0, 1].
        right: (a,) bool, whether the labels were right.
    """
    F = np.stack([np.ones(len(confidence)), log_odds(confidence)], axis=1)
    precision = np.diag([SHIFT_SPREAD**-2, SLOPE_SPREAD**-2])
    prior = np.array([0.0, 1.0])
    theta = prior
    for _ in range(NEWTON_STEPS):
        p = _logistic(F @ theta)
        gradient = F.T @ (right - p) - precision @ (theta - prior)
        step = np.linalg.solve((F.T * (p * (1 - p))) @ F + precision, gradient)
        theta = theta + step / max(np.abs(step).max(), 1)
    return Recalibration(float(theta[0]), float(max(theta[1], 0)))


def log_odds(confidence: np.ndarray) -> np.ndarray:
    """log c/(1 − c), c kept 0.001 away from 0 and 1."""
    c = np.clip(np.asarray(confidence, np.float64), LEAST_DOUBT, 1 - LEAST_DOUBT)
    return np.log(c / (1 - c))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
