"""What the rules and the confidence look at: the embeddings, their neighbours and the text view.

Gathered once per run, because all of it costs a product of large matrices.
"""

from dataclasses import dataclass, replace

import numpy as np

from .balance import TextView, text_view
from .duplicates import DistinctRows, distinct_rows
from .geometry import Geometry, geometry_of
from .neighbors import nearest_neighbors
from .rows import ComputedRows, Matrix, computed, take
from .vectors import PrincipalProjection, even_rows, row_chunks

NEIGHBORS = 5

MOST_BALANCED = 2**15
"""Images from which the balance of the classes is found, where what the names say of all is too large."""


@dataclass(frozen=True)
class Images:
    """What is given of n images.

    Attributes:
        X: (n, d) float32 unit rows, in the space of the class names.
        V: (n, v) float32 unit rows, in the space of the geometry; X itself where there is but one encoder.
        anchors: (n,) int64 class that a person gave, -1 for none.
        micro: (n,) int32 clusters of one's own, -1 for none; None where they are to be computed.
    """

    X: Matrix
    V: Matrix
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
        X = take(self.X, rows)
        V = X if self.V is self.X else take(self.V, rows)
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

    X: Matrix
    T: np.ndarray
    V: Matrix
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
    directions: PrincipalProjection | None = None,
) -> Evidence:
    """Find the neighbours of every image and what the class names say of it.

    Args:
        images: What is given of the images.
        T: (k, d) float32 unit rows, class names.
        frequencies: (k,) a person's idea of the class frequencies, sum to 1; None for none.
        cells: (n,) cells in which neighbours are looked for, see `nearest_neighbors`.
        directions: The principal directions of the images, see `geometry_of`.
    """
    neighbors = nearest_neighbors(images.V, NEIGHBORS, cells)
    text, zero_shot_labels = _text_view(images.X, T, neighbors[:, :1].ravel(), frequencies)
    return Evidence(
        X=images.X,
        T=T,
        V=images.V,
        anchors=images.anchors,
        geometry=geometry_of(images.X, T, images.V, directions),
        neighbors=neighbors,
        text=text,
        zero_shot_labels=zero_shot_labels,
    )


def _text_view(
    X: Matrix, T: np.ndarray, nearest: np.ndarray, frequencies: np.ndarray | None
) -> tuple[TextView, np.ndarray]:
    """What the class names say of every image, and which name is nearest.

    Args:
        X: (n, d) float32 unit rows, images.
        T: (k, d) float32 unit rows, class names.
        nearest: (n,) row of each image's nearest neighbour.
        frequencies: (k,) a person's idea of the class frequencies; None for none.
    """
    n, k = len(X), len(T)
    cosines = computed(k, X, lambda rows: X[rows] @ T.T)
    if isinstance(cosines, np.ndarray):
        return text_view(cosines, nearest, frequencies), cosines.argmax(axis=1)
    some = even_rows(n, MOST_BALANCED)
    looked_at = np.concatenate([some, nearest[some]])
    of_some = np.concatenate([cosines[looked_at[chunk]] for chunk in row_chunks(len(looked_at))])
    view = text_view(of_some, np.arange(len(some), len(looked_at)), frequencies, images=n)
    logits = ComputedRows((n, k), lambda rows: view.scale * cosines[rows] + view.offset)
    return replace(view, logits=logits), cosines.argmax(axis=1)
