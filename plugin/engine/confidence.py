"""Confidence: from soft labels to the probability that a label is right.

Labels never change here; only how sure the numbers are.
"""

import numpy as np

from .vectors import softmax


def soften(probabilities: np.ndarray) -> np.ndarray:
    """Temper probabilities that rest on few images per class.

    p^(1/τ), renormalised, with τ = 1 + 4k/n: refined soft labels are fit to the very images that they
    label, the more so the fewer images there are per class.

    Args:
        probabilities: (n, k) rows that sum to 1.

    Returns:
        (n, k) float32 rows that sum to 1, with the same largest class.
    """
    n, k = probabilities.shape
    temperature = 1 + 4 * k / n
    logs = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return softmax((logs / temperature).astype(np.float32))
