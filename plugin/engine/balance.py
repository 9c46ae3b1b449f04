"""Logits of the text view, with the classes balanced as far as the neighbours support it.

Text vectors favour some classes; neighbours that agree on a label show how much of that to undo.
"""

from dataclasses import dataclass

import numpy as np

from .rows import Matrix
from .vectors import softmax

STRENGTHS = (0.25, 0.5, 0.75)
BOUNDS = (0.5, 1.0, 2.0)
"""Most (nats) that a name may be favoured or not, where the balancing is bounded and not weakened."""

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
        strength: How far the classes came to be equally frequent, ρ = 1 − KL after / KL before, in [0, 1].
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
    """Scale cosines to logits and balance the classes as far as neighbours agree.

    A way of balancing is worth I(p_i; p_nn(i)) − λ KL(p̄ ‖ p̄_0) nats an image, with p̄ = mean_i p_i and p̄_0
    that without balancing: the mutual information between an image's soft label and its nearest neighbour's,
    because labels that are right are shared by neighbours and labels spread over absent classes are not; less
    a price for the class frequencies that balancing invents. The offsets of all ways are averaged with the
    weights softmax(n/2 · worth): few images leave the way open, many decide. Two images that are each other's
    nearest are counted twice, so every image counts half.

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
    equal, before = np.full(k, 1 / k), likelihood.mean(axis=0)
    offsets, expected = _ways_to_balance(likelihood, equal), before
    if frequencies is not None:
        expected = np.maximum(frequencies, LEAST_FREQUENCY * equal)
        offsets += [class_offset(likelihood, expected, strength) for strength in STRENGTHS]

    def worth(offset: np.ndarray) -> float:
        p = softmax(logits + offset)
        return neighbor_information(p, neighbor) - PRICE * divergence(p[some].mean(axis=0), expected)

    counted = (images or len(neighbor)) / 2
    beliefs = softmax(counted * np.array([[worth(each) for each in offsets]]))[0]
    offset = np.float32(beliefs) @ np.stack(offsets)
    balanced = logits + offset
    unevenness, left = divergence(before, equal), divergence(softmax(balanced[some]).mean(axis=0), equal)
    strength = min(max(1 - left / unevenness, 0.0), 1.0) if unevenness > 0 else 0.0
    return TextView(balanced, scale, strength, offset)


def _ways_to_balance(likelihood: np.ndarray, frequencies: np.ndarray) -> list[np.ndarray]:
    """Offsets of no balancing, weakened, bounded and full."""
    weakened = [class_offset(likelihood, frequencies, strength) for strength in STRENGTHS]
    bounded = [class_offset(likelihood, frequencies, bound=bound) for bound in BOUNDS]
    return [np.zeros_like(likelihood[0]), *weakened, *bounded, class_offset(likelihood, frequencies)]


def logit_scale(cosines: np.ndarray) -> float:
    """The factor that spreads an image's logits over the classes by `SPREAD_OF_LOGITS`.

    It comes to about 70–140 for CLIP and follows encoders whose cosines spread differently.
    """
    spread = float(cosines.std(axis=1).mean())
    return SPREAD_OF_LOGITS / spread if spread > ROUNDING else 1.0


def class_offset(
    likelihood: np.ndarray, frequencies: np.ndarray, strength: float = 1.0, bound: float = MOST_OFFSET
) -> np.ndarray:
    """Offset f of the logits that brings the class frequencies nearer to g.

    The fixed point of f_c ← f_c/2 + ½ [ρ · (f_c + log g_c − log mean_i p_ic)] with p = softmax(logits + f)
    and [·] within ± b of its median over the classes; at ρ = 1 without bound this is the damped Sinkhorn
    iteration (Cuturi 2013) towards the class masses n · g. Names are favoured a little, and what a rare class
    lacks is much: a strength undoes the same share of both, a bound all of the first and little of the other.

    Args:
        likelihood: (n, k) positive, exp(logits) up to a factor per row.
        frequencies: (k,) > 0, g.
        strength: ρ in (0, 1].
        bound: b > 0, nats.

    Returns:
        (k,) float32 offsets.
    """
    n, k = likelihood.shape
    offset, wanted = np.zeros(k, np.float32), np.log(frequencies)
    for _ in range(MOST_ROUNDS):
        weight = np.exp(offset)
        mass = weight * (likelihood.T @ (1 / (likelihood @ weight))) / n
        target = strength * (offset + wanted - np.log(np.maximum(mass, np.finfo(np.float32).tiny)))
        target = np.clip(target - np.median(target), -bound, bound)
        step = (offset + target) / 2 - offset
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
