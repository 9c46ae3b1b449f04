"""Labels that somebody made, judged by the labels of the other images: which are likely to be wrong.

Labels are doubtful anchors: each is judged by a model that it did not help to make.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from .duplicates import distinct_rows
from .gaussian import within_class_covariance
from .vectors import principal_projection, softmax

FOLDS = 5
FEWEST = 10
"""Labels without which nothing can be said of any."""

DIMENSIONS = 64
TEMPERATURES = (0.05, 20.0)
LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class LabelErrors:
    """What the labels of the other images say of each label; n images.

    Attributes:
        mistakenness: (n,) in [0, 1], one less the probability that they give to the label.
        suggested: (n,) int64, the class that they find most likely.
        is_suspect: (n,) bool, whether the label is likely to be wrong.
    """

    mistakenness: np.ndarray
    suggested: np.ndarray
    is_suspect: np.ndarray


def find_label_errors(embeddings: np.ndarray, labels: np.ndarray, seed: int = 0) -> LabelErrors:
    """Find labels that the labels of the other images speak against.

    Every fifth of the images is classified by a linear discriminant (Fisher 1936) of the others in the 64
    leading principal directions, copies of an image with it. One temperature, at which the labels are most
    likely, makes probabilities of the logits (Guo et al. 2017). Wrong labels move the means of their classes
    little, and each by its share only, so that the rule needs no clean labels.

    A label is suspect if another class is likely beyond the mean probability of that class on the images that
    have it as label: the off-diagonal of the confident joint (Northcutt et al. 2021, eq. 1).

    Args:
        embeddings: (n, d) float32 unit rows.
        labels: (n,) class numbers from 0, each class at least once.
        seed: Of the split into fifths.
    """
    k = int(labels.max()) + 1
    logits = _held_out_logits(embeddings, labels, _folds(embeddings, labels, seed))
    P = softmax(logits / _temperature(logits, labels))
    own, rows = P[np.arange(len(labels)), labels], np.arange(len(labels))
    usual = np.bincount(labels, weights=own, minlength=k) / np.bincount(labels, minlength=k)
    confident = np.where(usual <= P, P, 0)
    found = confident.argmax(axis=1)
    return LabelErrors(
        mistakenness=1 - own,
        suggested=P.argmax(axis=1),
        is_suspect=(confident[rows, found] > 0) & (found != labels) & (P.argmax(axis=1) != labels),
    )


def _folds(embeddings: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """(n,) fold of every image, each with its part of every class, and copies in one fold."""
    shuffled = np.lexsort((np.random.default_rng(seed).permutation(len(labels)), labels))
    fold = np.empty(len(labels), np.int64)
    fold[shuffled] = np.arange(len(labels)) % FOLDS
    distinct = distinct_rows(embeddings)
    return fold[distinct.first][distinct.group]


def _held_out_logits(embeddings: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(n, k) log-densities of each image under classes that the images of its fold did not help to make."""
    k = int(labels.max()) + 1
    images = principal_projection(embeddings, DIMENSIONS).of(embeddings)
    scatter, logits = images.T @ images, np.empty((len(labels), k), np.float32)
    for number in np.unique(fold):
        out = fold == number
        mass = np.bincount(labels[~out], minlength=k).astype(np.float64)
        sums = np.zeros((k, images.shape[1]))
        np.add.at(sums, labels[~out], images[~out])
        means = sums / (mass + 1)[:, None]  # images are centred: one more in each class, at their mean
        rest = scatter - images[out].T @ images[out]
        covariance = within_class_covariance(rest, sums, mass, means)
        weights = linalg.solve(covariance, means.T, assume_a="pos")
        bias = np.log((mass + 1) / (mass.sum() + k)) - np.sum(means.T * weights, axis=0) / 2
        logits[out] = images[out] @ weights + bias
    return logits


def _temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature at which the labels are most likely."""
    rows = np.arange(len(labels))

    def surprise(log_temperature: float) -> float:
        p = softmax(logits / np.float32(np.exp(log_temperature)))[rows, labels]
        return -float(np.log(np.maximum(p, LEAST_PROBABILITY)).mean())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(optimize.minimize_scalar(surprise, bounds=bounds, method="bounded").x))
