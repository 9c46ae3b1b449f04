"""Reviewed labels that similar images speak against: slips of the reviewer, or images worth a second look.

Judged by predictions that did not know them; no label changes by it.
"""

import numpy as np

from .duplicates import distinct_rows
from .rows import Matrix, Rows
from .vectors import even_rows, row_chunks, softmax

TEMPERATURES = np.geomspace(0.4, 12, 15)
SLIPS, NO_SLIPS = 1, 9
"""Reviewed labels that the expectation of slips counts as much as: one in ten is wrong."""

MOST_FITTED = 2_000
"""Most reviewed labels from which slips and temperature are estimated, an even sample of them."""

LEAST_PROBABILITY = 1e-3
ROUNDS = 60


def find_contradictions(probabilities: np.ndarray, answers: np.ndarray, images: Matrix) -> np.ndarray:
    """Find reviewed labels that are more likely wrong than right.

    Logistic regression with label noise (Bootkrajang and Kabán 2012): the true class is drawn from the
    prediction p at a temperature T, and with probability ε the reviewer gives one of the other classes.
    With q ∝ p^(1/T):

        P(answer y) = (1 − ε) q_y + ε (1 − q_y) / (k − 1),   log T ~ N(0, 1),   ε ~ Beta(2, 10)

    The most probable T and ε, by the answers themselves, tell predictions that are too sure from answers that
    are wrong. An answer contradicts if the second term is larger than the first, or if an identical image has
    another answer.

    Args:
        probabilities: (a, k) of predictions that did not know the answers, rows sum to 1.
        answers: (a,) class numbers.
        images: (a, v) their vectors.

    Returns:
        (a,) int64 class that is rather meant where an answer contradicts, -1 elsewhere.
    """
    a, k = probabilities.shape
    if k == 1:
        return np.full(a, -1)
    temperature, slips = _fit(probabilities, answers, even_rows(a, MOST_FITTED))
    is_wrong = np.zeros(a, bool)
    for rows in row_chunks(a):
        right = _likelihood(probabilities, answers, rows, temperature)
        is_wrong[rows] = _chance_of_slip(right, slips, k) > 0.5
    favourite = probabilities.argmax(axis=1)
    meant = np.where(is_wrong & (favourite != answers), favourite, -1)
    copies = distinct_rows(images).group
    for members in np.split(np.argsort(copies, kind="stable"), np.cumsum(np.bincount(copies))[:-1]):
        for row in members:
            others = answers[members][answers[members] != answers[row]]
            if len(others):
                meant[row] = others[probabilities[row, others].argmax()]
    return meant


def _fit(probabilities: np.ndarray, answers: np.ndarray, rows: Rows) -> tuple[float, float]:
    """The most probable temperature, and the most probable ε with it, by expectation maximisation."""
    k, tried = probabilities.shape[1], []
    for temperature in TEMPERATURES:
        right, slips = _likelihood(probabilities, answers, rows, temperature), SLIPS / (SLIPS + NO_SLIPS)
        for _ in range(ROUNDS):
            wrong = _chance_of_slip(right, slips, k).sum()
            slips = (wrong + SLIPS) / (len(right) + SLIPS + NO_SLIPS)
        worth = np.log((1 - slips) * right + slips * (1 - right) / (k - 1)).sum()
        worth += SLIPS * np.log(slips) + NO_SLIPS * np.log(1 - slips) - np.log(temperature) ** 2 / 2
        tried.append((float(worth), float(temperature), float(slips)))
    return max(tried)[1:]


def _likelihood(probabilities: np.ndarray, answers: np.ndarray, rows: Rows, temperature: float) -> np.ndarray:
    """(m,) q of some of the answers at a temperature."""
    k = probabilities.shape[1]
    q = softmax(np.log(probabilities[rows].astype(np.float64) + LEAST_PROBABILITY / k) / temperature)
    return q[np.arange(len(q)), answers[rows]]


def _chance_of_slip(right: np.ndarray, slips: float, k: int) -> np.ndarray:
    """(m,) posterior that an answer is wrong, by its likelihood (m,) under the prediction."""
    wrong = slips * (1 - right) / (k - 1)
    return wrong / (wrong + (1 - slips) * right)
