"""What labels are worth where the text tower may not know the names of the classes.

A compact cluster with a wrong name is compact all the same, so what images agree on cannot make up for it.
"""

import numpy as np

from .confidence import spread_rest
from .evidence import Evidence
from .rows import Stored, empty_like
from .vectors import row_chunks, softmax


def name_trust(reliability: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """How far the images of each class are known: by its name, or by reviewed labels.

    With ρ_c the reliability of the name and m_c the reviewed labels of the class:

        trust_c = 1 − (1 − ρ_c)/(1 + m_c)

    A reviewed label counts for ten images, and with ten images a class is known as well by them as by its
    name (`trust_in_classes`), so each takes its share of what the name leaves open.

    Args:
        reliability: (k,) in [0, 1], chance that images of the class are recognised by its name.
        anchors: (n,) class that a person gave, -1 for none.

    Returns:
        (k,) float64 in [0, 1].
    """
    reviewed = np.bincount(anchors[anchors >= 0], minlength=len(reliability))
    return 1 - (1 - reliability.astype(np.float64)) / (1 + reviewed)


def held_to_names(z: Stored, evidence: Evidence) -> Stored:
    """Soft labels that keep to the nearest name where a name is not known.

    Refinement draws a class to the images that its name found first. Where these are no more than chance, it
    goes astray: the soft label of a class counts as far as the class is known, that of the names alone,
    without balancing, for the rest.

        z_ic ∝ trust_c · z_ic + (1 − trust_c) · softmax_c(s · cos(x_i, t_c))

    Args:
        z: (n, k) soft labels of a rule, rows sum to 1.
        evidence: What the rule started from.

    Returns:
        (n, k) float32 rows that sum to 1; `z` itself where every class is known.
    """
    trust = _trust(evidence)
    if trust is None:
        return z
    held = empty_like(z)
    for rows in row_chunks(len(z)):
        names = softmax(np.float32(evidence.text.scale) * (evidence.X[rows] @ evidence.T.T))
        mixed = (trust * z[rows] + (1 - trust) * names).astype(np.float32)
        held[rows] = mixed / mixed.sum(axis=1, keepdims=True)
    return held


def doubted(probabilities: Stored, evidence: Evidence) -> Stored:
    """Probabilities that allow for names that the text tower does not know.

    A label is right where its name is and the image was judged rightly by it, or by luck where neither is:

        confidence_i ← q_l · confidence_i + (1 − q_l) · (1 − confidence_i)/(k − 1)

    with q_l the chance that label l is the right name of what it stands for, `chance_of_right_name`.

    Args:
        probabilities: (n, k) rows that sum to 1, the largest the chance that the label is right if its name
            is known.
        evidence: What the rule started from.

    Returns:
        (n, k) float32 rows that sum to 1, with the same largest class; themselves where every class is known.
    """
    trust = _trust(evidence)
    if trust is None or probabilities.shape[1] == 1:
        return probabilities
    right, k = chance_of_right_name(trust), probabilities.shape[1]
    doubtful = empty_like(probabilities)
    for rows in row_chunks(len(probabilities)):
        P = probabilities[rows]
        labels, confidence = P.argmax(axis=1), P.max(axis=1)
        by_name = right[labels]
        confidence = by_name * confidence + (1 - by_name) * (1 - confidence) / (k - 1)
        doubtful[rows] = spread_rest(labels, confidence, P)[:]
    return doubtful


def chance_of_right_name(trust: np.ndarray) -> np.ndarray:
    """Chance that what a name finds is what it means, among k classes that are equally frequent.

    The images of a class whose name is known get it; those of any other class get a name at random. So a
    name is right no more often than it finds its own images, and a known one, too, finds images of classes
    that are not:

        found_l = ρ_l + (1 − ρ_l)/k        q_l = found_l · min(1, 1 / (ρ_l + Σ_c (1 − ρ_c)/k))

    Args:
        trust: (k,) ρ in [0, 1].

    Returns:
        (k,) float64 in [1/k, 1]; all 1 where all names are known, all 1/k where none is.
    """
    found = trust + (1 - trust) / len(trust)
    return found / np.maximum(trust + np.mean(1 - trust), 1)


def _trust(evidence: Evidence) -> np.ndarray | None:
    """Trust in each class, None where all are known."""
    if evidence.name_reliability is None:
        return None
    trust = name_trust(evidence.name_reliability, evidence.anchors)
    return None if (trust == 1).all() else trust
