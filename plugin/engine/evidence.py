"""What the rules and the confidence look at: the embeddings, their neighbours and the text view.

Gathered once per run, because all of it costs a product of large matrices.
"""

from dataclasses import dataclass

import numpy as np

from .balance import TextView, text_view
from .duplicates import DistinctRows, distinct_rows
from .geometry import Geometry, geometry_of
from .neighbors import nearest_neighbors

NEIGHBORS = 5


@dataclass(frozen=True)
class Images:
    """What is given of n images.

    Attributes:
        X: (n, d) float32 unit rows, in the space of the class names.
        V: (n, v) float32 unit rows, in the space of the geometry; X itself where there is but one encoder.
        anchors: (n,) int64 class that a person gave, -1 for none.
        micro: (n,) int32 clusters of one's own, -1 for none; None where they are to be computed.
    """

    X: np.ndarray
    V: np.ndarray
    anchors: np.ndarray
    micro: np.ndarray | None

    def distinct(self) -> DistinctRows:
        """Which images are unlike all before them in anything given."""
        given = [self.X, self.anchors]
        if self.V is not self.X:
            given.append(self.V)
        if self.micro is not None:
            given.append(self.micro)
        return distinct_rows(*given)

    def rows(self, rows: np.ndarray) -> "Images":
        """Some of the images."""
        X = self.X[rows]
        V = X if self.V is self.X else self.V[rows]
        return Images(X, V, self.anchors[rows], None if self.micro is None else self.micro[rows])


@dataclass(frozen=True)
class Evidence:
    """Everything that is known before the first round; n images, k classes.

    Attributes:
        X: (n, d) float32 unit rows, images in the space of the class names.
        T: (k, d) float32 unit rows, class names.
        V: (n, v) float32 unit rows, images in the space of the geometry; X itself with one encoder.
        anchors: (n,) int64 class that a person gave, -1 for none.
        geometry: The images and the class names where the Gaussians are.
        neighbors: (n, m) rows of each image's nearest neighbours, nearest first, m ≤ `NEIGHBORS`.
        text: What the class names alone say of every image.
        zero_shot_labels: (n,) int64, the class whose name is nearest.
        name_reliability: (k,) in [0, 1], how well the text tower knows each name; None where nobody says.
    """

    X: np.ndarray
    T: np.ndarray
    V: np.ndarray
    anchors: np.ndarray
    geometry: Geometry
    neighbors: np.ndarray
    text: TextView
    zero_shot_labels: np.ndarray
    name_reliability: np.ndarray | None = None

    def first_prototypes(self) -> np.ndarray:
        """(k, v) the class names in the space of the geometry, as expected before any round."""
        if self.V is self.X:
            return self.T
        return self.geometry.projection.back(self.geometry.texts)


def gather_evidence(
    images: Images,
    T: np.ndarray,
    frequencies: np.ndarray | None = None,
    cells: np.ndarray | None = None,
) -> Evidence:
    """Find the neighbours of every image and what the class names say of it.

    Args:
        images: What is given of the images.
        T: (k, d) float32 unit rows, class names.
        frequencies: (k,) a person's idea of the class frequencies, sum to 1; None for none.
        cells: (n,) cells in which neighbours are looked for, see `nearest_neighbors`.
    """
    neighbors = nearest_neighbors(images.V, NEIGHBORS, cells)
    cosines = images.X @ T.T
    text, zero_shot_labels = text_view(cosines, neighbors[:, :1].ravel(), frequencies), cosines.argmax(axis=1)
    del cosines  # as large as the text view, and not needed while the geometry is found
    return Evidence(
        X=images.X,
        T=T,
        V=images.V,
        anchors=images.anchors,
        geometry=geometry_of(images.X, T, images.V),
        neighbors=neighbors,
        text=text,
        zero_shot_labels=zero_shot_labels,
    )
