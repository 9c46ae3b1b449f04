"""Which classes an image has where it may have several: a probability of each class, and which to give.

From a refinement that gives one label, whose prototypes and soft labels rank the images of every class.
"""

from dataclasses import dataclass

import numpy as np

from .display import Displayed
from .errors import InputError
from .recalibration import Recalibration, fit_recalibration, log_odds, recalibration_weights
from .results import Refinement
from .rows import Matrix
from .vectors import row_chunks, unit_rows

MOST_NUMBERS = 100_000_000
"""Images times classes up to which there is room for a probability of every class."""

MOST_FITTED = 20_000
"""Images by which the mixture is found; more change nothing."""

LEAST_SOFT_LABEL = 1e-3
TRUSTED_IMAGES, TRUSTED_LABELS = 20, 10
"""Images with which the mean of a class without label, and the frequency of a class, count half."""

MOST_ROUNDS, SETTLED = 200, 1e-4
LARGEST_LOG_ODDS = 20.0
USUAL_THRESHOLD = 0.5


@dataclass(frozen=True, repr=False)
class LabelSets(Displayed):
    """The classes of n images, of k.

    Attributes:
        probabilities: (n, k) float32 in [0, 1], that an image has a class, whatever others it has.
        is_given: (n, k) bool, which classes are given; at least one, unless a person said that there is none.
        threshold: Probability from which a class is given, in (0, 1).
    """

    probabilities: np.ndarray
    is_given: np.ndarray
    threshold: float

    @property
    def confidence(self) -> np.ndarray:
        """(n,) float32 in [0, 1], that exactly the classes given are right, taken as independent."""
        sure = np.where(self.is_given, self.probabilities, 1 - self.probabilities)
        return sure.prod(axis=1, dtype=np.float64).astype(np.float32)


def check_size(n: int, k: int) -> None:
    """Check that there is room for a probability of every class.

    Raises:
        InputError: There is not.
    """
    if n * k > MOST_NUMBERS:
        raise InputError(
            f"{n:,} images times {k:,} classes are more than {MOST_NUMBERS:,}, the most with several labels "
            "an image: label views of the dataset one by one, or name fewer classes."
        )


def label_sets(
    refinement: Refinement,
    embeddings: Matrix,
    answers: np.ndarray | None = None,
    drawn: np.ndarray | None = None,
) -> LabelSets:
    """Find how likely every class is for every image, and which classes to give.

    The score of a class is the cosine of image and prototype, both less the mean image, and the logarithm of
    the soft label. Scores of images that have the class, and of those that do not, are two normal
    distributions of equal variance (Hastie, Tibshirani and Friedman 2009, sec. 4.3), fitted without labels by
    expectation maximisation (Dempster, Laird and Rubin 1977). Distance and variance are common to all
    classes; means and frequencies are drawn to the common ones, so that absent classes stay absent. Where
    the classes overlap the mixture is too sure: without reviews the probabilities are drawn to the frequency
    of each class until images have their most likely class as often as the refinement expects.

    Reviewed images correct the log-odds (Platt 1999), first of all classes at once, then of each class, both
    times no further than they tell. Without them a class is given from a probability of one half; with them
    from that with the largest expected F1 over all labels, half of which is the threshold (Lipton, Elkan and
    Naryanaswamy 2014).

    Args:
        refinement: What the engine returned for n images and k ≥ 2 classes.
        embeddings: (n, v) images in the space of its prototypes.
        answers: (n, k) int8, 1 for classes that a person gave to an image, 0 for its others, -1 for images
            that nobody reviewed; None if nobody did.
        drawn: (n,) in [0, 1], probability with which a reviewed image was drawn at random; 0 for others.

    Raises:
        InputError: There are too many images times classes.
    """
    n, k = refinement.probabilities.shape
    check_size(n, k)
    odds = _log_odds_without_labels(_scores(refinement, embeddings), refinement.probabilities[:])
    answers = np.full((n, k), -1, np.int8) if answers is None else answers
    reviewed = answers[:, 0] >= 0
    threshold = USUAL_THRESHOLD
    if reviewed.any():
        weights = recalibration_weights(np.zeros(reviewed.sum()) if drawn is None else drawn[reviewed])
        odds = _calibrated(odds, reviewed, answers[reviewed] == 1, weights)
    probabilities = (1 / (1 + np.exp(-odds))).astype(np.float32)
    if not reviewed.any():
        probabilities = _believed(probabilities, refinement)
    else:
        threshold = best_threshold(probabilities)
        probabilities[reviewed] = answers[reviewed]
    is_given = probabilities >= threshold
    likeliest = probabilities.argmax(axis=1)
    is_given[~reviewed, likeliest[~reviewed]] = True
    return LabelSets(probabilities, is_given, threshold)


def best_threshold(probabilities: np.ndarray) -> float:
    """The threshold with the largest expected F1 over all labels, at most one half.

    Args:
        probabilities: (n, k) in [0, 1], calibrated.
    """
    ranked = np.sort(probabilities, axis=None)[::-1].astype(np.float64)
    expected = 2 * np.cumsum(ranked) / (np.arange(1, ranked.size + 1) + ranked.sum())
    return float(np.clip(ranked[expected.argmax()], LEAST_SOFT_LABEL, USUAL_THRESHOLD))


def _scores(refinement: Refinement, embeddings: Matrix) -> np.ndarray:
    """(n, k) float64 score of every class."""
    n, k = refinement.probabilities.shape
    mean = sum(embeddings[rows].sum(axis=0, dtype=np.float64) for rows in row_chunks(n)) / n
    prototypes = unit_rows((refinement.prototypes - mean).astype(np.float32))
    cosines, soft = np.empty((n, k)), np.empty((n, k))
    for rows in row_chunks(n):
        cosines[rows] = unit_rows((embeddings[rows] - mean).astype(np.float32)) @ prototypes.T
        soft[rows] = np.log(refinement.probabilities[rows] + LEAST_SOFT_LABEL)
    return _standardised(cosines) + _standardised(soft)


def _standardised(scores: np.ndarray) -> np.ndarray:
    return (scores - scores.mean()) / max(scores.std(), LEAST_SOFT_LABEL)


def _log_odds_without_labels(scores: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """(n, k) log-odds of every class by a mixture of two normal distributions, found from the soft labels."""
    some = slice(None, None, -(-len(scores) // MOST_FITTED))
    s, share = scores[some], soft[some].astype(np.float64)
    for _ in range(MOST_ROUNDS):
        slope, middle, prior = _mixture(s, share)
        new = 1 / (1 + np.exp(-np.clip(slope * (s - middle) + prior, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)))
        change, share = np.abs(new - share).max(), new
        if change < SETTLED:
            break
    return np.clip(slope * (scores - middle) + prior, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)


def _believed(probabilities: np.ndarray, refinement: Refinement) -> np.ndarray:
    """(n, k) probabilities as sure of the most likely classes as the refinement is."""
    frequency, labels = probabilities.mean(axis=0), refinement.labels
    sure = float(np.take_along_axis(probabilities, labels[:, None], axis=1).mean())
    usual = float(frequency[labels].mean())
    share = (float(refinement.confidence.mean()) - usual) / max(sure - usual, LEAST_SOFT_LABEL)
    share = min(max(share, 0.0), 1.0)
    return share * probabilities + (1 - share) * frequency


def _mixture(s: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Slope, (k,) middles between the two means, and (k,) log-odds of the frequencies.

    Args:
        s: (m, k) scores.
        share: (m, k) in (0, 1), how likely each image has each class so far.
    """
    m, k = s.shape
    rest, having = 1 - share, share.sum(axis=0)
    common = (rest * s).sum() / max(rest.sum(), LEAST_SOFT_LABEL)
    without = ((rest * s).sum(axis=0) + TRUSTED_IMAGES * common) / (rest.sum(axis=0) + TRUSTED_IMAGES)
    apart = max((share * (s - without)).sum() / having.sum(), LEAST_SOFT_LABEL)
    squares = share * (s - without - apart) ** 2 + rest * (s - without) ** 2
    variance = max(squares.sum() / (m * k), LEAST_SOFT_LABEL)
    frequency = (having + TRUSTED_LABELS * having.sum() / (m * k)) / (m + TRUSTED_LABELS)
    return apart / variance, without + apart / 2, log_odds(frequency)


def _calibrated(odds: np.ndarray, reviewed: np.ndarray, has: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log-odds corrected by reviewed images, those of all classes at once and then those of each class.

    Args:
        odds: (n, k) log-odds.
        reviewed: (n,) bool.
        has: (r, k) bool, classes of the r reviewed images.
        weights: (r,) what each of these counts.
    """
    everywhere = _fitted(odds[reviewed].ravel(), has.ravel(), np.repeat(weights, has.shape[1]))
    odds = everywhere.shift + everywhere.slope * odds
    of_classes = [_fitted(odds[reviewed, c], has[:, c], weights) for c in range(has.shape[1])]
    slopes, shifts = (np.array([getattr(one, name) for one in of_classes]) for name in ("slope", "shift"))
    return shifts + slopes * odds


def _fitted(odds: np.ndarray, has: np.ndarray, weights: np.ndarray) -> Recalibration:
    return fit_recalibration(1 / (1 + np.exp(-odds)), has, weights)
