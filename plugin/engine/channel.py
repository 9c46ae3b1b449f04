"""What the labels of the nearest neighbours say of an image's own.

Neighbours speak through a noisy channel whose reliability is measured, so that bad ones keep quiet.
"""

from dataclasses import dataclass

import numpy as np

from .vectors import row_chunks

SUREST_COPY = 0.98


@dataclass(frozen=True)
class NeighborChannel:
    """A channel that copies a class with chance a and else draws it from the class frequencies π.

    Attributes:
        copies: a in [0, 1), Cohen's κ (1960) of images and their neighbours.
        frequencies: (k,) float32 π, positive.
    """

    copies: float
    frequencies: np.ndarray

    def message(self, votes: np.ndarray) -> np.ndarray:
        """Log-likelihoods of the classes, log(1 − a + a · v_c / π_c).

        Args:
            votes: (m, k) mean soft labels of the neighbours of m images.

        Returns:
            (m, k) float32.
        """
        return np.log1p(np.float32(self.copies) * (votes / self.frequencies - 1))


def neighbor_votes(z: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """Mean soft label of the neighbours of some images.

    Args:
        z: (n, k) soft labels of all images.
        neighbors: (m, v) rows of their nearest neighbours, v ≥ 1.

    Returns:
        (m, k) of the same dtype.
    """
    votes = np.empty((len(neighbors), z.shape[1]), z.dtype)
    for rows in row_chunks(len(neighbors)):
        votes[rows] = sum(z[column] for column in neighbors[rows].T)
        votes[rows] /= neighbors.shape[1]
    return votes


def measure_channel(z: np.ndarray, votes: np.ndarray) -> NeighborChannel:
    """Measure how far neighbours agree beyond chance.

    Args:
        z: (n, k) soft labels, rows sum to 1.
        votes: (n, k) mean soft labels of the neighbours.
    """
    frequencies = z.mean(axis=0) + np.float32(1e-6)
    chance = float(frequencies @ frequencies)
    agreement = float(np.einsum("nk,nk->", z, votes)) / len(z)
    copies = (agreement - chance) / max(1 - chance, 1e-6)
    return NeighborChannel(float(np.clip(copies, 0, SUREST_COPY)), frequencies)
