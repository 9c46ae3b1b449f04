"""The robust rule: Gaussian classes in image space, anchored to the text and smoothed by neighbours.

Prototypes start from the text and move towards the images as far as there are images to move them.
"""

from collections.abc import Iterator

import numpy as np

from .clustering import Hierarchy
from .config import Settings
from .evidence import Evidence
from .iteration import Outcome, State, run_level
from .vectors import group_means, principal_directions, softmax, trust_in_classes

SMOOTHING_NEIGHBORS = 3
MOST_DIMENSIONS = 256
GAUSSIAN_WEIGHT = 1 / 5
NEIGHBOR_WEIGHT = 0.5
PRIOR_WEIGHT = 0.4
INNER_ROUNDS = 3


def run(evidence: Evidence, hierarchy: Hierarchy, settings: Settings) -> Outcome:
    """Refine the text view of the images.

    Args:
        evidence: Images, class names, neighbours and text view.
        hierarchy: The clusters, for the alignment.
        settings: Tolerance and most iterations.
    """
    start = State(softmax(evidence.text.logits), evidence.T)
    rounds = AnchoredRule(evidence).rounds()
    state, history = run_level("image", len(evidence.X), start, rounds, settings)
    alignment = {
        clusters.level: group_means(state.probabilities, clusters.assignments, len(clusters))
        for clusters in hierarchy
    }
    return Outcome(state.probabilities, state.prototypes, (history,), alignment)


class AnchoredRule:
    """Anchored Gaussian refinement of the text view.

    Combines the Gaussian classes with shared covariance of transductive CLIP (TransCLIP, Zanella et
    al. 2024, eq. 3–7) and the shrinkage to a text anchor of StatA (Zanella et al. 2025), and fades what is
    learnt from the data by s = n / (n + k) where there are few images per class.
    """

    def __init__(self, evidence: Evidence) -> None:
        """Prepare the rule for one set of images."""
        X, logits = evidence.X, evidence.text.logits
        self.logits = logits
        self.neighbors = evidence.neighbors[:, :SMOOTHING_NEIGHBORS]
        self.similarities = evidence.similarities[:, :SMOOTHING_NEIGHBORS]
        self.fade = len(logits) / sum(logits.shape)
        self.prior_weight = PRIOR_WEIGHT * (1 - evidence.text.strength)
        self.mean = X.mean(axis=0)
        self.basis = principal_directions(X - self.mean, MOST_DIMENSIONS)
        self.images = (X - self.mean) @ self.basis
        self.texts = (evidence.T - self.mean) @ self.basis

    def rounds(self) -> Iterator[State]:
        """Yield the state after every round, starting from the text view."""
        z = softmax(self.logits)
        while True:
            mass = z.sum(axis=0)
            prototypes = self._prototypes(z, mass)
            gaussian = self._gaussian_logits(z, mass, prototypes)
            prior = np.log((mass + 1) / (len(z) + len(mass)))
            fixed = self.logits + self.fade * (gaussian + self.prior_weight * prior)
            for _ in range(INNER_ROUNDS):
                z = softmax(fixed + self.fade * NEIGHBOR_WEIGHT * self._neighbor_votes(z))
            yield State(z, prototypes @ self.basis.T + self.mean)

    def _prototypes(self, z: np.ndarray, mass: np.ndarray) -> np.ndarray:
        """Class means, shrunk to the text anchor where a class has few images."""
        means = (z.T @ self.images) / np.maximum(mass, 1e-6)[:, None]
        anchors = text_anchors(means, self.texts, mass)
        trust = trust_in_classes(mass)[:, None]
        return trust * means + (1 - trust) * anchors

    def _gaussian_logits(self, z: np.ndarray, mass: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
        """Linear discriminant of classes with one shared covariance."""
        covariance = within_class_covariance(self.images, z, mass, prototypes)
        weights = np.linalg.solve(covariance, prototypes.T).astype(np.float32)
        bias = -0.5 * np.einsum("kd,dk->k", prototypes, weights)
        return GAUSSIAN_WEIGHT * (self.images @ weights + bias)

    def _neighbor_votes(self, z: np.ndarray) -> np.ndarray:
        """Mean soft label of the nearest neighbours, weighted by their similarity."""
        votes = np.zeros_like(z)
        for column in range(self.neighbors.shape[1]):
            votes += self.similarities[:, column, None] * z[self.neighbors[:, column]]
        return votes / max(self.neighbors.shape[1], 1)


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
    images: np.ndarray, z: np.ndarray, mass: np.ndarray, prototypes: np.ndarray
) -> np.ndarray:
    """Shared covariance around the prototypes plus its mean variance on the diagonal.

    Expands Σ_ic z_ic (x_i − μ_c)(x_i − μ_c)ᵀ / n, so that the cost is one (d × n)(n × d) product.

    Returns:
        (m, m) float64, positive definite.
    """
    n, m = images.shape
    cross = (z.T @ images).T @ prototypes
    scatter = images.T @ images - cross - cross.T + (prototypes.T * mass) @ prototypes
    covariance = scatter.astype(np.float64) / n
    ridge = max(np.trace(covariance) / m, 1e-9)
    return covariance + ridge * np.eye(m)
