"""Labels that a person gave: kept as they are, and learnt from without taking them for a fair sample.

People answer for the doubtful images first, so all that is learnt here is conditional on the image.
"""

from typing import TypeVar

import numpy as np
from scipy import optimize

from .recalibration import LEAST_DOUBT, fit_recalibration
from .rows import ComputedRows, Matrix, Rows, Stored, blocks
from .vectors import row_chunks, softmax

GUESS_WEIGHT = 3.0
"""Answers that all guesses together count for: they hold what few answers do not speak of, and give way."""

HOLDING_WEIGHT = 0.5
"""Answers that the guesses of a class without answers count for at least: others leave it its images."""

SPREADS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Standard deviations (logits) of the correction, from which held-out answers and guesses choose."""

FOLDS = 3
MOST_ANSWERS = 2_000
"""Most answers that the correction is fitted to, an even sample of them; its cost grows with each."""

MOST_GUESSES = 300
MOST_STEPS = 30


SoftLabels = TypeVar("SoftLabels", bound=Stored)


def clamped(z: SoftLabels, anchors: np.ndarray) -> SoftLabels:
    """The soft labels (n, k) with those of the anchors (n,) made certain, in place; -1 for none."""
    answered = np.flatnonzero(anchors >= 0)
    for chunk in row_chunks(len(answered)):
        rows = answered[chunk]
        z[rows] = np.arange(z.shape[1]) == anchors[rows, None]
    return z


class TextCorrection:
    """What answers change in the text view of every image: f(x) = φ(x) W.

    Logistic regression that starts at the text: P(y = c | x) = softmax(L(x) + φ(x) W)_c, W ~ N(0, σ²), on the
    answers, weight 1 each, and an even sample of the other images at the label that the rule gave them
    without any answer. All guesses together weigh at most as much as three answers, and those of a class
    without answers as half an answer or more, each by its confidence as the answers recalibrate it: a rule
    that answers show to be wrong has no say. φ is the centred image scaled to mean square length 1, with a
    constant 1.
    """

    def __init__(self, logits: Matrix, images: Matrix, labels: np.ndarray, confidence: np.ndarray) -> None:
        """Prepare corrections of one text view.

        Args:
            logits: (n, k) text view.
            images: (n, r) centred images.
            labels: (n,) labels of a run without answers.
            confidence: (n,) how sure that run was of them.
        """
        self.logits, self.images, self.labels, self.confidence = logits, images, labels, confidence
        squares = np.concatenate(
            [np.einsum("nr,nr->n", images[rows], images[rows]) for rows in blocks(images)]
        )
        self._length = max(float(np.sqrt(squares.mean())), 1e-12)

    def spread(self, anchors: np.ndarray) -> float:
        """The σ under which held-out answers and guesses are most likely.

        Tried from the smallest up, until the likelihood no longer grows by more than its standard error: of
        models that predict alike the simplest is taken (Breiman et al. 1984, section 3.4.3, the 1-SE rule).
        """
        if np.sum(anchors >= 0) < 2 or self.logits.shape[1] == 1:
            return 0.0
        rows, y, weights, fold = self._examples(anchors)
        logits, features = self.logits[rows], self._features(rows)
        best, before = SPREADS[0], held_out_likelihood(logits, features, y, weights, fold, SPREADS[0])
        for spread in SPREADS[1:]:
            likelihood = held_out_likelihood(logits, features, y, weights, fold, spread)
            if not is_sure_gain(likelihood - before):
                break
            best, before = spread, likelihood
        return best

    def apply(self, anchors: np.ndarray, spread: float) -> Matrix:
        """Correct the text view.

        Args:
            anchors: (n,) class numbers, -1 for none.
            spread: σ ≥ 0; at 0 nothing changes.

        Returns:
            (n, k) float32 logits.
        """
        if spread == 0:
            return self.logits
        rows, y, weights, _ = self._examples(anchors)
        W = fit_correction(self.logits[rows], self._features(rows), y, weights, spread)
        if not isinstance(self.logits, np.ndarray):
            before = self.logits
            return ComputedRows(before.shape, lambda some: before[some] + self._features(some) @ W)
        corrected = np.empty_like(self.logits)
        for chunk in row_chunks(len(corrected)):
            corrected[chunk] = self.logits[chunk] + self._features(chunk) @ W
        return corrected

    def _features(self, rows: Rows) -> np.ndarray:
        images = self.images[rows] / np.float32(self._length)
        return np.hstack([images, np.ones((len(images), 1), np.float32)])

    def _examples(self, anchors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rows of answers and guesses, their labels, weights and folds."""
        answered = even_sample(self.confidence, anchors >= 0, MOST_ANSWERS)
        guessed = even_sample(self.confidence, anchors < 0, MOST_GUESSES)
        recalibration = fit_recalibration(
            self.confidence[answered], self.labels[answered] == anchors[answered]
        )
        guesses = self.labels[guessed]
        share = np.full(len(guesses), GUESS_WEIGHT / max(len(guesses), 1))
        is_held = ~np.isin(guesses, anchors[answered])
        share[is_held] = np.maximum(share, HOLDING_WEIGHT / np.bincount(guesses)[guesses])[is_held]
        trust = share * recalibration.of(self.confidence[guessed])
        return (
            np.concatenate([answered, guessed]),
            np.concatenate([anchors[answered], guesses]),
            np.concatenate([np.ones(len(answered)), trust]),
            np.concatenate([np.arange(len(answered)), np.arange(len(guessed))]) % min(FOLDS, len(answered)),
        )


def even_sample(confidence: np.ndarray, is_eligible: np.ndarray, most: int) -> np.ndarray:
    """Rows of at most `most` images that are eligible (n,), evenly spaced in the order of confidence (n,)."""
    rows = np.flatnonzero(is_eligible)
    order = rows[np.argsort(confidence[rows], kind="stable")]
    return order[np.unique(np.linspace(0, len(order) - 1, min(len(order), most)).astype(int))]


def release_folds(anchors: np.ndarray, confidence: np.ndarray) -> list[np.ndarray]:
    """Rows of the answers in three folds of alike confidence, for predictions that do not know them."""
    rows = np.flatnonzero(anchors >= 0)
    order = rows[np.argsort(confidence[rows], kind="stable")]
    return [order[start::FOLDS] for start in range(min(FOLDS, len(order)))]


def is_sure_gain(gains: np.ndarray) -> bool:
    """Whether gains in log-likelihood (a,) sum up to more than the standard error of their sum."""
    return bool(gains.sum() > np.sqrt(len(gains)) * gains.std())


def log_likelihoods(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Log-probabilities (a,) in nats of labels (a,) by predictions (a, k) that did not know them.

    At least log 0.001, so that one surprise does not decide alone.
    """
    return np.log(np.maximum(probabilities[np.arange(len(labels)), labels], LEAST_DOUBT))


def fit_correction(
    logits: np.ndarray, features: np.ndarray, labels: np.ndarray, weights: np.ndarray, spread: float
) -> np.ndarray:
    """W (f, k) that maximises Σ_i w_i log softmax(L_i + φ_i W)_{y_i} − |W|² / (2 σ²).

    W lies in the span of the rows φ: with fewer rows than features, φ φᵀ = Q Qᵀ makes the same problem
    smaller.

    Args:
        logits: (a, k) where the fit starts from.
        features: (a, f) φ.
        labels: (a,) class numbers.
        weights: (a,) ≥ 0.
        spread: σ > 0.
    """
    a, k = logits.shape
    basis, back = features.astype(np.float64), None
    if a < features.shape[1]:
        values, directions = np.linalg.eigh(basis @ basis.T)
        spanned = values > 1e-6 * values[-1]
        directions, roots = directions[:, spanned], np.sqrt(values[spanned])
        basis, back = directions * roots, features.T @ (directions / roots)
    start, rows = logits.astype(np.float64), np.arange(a)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        p = softmax(start + basis @ flat.reshape(-1, k))
        fit = float(weights @ np.log(np.maximum(p[rows, labels], 1e-300)))
        p[rows, labels] -= 1
        slope = basis.T @ (p * weights[:, None])
        return (flat @ flat) / (2 * spread**2) - fit, slope.ravel() + flat / spread**2

    nothing = np.zeros(basis.shape[1] * k)
    best = optimize.minimize(loss, nothing, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    W = best.x.reshape(-1, k)
    return (W if back is None else back @ W).astype(np.float32)


def held_out_likelihood(
    logits: np.ndarray,
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    fold: np.ndarray,
    spread: float,
) -> np.ndarray:
    """Weighted log-likelihoods (a,) in nats of labels that a correction was not fitted to.

    Args:
        logits: (a, k) text view.
        features: (a, f) φ.
        labels: (a,) class numbers.
        weights: (a,) ≥ 0.
        fold: (a,) fold in which each label is held out.
        spread: σ ≥ 0.
    """
    likelihoods = np.zeros(len(labels))
    for number in range(fold.max() + 1):
        out = fold == number
        p = logits[out].astype(np.float64)
        if spread:
            fitted = fit_correction(logits[~out], features[~out], labels[~out], weights[~out], spread)
            p += features[out] @ fitted
        right = softmax(p)[np.arange(len(p)), labels[out]]
        likelihoods[out] = weights[out] * np.log(np.maximum(right, 1e-12))
    return likelihoods
