"""What the rules and the confidence look at: the embeddings, their neighbours and the text view.

Gathered once per run, because all of it costs a product of large matrices.
"""

from dataclasses import dataclass

import numpy as np

from .balance import TextView, text_view
from .neighbors import nearest_neighbors

NEIGHBORS = 5


@dataclass(frozen=True)
class Evidence:
    """Everything that is known before the first round; n images, k classes, d dimensions.

    Attributes:
        X: (n, d) float32 unit rows, images.
        T: (k, d) float32 unit rows, class names.
        cosines: (n, k) float32, image against class name.
        neighbors: (n, m) rows of each image's nearest neighbours, nearest first, m ≤ `NEIGHBORS`.
        similarities: (n, m) their cosines.
        text: What the class names alone say of every image.
    """

    X: np.ndarray
    T: np.ndarray
    cosines: np.ndarray
    neighbors: np.ndarray
    similarities: np.ndarray
    text: TextView


def gather_evidence(X: np.ndarray, T: np.ndarray) -> Evidence:
    """Find the neighbours of every image and what the class names say of it."""
    neighbors, similarities = nearest_neighbors(X, NEIGHBORS)
    cosines = X @ T.T
    return Evidence(X, T, cosines, neighbors, similarities, text_view(cosines, neighbors[:, :1].ravel()))
