"""The textbook rule: soft alignment of vectors to prototypes, then prototypes as weighted means.

P_c(0) = text(c);  γ(v, c) = softmax_c(cos(v, P_c) / τ);  P_c(t+1) = Σ_v γ(v, c) v / Σ_v γ(v, c).
"""

from collections.abc import Iterator

import numpy as np
from scipy import special

from .answers import clamped
from .clustering import Hierarchy
from .config import Settings
from .evidence import Evidence
from .iteration import Levels, OnIteration, Outcome, State
from .rows import Matrix, blocks, column_sums, computed, product
from .vectors import softmax, unit_rows


def run(
    evidence: Evidence, hierarchy: Hierarchy, settings: Settings, on_iteration: OnIteration | None = None
) -> Outcome:
    """Refine on meta-clusters, micro-clusters and images, each level seeded by the last.

    Args:
        evidence: Images and class names; neighbours and the text view have no say.
        hierarchy: The clusters; a level that cannot help is skipped, and its history says why.
        settings: Temperature, tolerance and most iterations per level.
        on_iteration: Called with the history so far after every round.
    """
    V, temperature, anchors = evidence.V, settings.temperature, evidence.anchors
    text_view = soft_alignment(evidence.X, evidence.T, temperature, anchors)
    levels = Levels(State(text_view, evidence.first_prototypes()), settings, on_iteration)
    for clusters in hierarchy:
        reason = clusters.reason_to_skip(len(evidence.T))
        if reason:
            levels.skip(clusters.level, len(clusters), reason)
            continue
        rounds = prototype_rounds(V, clusters.means, levels.state.prototypes, temperature, anchors)
        levels.run(clusters.level, len(clusters), rounds)
    levels.run("image", len(V), prototype_rounds(V, V, levels.state.prototypes, temperature, anchors))
    state = levels.state
    return Outcome(
        probabilities=state.probabilities,
        text_weight=0.0,
        sources=None,
        prototypes=state.prototypes,
        history=levels.history,
        level_labels=levels.labels,
        alignment={
            clusters.level: soft_alignment(clusters.means, state.prototypes, temperature)[:]
            for clusters in hierarchy
        },
    )


def prototype_rounds(
    images: Matrix, V: Matrix, P: np.ndarray, temperature: float, anchors: np.ndarray | None = None
) -> Iterator[State]:
    """Yield the state of the images after every round on the vectors of a level.

    Args:
        images: (n, d) float32 unit rows.
        V: (m, d) float32 unit rows, clusters of the level or the images themselves.
        P: (k, d) prototypes to start from.
        temperature: τ > 0, in units of cosine.
        anchors: (n,) class that a person gave, -1 for none; responsibilities of such images are certain.
    """
    while True:
        likelihood = mean_log_likelihood(V, P, temperature)
        responsibilities = soft_alignment(V, P, temperature, anchors if V is images else None)
        P = updated_prototypes(V, P, responsibilities)
        yield State(soft_alignment(images, P, temperature, anchors), P, likelihood)


def soft_alignment(V: Matrix, P: np.ndarray, temperature: float, anchors: np.ndarray | None = None) -> Matrix:
    """Responsibility of every class for every vector.

    Args:
        V: (m, d) float32 unit rows, clusters or images.
        P: (k, d) float32 prototypes of any length.
        temperature: τ > 0, in units of cosine.
        anchors: (m,) class that a person gave, which is certain, -1 for none; None where there is none.

    Returns:
        (m, k) float32, rows sum to 1.
    """
    directions = unit_rows(P).T
    known = np.full(len(V), -1) if anchors is None else anchors
    return computed(
        len(P),
        V,
        lambda rows: clamped(softmax(V[rows] @ directions / np.float32(temperature)), known[rows]),
    )


def mean_log_likelihood(V: Matrix, P: np.ndarray, temperature: float) -> float:
    """Mean over vectors of log Σ_c exp(cos(v, P_c) / τ), what the rule climbs (nats).

    Up to a constant, the log-likelihood of a mixture of von Mises-Fisher distributions with equal
    weights and concentration 1/τ (Banerjee et al. 2005).
    """
    logits = computed(len(P), V, lambda rows: V[rows] @ unit_rows(P).T / np.float32(temperature))
    likelihoods = [special.logsumexp(logits[rows], axis=1) for rows in blocks(logits)]
    return float(np.concatenate(likelihoods).mean())


def updated_prototypes(V: Matrix, P: np.ndarray, responsibilities: Matrix) -> np.ndarray:
    """Mean of the vectors, weighted by how much each belongs to the class.

    Args:
        V: (m, d) float32 unit rows.
        P: (k, d) prototypes before, kept where no vector belongs to the class at all.
        responsibilities: (m, k) rows that sum to 1.

    Returns:
        (k, d) float32 prototypes, not of unit length.
    """
    mass = column_sums(responsibilities)[:, None]
    means = product(responsibilities, V) / np.maximum(mass, np.finfo(np.float32).tiny)
    return np.where(mass > 0, means, P)
