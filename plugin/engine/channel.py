"""What the label of the nearest neighbour says of an image's own.

It comes through a noisy channel whose reliability is measured, so that bad neighbours count little.
"""

from dataclasses import dataclass

import numpy as np

from .rows import Matrix, blocks, column_sums

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
            votes: (m, k) soft labels of the neighbours of m images.

        Returns:
            (m, k) float32.
        """
        return np.log1p(np.float32(self.copies) * (votes / self.frequencies - 1))


def measure_channel(z: Matrix, votes: Matrix) -> NeighborChannel:
    """Measure how far neighbours agree beyond chance.

    Args:
        z: (n, k) soft labels, rows sum to 1.
        votes: (n, k) soft labels of the neighbours.
    """
    return channel_of(column_sums(z), agreement(z, votes), len(z))


def agreement(z: Matrix, votes: Matrix) -> float:
    """Expected number of images with the class of their neighbour; the arguments of `measure_channel`."""
    return sum(float(np.einsum("nk,nk->", z[rows], votes[rows])) for rows in blocks(z))


def channel_of(mass: np.ndarray, agreeing: float, images: int) -> NeighborChannel:
    """The channel of images that may lie in several places.

    Args:
        mass: (k,) expected number of images per class.
        agreeing: Expected number of images that have the class of their neighbour.
        images: Number of images.
    """
    frequencies = mass.astype(np.float32) / np.float32(images) + np.float32(1e-6)
    chance = float(frequencies @ frequencies)
    copies = (agreeing / images - chance) / max(1 - chance, 1e-6)
    return NeighborChannel(float(np.clip(copies, 0, SUREST_COPY)), frequencies)
