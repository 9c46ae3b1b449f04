"""Confidence: from the soft labels of a rule to the probability that a label is right.

Three witnesses speak, none of which has seen a true label: the rule's own soft label, the class names
alone, and the image's nearest neighbours. Labels never change here, only how sure the numbers are.
"""

import numpy as np

from .evidence import Evidence
from .vectors import row_chunks, softmax, trust_in_classes, trust_in_run

DOUBT = 6.0
"""How much more disagreeing neighbours count in a run where they disagree often; 4 to 9 do alike."""

RUNNER_UP = 0.999
"""Most that another class may have of the label's probability, so that the label stays the largest."""


def calibrated(z: np.ndarray, evidence: Evidence, temperature: float = 1.0) -> np.ndarray:
    """Probabilities whose largest is the chance that the label is right.

    Args:
        z: (n, k) rows that sum to 1, the soft labels of a rule.
        evidence: What the rule started from.
        temperature: ≥ 1, by how much the soft labels are too sure of themselves.

    Returns:
        (n, k) float32 rows that sum to 1, with the same largest class as `z`.
    """
    labels = z.argmax(axis=1)
    if temperature != 1:
        z = tempered(z, temperature)
    text, rest = np.empty(len(z), np.float32), np.empty_like(z, np.float32)
    for rows in row_chunks(len(z)):
        p = softmax(evidence.text.logits[rows])
        text[rows] = np.take_along_axis(p, labels[rows, None], axis=1)[:, 0]
        np.add(z[rows], p, out=rest[rows])
    reliability = neighbor_reliability(evidence.V, evidence.similarities)
    confidence = label_confidence(z, text, labels, evidence.neighbors, reliability)
    for rows in row_chunks(len(z)):
        rest[rows] = spread_rest(labels[rows], confidence[rows], rest[rows])
    return rest


def tempered(z: np.ndarray, temperature: float) -> np.ndarray:
    """Soft labels z^(1/τ), renormalised: less sure of themselves for τ > 1, the same order.

    Args:
        z: (n, k) rows that sum to 1.
        temperature: τ > 0.

    Returns:
        (n, k) float32 rows that sum to 1.
    """
    softer = np.empty_like(z, np.float32)
    for rows in row_chunks(len(z)):
        logs = np.log(np.maximum(z[rows], np.finfo(np.float32).tiny))
        softer[rows] = softmax(logs / np.float32(temperature))
    return softer


def label_confidence(
    z: np.ndarray, text: np.ndarray, labels: np.ndarray, neighbors: np.ndarray, reliability: float
) -> np.ndarray:
    """Chance that each label is right, by the agreement of the three witnesses.

    With l the label of image i, z its soft label, p the text's alone, N_l = Σ_i z_il, q the reliability:

        w_i = n/(n + k) · N_l/(N_l + 10)           how far the images of the class can be trusted
        v_i = mean of z_jl over the nearest neighbours j
        r   = 6 · (1 − v̄)² · min(1, q/(1 − q)),     v̄ = Σ w v / Σ w
        confidence_i = w_i · z_il · v_i^r + (1 − w_i) · (z_il + p_il)/2

    A class of few images is fit to the very images that it labels: there the confidence is the mean of
    the rule's and the text's. In a class of many images it is the rule's, as far as the neighbours bear
    it out; disagreement counts the more, the more common it is in this run, and the less, the less
    neighbours resemble each other.

    Args:
        z: (n, k) soft labels.
        text: (n,) what the class names alone give to the label.
        labels: (n,) class numbers.
        neighbors: (n, m) rows of the nearest neighbours, nearest first.
        reliability: q in [0, 1].

    Returns:
        (n,) float64 in [0, 1].
    """
    rows = np.arange(len(z))
    own = z[rows, labels].astype(np.float64)
    mass = z.sum(axis=0, dtype=np.float64)
    trust = trust_in_classes(mass)[labels] * trust_in_run(*z.shape)
    vote = neighbor_vote(z, labels, neighbors, mass[labels])
    likeness = min(1.0, reliability / max(1 - reliability, 1e-9))
    doubt = DOUBT * (1 - np.average(vote, weights=trust)) ** 2 * likeness
    return trust * own * vote**doubt + (1 - trust) * (own + text) / 2


def neighbor_reliability(X: np.ndarray, similarities: np.ndarray) -> float:
    """How much nearer neighbours are than any two images: 1 − mean(1 − cos to neighbours) / mean(1 − cos).

    Where images scatter with variance W around local modes that scatter with variance S, this is
    S/(S + W), the intraclass correlation (Fisher 1925). Encoders have 0.45 to 0.8 on real images; near 0
    every image is about as far from every other, and neighbours say little.

    Args:
        X: (n, d) float32 unit rows.
        similarities: (n, m) cosines of the nearest neighbours.

    Returns:
        A number in [0, 1]; 0 where there are no neighbours or all images are the same.
    """
    if similarities.size == 0:
        return 0.0
    mean = X.mean(axis=0, dtype=np.float64)
    any_two = 1 - float(mean @ mean)
    if any_two < 1e-6:
        return 0.0
    return float(np.clip(1 - (1 - similarities.mean(dtype=np.float64)) / any_two, 0, 1))


def neighbor_vote(z: np.ndarray, labels: np.ndarray, neighbors: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Mean probability that the nearest neighbours give to an image's label.

    At most half as many are asked as the label has images: a class of three cannot fill five places.

    Args:
        z: (n, k) soft labels.
        labels: (n,) label of each image.
        neighbors: (n, m) rows of the nearest neighbours, nearest first.
        mass: (n,) expected number of images with that label.

    Returns:
        (n,) float64 in [0, 1]; ones where there are no neighbours.
    """
    voters = neighbors.shape[1]
    if voters == 0:
        return np.ones(len(z))
    asked = np.clip(mass // 2, 1, voters)
    votes = np.zeros(len(z))
    for column in range(voters):
        votes += (column < asked) * z[neighbors[:, column], labels]
    return np.minimum(votes / asked, 1.0)


def spread_rest(labels: np.ndarray, confidence: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Rows that give `confidence` to the label and share what is left in proportion to `rest`.

    Where a runner-up would overtake the label, the rest is mixed with as much of the uniform as stops it.

    Args:
        labels: (n,) class numbers.
        confidence: (n,) in [0, 1]; raised to a little over 1/k, the least that the largest of k can have.
        rest: (n, k) numbers ≥ 0.

    Returns:
        (n, k) float32 rows that sum to 1, the label's the largest.
    """
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
