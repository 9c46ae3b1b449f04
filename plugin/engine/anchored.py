"""The robust rule: Gaussian classes in image space, anchored to the text and smoothed by neighbours.

Prototypes start from the text and move towards the images as far as there are images to move them.
"""

from collections.abc import Iterator

import numpy as np
from scipy import linalg

from .clustering import Hierarchy
from .config import Settings
from .evidence import Evidence
from .iteration import Levels, Outcome, State
from .vectors import TRUSTED_IMAGES, group_means, principal_projection, softmax, trust_in_classes

VOTERS = 3
"""Nearest neighbours that have a say in an image's label."""

MOST_DIMENSIONS = 256
SEEN_IMAGES = 20.0
"""Images of a class at which the Gaussian has half of its weight."""

LEAVE_OUT = 2.0
"""Times the exact leave-one-out correction: the neighbours' soft labels repeat what the image said."""

NEIGHBOR_WEIGHT = 0.25
PRIOR_WEIGHT = 0.5
INNER_ROUNDS = 3
SUREST_COPY = 0.98


def run(evidence: Evidence, hierarchy: Hierarchy, settings: Settings) -> Outcome:
    """Refine the text view of the images.

    Args:
        evidence: Images, class names, neighbours and text view.
        hierarchy: The clusters, for the alignment.
        settings: Tolerance and most iterations.
    """
    rule = AnchoredRule(evidence)
    levels = Levels(State(softmax(evidence.text.logits), evidence.first_prototypes()), settings)
    levels.run("image", len(evidence.V), rule.rounds())
    z = levels.state.probabilities
    return Outcome(
        probabilities=z,
        image_view=softmax(np.log(np.maximum(z, np.finfo(np.float32).tiny)) - evidence.text.logits),
        prototypes=levels.state.prototypes,
        history=levels.history,
        level_labels=levels.labels,
        alignment={
            clusters.level: group_means(z, clusters.assignments, len(clusters)) for clusters in hierarchy
        },
    )


class AnchoredRule:
    """Anchored Gaussian refinement of the text view.

    Gaussian classes with one covariance over all images (TransCLIP, Zanella et al. 2024, eq. 3-7), shrunk
    to a text anchor (StatA, Zanella et al. 2025). Ours: an image is judged by prototypes that it did not
    help to make, the Gaussian weighs as much as its means are known, neighbours speak through a channel
    whose reliability is measured, and all that is learnt from the data fades by s = n / (n + k) where
    there are few images per class.
    """

    def __init__(self, evidence: Evidence) -> None:
        """Prepare the rule for one set of images."""
        X, self.logits = evidence.V, evidence.text.logits
        self.neighbors = evidence.neighbors[:, :VOTERS]
        self.fade = len(self.logits) / sum(self.logits.shape)
        self.prior_weight = PRIOR_WEIGHT * (1 - evidence.text.strength)
        self.projection = principal_projection(X, MOST_DIMENSIONS)
        self.images = self.projection.of(X)
        self.texts = self.projection.of(evidence.T)
        self.scatter = self.images.T @ self.images

    def rounds(self) -> Iterator[State]:
        """Yield the state after every round, starting from the text view."""
        z = softmax(self.logits)
        while True:
            mass = z.sum(axis=0)
            prototypes = self._prototypes(z, mass)
            covariance = within_class_covariance(self.scatter, z.T @ self.images, mass, prototypes)
            distances = held_out_distances(self.images, z, mass, prototypes, covariance)
            gaussian = -0.5 * gaussian_weight(mass) * distances
            prior = self.prior_weight * np.log((mass + 1) / (len(z) + len(mass)))
            fixed = self.logits + self.fade * (gaussian + prior)
            for _ in range(INNER_ROUNDS):
                z = softmax(fixed + NEIGHBOR_WEIGHT * neighbor_message(z, self.neighbors))
            yield State(z, self.projection.back(prototypes))

    def _prototypes(self, z: np.ndarray, mass: np.ndarray) -> np.ndarray:
        """Class means, shrunk to the text anchor where a class has few images."""
        means = (z.T @ self.images) / np.maximum(mass, 1e-6)[:, None]
        anchors = text_anchors(means, self.texts, mass)
        trust = trust_in_classes(mass)[:, None]
        return trust * means + (1 - trust) * anchors


def text_anchors(means: np.ndarray, texts: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Where the text expects the class means: v̄ + κ (t_c − t̄), a bridge over the modality gap.

    κ ≥ 0 is the least-squares factor from text differences to image differences, each class weighted
    by its mass.

    Args:
        means: (k, m) class means of the images.
        texts: (k, m) text vectors in the same coordinates.
        mass: (k,) expected number of images per class.
    """
    share = (mass / mass.sum())[:, None]
    mean = (share * means).sum(axis=0)
    text_offsets = texts - (share * texts).sum(axis=0)
    spread = float((share * text_offsets**2).sum())
    slope = float((share * text_offsets * (means - mean)).sum()) / spread if spread > 0 else 0.0
    return mean + max(slope, 0.0) * text_offsets


def within_class_covariance(
    scatter: np.ndarray, sums: np.ndarray, mass: np.ndarray, prototypes: np.ndarray
) -> np.ndarray:
    """Shared covariance Σ_ic z_ic (x_i − μ_c)(x_i − μ_c)ᵀ / n, plus its mean variance on the diagonal.

    Args:
        scatter: (m, m) Σ_i x_i x_iᵀ.
        sums: (k, m) Σ_i z_ic x_i.
        mass: (k,) Σ_i z_ic; all of it is n.
        prototypes: (k, m) μ_c.

    Returns:
        (m, m) float64, positive definite.
    """
    cross = sums.T @ prototypes
    within = scatter - cross - cross.T + (prototypes.T * mass) @ prototypes
    covariance = within.astype(np.float64) / mass.sum()
    ridge = max(np.trace(covariance) / len(covariance), 1e-6)
    return covariance + ridge * np.eye(len(covariance))


def held_out_distances(
    images: np.ndarray, z: np.ndarray, mass: np.ndarray, prototypes: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Squared Mahalanobis distances to prototypes that the image did not help to make.

    With R_c = N_c + 10 the prototype without image i gives x_i − μ_c^{−i} = (x_i − μ_c) R_c / (R_c − z_ic),
    exact but for the anchor, so that the distance grows by g = (R_c / (R_c − z_ic))²; here 1 + 2 (g − 1).

    Args:
        images: (n, m) float32.
        z: (n, k) soft labels, rows sum to 1.
        mass: (k,) expected number of images per class.
        prototypes: (k, m).
        covariance: (m, m) positive definite.

    Returns:
        (n, k) float32 ≥ 0, less the smallest of each row.
    """
    root = linalg.cholesky(covariance, lower=True)
    whitening = linalg.solve_triangular(root, np.eye(len(root)), lower=True).T.astype(np.float32)
    x, mu = images @ whitening, prototypes @ whitening
    squares = np.sum(x * x, axis=1)[:, None] - 2 * (x @ mu.T) + np.sum(mu * mu, axis=1)
    counts = (mass + TRUSTED_IMAGES).astype(np.float32)
    growth = (counts / np.maximum(counts - z, 0.1 * counts)) ** 2
    distances = np.maximum(squares, 0) * (1 + LEAVE_OUT * (growth - 1))
    return distances - distances.min(axis=1, keepdims=True)


def gaussian_weight(mass: np.ndarray) -> float:
    """How well the means of the Gaussians are known: Σ_c (N_c/n) · N_c / (N_c + 20), in [0, 1)."""
    return float(np.sum(mass**2 / (mass + SEEN_IMAGES)) / mass.sum())


def neighbor_message(z: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """What the neighbours' labels say of an image's: log(1 − a + a · v_ic / π_c).

    A noisy channel that copies the class with chance a and else draws it from the class frequencies π.
    v is the neighbours' mean soft label; a is Cohen's κ (1960) of images and their neighbours, measured in
    this round, so neighbours that say little keep quiet.

    Args:
        z: (n, k) soft labels, rows sum to 1.
        neighbors: (n, m) rows of the nearest neighbours.

    Returns:
        (n, k) float32, zeros where there are no neighbours or but one class.
    """
    n, k = z.shape
    if neighbors.shape[1] == 0 or k == 1:
        return np.zeros_like(z)
    votes = sum(z[column] for column in neighbors.T) / neighbors.shape[1]
    frequencies = z.mean(axis=0) + 1e-6
    chance = float(frequencies @ frequencies)
    agreement = float(np.einsum("nk,nk->", z, votes)) / n
    copies = np.clip((agreement - chance) / max(1 - chance, 1e-6), 0, SUREST_COPY)
    return np.log1p(copies * (votes / frequencies - 1)).astype(np.float32)
