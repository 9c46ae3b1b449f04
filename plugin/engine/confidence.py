"""Confidence: from the soft labels of a rule to the probability that a label is right.

Images that agree do not tell a right name from a wrong one, so that the class names keep a say.
"""

import numpy as np

from .evidence import Evidence
from .rows import Matrix, Stored, blocks, empty_like
from .vectors import row_chunks, softmax

SHARE_OF_NAMES = 0.2
"""Share of the probabilities that the class names alone have where all classes have images; twice that where
classes are not balanced: there, images that agree may agree on the name of a class that is absent."""

RUNNER_UP = 0.999
"""Most that another class may have of the label's probability, so that the label stays the largest."""


def with_names(z: Matrix, evidence: Evidence) -> Stored:
    """Mean of the soft labels of a rule and of the text view, from 0.8 to 0.2 to 0.6 to 0.4.

    The share of the text view is 0.2 · (2 − ρ) with ρ the strength of the balancing. Where both agree the
    label is as sure as they are; where they do not, the surer one decides, and the label is less sure.

    Args:
        z: (n, k) rows that sum to 1, the soft labels of a rule.
        evidence: What the rule started from.

    Returns:
        (n, k) float32 rows that sum to 1.
    """
    share = np.float32(SHARE_OF_NAMES * (2 - evidence.text.strength))
    P = empty_like(z)
    for rows in row_chunks(len(z)):
        P[rows] = (1 - share) * z[rows] + share * softmax(evidence.text.logits[rows])
    return P


def tempered(z: Stored, temperature: float) -> Stored:
    """Probabilities z^(1/τ), renormalised: less sure for τ > 1, the same order.

    Args:
        z: (n, k) rows that sum to 1.
        temperature: τ > 0.

    Returns:
        (n, k) float32 rows that sum to 1; `z` itself where τ is 1.
    """
    if temperature == 1:
        return z
    softer = empty_like(z)
    for rows in row_chunks(len(z)):
        logs = np.log(np.maximum(z[rows], np.finfo(np.float32).tiny))
        softer[rows] = softmax(logs / np.float32(temperature))
    return softer


def spread_rest(labels: np.ndarray, confidence: np.ndarray, rest: Matrix) -> Stored:
    """Rows that give `confidence` to the label and share what is left in proportion to `rest`.

    Where a runner-up would overtake the label, the rest is mixed with as much of the uniform as stops it.

    Args:
        labels: (n,) class numbers.
        confidence: (n,) in [0, 1]; raised to a little over 1/k, the least that the largest of k can have.
        rest: (n, k) numbers ≥ 0.

    Returns:
        (n, k) float32 rows that sum to 1, the label's the largest.
    """
    P = empty_like(rest)
    for rows in blocks(P):
        P[rows] = _spread_rest(labels[rows], confidence[rows], rest[rows])
    return P


def _spread_rest(labels: np.ndarray, confidence: np.ndarray, rest: np.ndarray) -> np.ndarray:
    n, k = rest.shape
    if k == 1:
        return np.ones((n, 1), np.float32)
    rows, uniform = np.arange(n), 1 / (k - 1)
    P = rest.astype(np.float32)
    P[rows, labels] = 0
    P += np.finfo(np.float32).tiny  # a rest of nothing is shared equally
    P[rows, labels] = 0
    P /= P.sum(axis=1, keepdims=True)
    confidence = np.clip(confidence, 1.01 / k, 1.0).astype(np.float32)[:, None]
    ceiling = RUNNER_UP * confidence / np.maximum(1 - confidence, 1e-9)
    largest = P.max(axis=1, keepdims=True)
    share = np.clip((ceiling - uniform) / np.maximum(largest - uniform, 1e-9), 0, 1)
    P = (1 - confidence) * (share * P + (1 - share) * uniform)
    P[rows, labels] = confidence[:, 0]
    return P
