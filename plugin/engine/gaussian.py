"""Gaussian classes with one covariance, shrunk to a text anchor and judged with the image left out.

The means move from the text towards the images as far as there are images to move them.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .vectors import TRUSTED_IMAGES, trust_in_classes

HALF_KNOWN = (1.0, 4.0, 16.0, 64.0)
"""Images of a class, times log k, at which its mean may be half known; the data say which it is.

The largest of k noises squares to about 2 log k times one, so many classes need means that are known better.
"""

LEAVE_OUT = 2.0
"""Times the exact leave-one-out correction: the neighbours' soft labels repeat what the image said."""


@dataclass(frozen=True)
class GaussianClasses:
    """One Gaussian per class, all with the same covariance S; k classes, r dimensions.

    Attributes:
        means: (k, r) μ_c, the prototypes.
        mass: (k,) expected number of images per class, N_c.
        whitening: (r, r) float32 W with W Wᵀ = S⁻¹.
        log_determinant: log |S|.
    """

    means: np.ndarray
    mass: np.ndarray
    whitening: np.ndarray
    log_determinant: float

    def log_densities(self, vectors: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Log-densities of vectors under Gaussians that the vectors did not help to make.

        With R_c = N_c + 10 the mean without image i gives x_i − μ_c^{−i} = (x_i − μ_c) R_c / (R_c − z_ic),
        exact but for the anchor, so that the squared Mahalanobis distance grows by
        g = (R_c / (R_c − z_ic))²; here by 1 + 2 (g − 1). Of a cluster, one image is left out: to leave out
        all costs more in long tails than it gains where classes are absent.

        Args:
            vectors: (m, r) float32.
            z: (m, k) their soft labels, rows sum to 1.

        Returns:
            (m, k) float32, −½ (distance + log |S|).
        """
        counts = self._counts()
        growth = (counts / (counts - z)) ** 2
        distances = self._distances(vectors) * (1 + LEAVE_OUT * (growth - 1))
        return -0.5 * (distances + np.float32(self.log_determinant))

    def log_densities_without(
        self, vectors: np.ndarray, z: np.ndarray, others: np.ndarray, z_others: np.ndarray
    ) -> np.ndarray:
        """The same under Gaussians that neither the vectors nor one other for each helped to make.

        Of D_i and D_j, the squared distances of image and other from the mean, and d, that of the two:

            (R² D_i − R z_j (D_i + d − D_j) + z_j² d) / (R − z_i − z_j)²

        Args:
            vectors: (m, r) float32.
            z: (m, k) their soft labels, rows sum to 1.
            others: (m, r) float32, one for each.
            z_others: (m, k) their soft labels.

        Returns:
            (m, k) float32, −½ (distance + log |S|).
        """
        counts, own, theirs = self._counts(), self._distances(vectors), self._distances(others)
        between = np.sum(((vectors - others) @ self.whitening) ** 2, axis=1)[:, None]
        distances = counts**2 * own - counts * z_others * (own + between - theirs) + z_others**2 * between
        distances /= (counts - z - z_others) ** 2
        return -0.5 * (distances + np.float32(self.log_determinant))

    def _counts(self) -> np.ndarray:
        """(k,) float32 R_c, images and what the anchor counts for."""
        return (self.mass + TRUSTED_IMAGES).astype(np.float32)

    def _distances(self, vectors: np.ndarray) -> np.ndarray:
        """(m, k) float32 squared Mahalanobis distance of every vector from every mean."""
        x, mu = vectors @ self.whitening, self.means.astype(np.float32) @ self.whitening
        squares = np.sum(x * x, axis=1)[:, None] - 2 * (x @ mu.T) + np.sum(mu * mu, axis=1)
        return np.maximum(squares, 0)


def knowledge_of_means(mass: np.ndarray, half_known: float) -> float:
    """How well the means of classes are known: Σ_c (N_c/n) · N_c/(N_c + h log k), in [0, 1].

    Args:
        mass: (k,) expected number of images per class, N_c; all of it is n.
        half_known: h, one of `HALF_KNOWN`.
    """
    return float(np.sum(mass**2 / (mass + half_known * np.log(len(mass)))) / mass.sum())


def fit_gaussians(
    sums: np.ndarray, mass: np.ndarray, texts: np.ndarray, scatter: np.ndarray
) -> GaussianClasses:
    """Fit Gaussian classes to soft labels.

    The mean of a class is r_c · mean + (1 − r_c) · anchor with r_c = N_c/(N_c + 10): the fewer images a
    class has, the more its name says.

    Args:
        sums: (k, r) Σ_i z_ic x_i.
        mass: (k,) Σ_i z_ic; all of it is n.
        texts: (k, r) class names in the same coordinates.
        scatter: (r, r) Σ_i x_i x_iᵀ.
    """
    trust, means = trust_in_classes(mass)[:, None], sums / np.maximum(mass, 1e-6)[:, None]
    prototypes = trust * means + (1 - trust) * text_anchors(means, texts, mass)
    covariance = within_class_covariance(scatter, sums, mass, prototypes)
    root = linalg.cholesky(covariance, lower=True)
    whitening = linalg.solve_triangular(root, np.eye(len(root)), lower=True).T.astype(np.float32)
    return GaussianClasses(prototypes, mass, whitening, 2 * float(np.log(np.diag(root)).sum()))


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
