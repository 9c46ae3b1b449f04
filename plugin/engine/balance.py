"""Logits of the text view, with the classes balanced as far as the neighbours support it.

Text vectors favour some classes; neighbours that agree on a label show how much of that to undo.
"""

from dataclasses import dataclass

import numpy as np

from .rows import Matrix
from .vectors import softmax

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
PRICE = 0.3
"""Nats of neighbour information that a nat of changed class frequencies must earn."""

SPREAD_OF_LOGITS = 3.0
"""Standard deviation over the classes that an image's logits are scaled to."""

MOST_OFFSET = 80.0
"""Largest offset (nats), so that a class that no image resembles stays within what float32 can hold."""

LEAST_FREQUENCY = 1e-3
"""Frequency of a class that is thought to be absent, in parts of an equal share."""

ROUNDING = 1e-5
"""Spread of cosines below which class names are the same but for rounding."""

MOST_ROUNDS = 60
SETTLED = 1e-3


@dataclass(frozen=True)
class TextView:
    """What the class names alone say of every image.

    Attributes:
        logits: (n, k) float32, scaled and balanced.
        scale: Factor from cosine to logit.
        strength: Strength ρ of the balancing, 0 (none) to 1 (classes equally frequent).
        offset: (k,) float32, what the balancing adds to the logits.
    """

    logits: Matrix
    scale: float
    strength: float
    offset: np.ndarray


def text_view(
    cosines: np.ndarray,
    neighbor: np.ndarray,
    frequencies: np.ndarray | None = None,
    images: int | None = None,
) -> TextView:
    """Scale cosines to logits and balance the classes as strongly as neighbours agree.

    A strength is worth I(p_i; p_nn(i)) − λ KL(p̄_ρ ‖ p̄_0) nats an image, with p̄ = mean_i p_i: the mutual
    information between an image's soft label and its nearest neighbour's, because labels that are right are
    shared by neighbours and labels spread over absent classes are not; less a price for the class frequencies
    that balancing invents. The offsets of all strengths are averaged with the weights softmax(n · worth):
    few images leave the strength open, many decide.

    A person's idea g of the frequencies is believed as far as the neighbours bear it out: the classes may be
    balanced towards g too, with every strength but the full one, and the price is that of frequencies unlike
    g.

    Args:
        cosines: (m, k) float32, image against class name.
        neighbor: (n,) row of each image's nearest neighbour, n ≤ m: rows after the first n are neighbours
            only. Empty when there is but one image.
        frequencies: (k,) ≥ 0, g, sum to 1; None where nobody has an idea.
        images: How many images the first n rows stand for; n if None.
    """
    some, k = slice(0, len(neighbor) or len(cosines)), cosines.shape[1]
    scale = logit_scale(cosines[some])
    logits = scale * cosines
    if len(neighbor) == 0 or k == 1:
        return TextView(logits, scale, strength=0.0, offset=np.zeros(k, np.float32))
    likelihood = np.maximum(softmax(logits[some]), np.finfo(np.float32).tiny)
    equal = np.full(logits.shape[1], 1 / logits.shape[1])
    expected, towards = likelihood.mean(axis=0), [(strength, equal) for strength in STRENGTHS]
    if frequencies is not None:
        expected = np.maximum(frequencies, LEAST_FREQUENCY * equal)
        towards += [(strength, expected) for strength in STRENGTHS[1:-1]]

    def worth(offset: np.ndarray) -> float:
        p = softmax(logits + offset)
        return neighbor_information(p, neighbor) - PRICE * divergence(p[some].mean(axis=0), expected)

    offsets = np.stack([class_offset(likelihood, *each) for each in towards])
    belief = softmax((images or len(neighbor)) * np.array([[worth(offset) for offset in offsets]]))[0]
    strength = float(belief @ np.array([each for each, _ in towards]))
    offset = np.float32(belief) @ offsets
    return TextView(logits + offset, scale, strength, offset)


def logit_scale(cosines: np.ndarray) -> float:
    """The factor that spreads an image's logits over the classes by `SPREAD_OF_LOGITS`.

    It comes to about 70–140 for CLIP and follows encoders whose cosines spread differently.
    """
    spread = float(cosines.std(axis=1).mean())
    return SPREAD_OF_LOGITS / spread if spread > ROUNDING else 1.0


def class_offset(
    likelihood: np.ndarray, strength: float, frequencies: np.ndarray | None = None
) -> np.ndarray:
    """Offset f of the logits that brings the class frequencies nearer to g.

    The fixed point of f_c ← f_c/2 + ρ/2 · (f_c + log g_c − log mean_i p_ic) with p = softmax(logits + f);
    at ρ = 1 this is the damped Sinkhorn iteration (Cuturi 2013) towards the class masses n · g.

    Args:
        likelihood: (n, k) positive, exp(logits) up to a factor per row.
        strength: ρ in [0, 1].
        frequencies: (k,) > 0, g; equal if None.

    Returns:
        (k,) float32 offsets; zeros at ρ = 0.
    """
    n, k = likelihood.shape
    offset = np.zeros(k, np.float32)
    wanted = np.log(np.full(k, 1 / k) if frequencies is None else frequencies)
    if strength == 0:
        return offset
    for _ in range(MOST_ROUNDS):
        weight = np.exp(offset)
        mass = weight * (likelihood.T @ (1 / (likelihood @ weight))) / n
        target = offset + wanted - np.log(np.maximum(mass, np.finfo(np.float32).tiny))
        step = np.clip((offset + strength * target) / 2, -MOST_OFFSET, MOST_OFFSET) - offset
        offset += step.astype(np.float32)
        if np.abs(step).max() < SETTLED:
            break
    return offset


def neighbor_information(probabilities: np.ndarray, neighbor: np.ndarray) -> float:
    """Mutual information (nats) between an image's soft label and its nearest neighbour's.

    Args:
        probabilities: (m, k) rows that sum to 1.
        neighbor: (n,) row of the nearest neighbour of each of the first n ≤ m images.
    """
    joint = probabilities[: len(neighbor)].T @ probabilities[neighbor] / len(neighbor)
    independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    tiny = np.finfo(np.float32).tiny
    return float(np.sum(joint * np.log(np.maximum(joint, tiny) / np.maximum(independent, tiny))))


def divergence(frequencies: np.ndarray, reference: np.ndarray) -> float:
    """Kullback-Leibler divergence (nats) of class frequencies from others.

    Args:
        frequencies: (k,) ≥ 0, sum to 1.
        reference: (k,) ≥ 0, sum to 1.
    """
    tiny = np.finfo(np.float32).tiny
    ratio = np.maximum(frequencies, tiny) / np.maximum(reference, tiny)
    return float(np.sum(frequencies * np.log(ratio)))
