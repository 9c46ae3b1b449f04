"""Where the images lie, and where their class names are expected to lie among them.

The space of the class names, or that of a second image encoder that knows no names.
"""

from dataclasses import dataclass, replace

import numpy as np

from .rows import Matrix, computed, product, take
from .vectors import PrincipalProjection, Projection, even_rows, principal_projection

MOST_DIMENSIONS = 256

MOST_PROJECTED = 2**17
"""Images that the principal directions are found from, an even sample where there are more."""


@dataclass(frozen=True)
class Geometry:
    """Images and class names in the leading principal directions of the images.

    Attributes:
        projection: From the space of the embeddings to these directions and back.
        images: (n, r) float32 centred images.
        texts: (k, r) float32 class names, up to a shift.
        scatter: (r, r) float32 Σ_i x_i x_iᵀ over the images.
    """

    projection: Projection
    images: Matrix
    texts: np.ndarray
    scatter: np.ndarray


def principal_directions(X: Matrix, most: int = MOST_DIMENSIONS) -> PrincipalProjection:
    """The leading principal directions of (n, d) images, see `MOST_PROJECTED`."""
    n, some = len(X), even_rows(len(X), MOST_PROJECTED)
    if len(some) == n:
        return principal_projection(X, most)
    sampled = principal_projection(take(X, some), most)
    return replace(sampled, squares=sampled.squares * np.float32(n / len(some)))


def geometry_of(X: Matrix, T: np.ndarray, V: Matrix, visual: PrincipalProjection | None = None) -> Geometry:
    """Project the images and bring the class names along.

    With a second encoder the names come along by what images in both spaces have taught: ridge regression
    B = (QᵀQ + λI)⁻¹ QᵀY from images Q in the directions of X to images Y in those of V, λ the mean of the
    diagonal of QᵀQ; t ↦ t B.

    Args:
        X: (n, d) float32 unit rows, images in the space of the class names.
        T: (k, d) float32 unit rows, class names.
        V: (n, v) float32 unit rows, images in the space of the geometry; X itself with one encoder.
        visual: The principal directions of V; found here if None.
    """
    visual = visual or principal_directions(V)
    targets, scatter = projected(V, visual), np.diag(visual.squares)
    if V is X:
        return Geometry(visual, targets, visual.of(T), scatter)
    named = principal_directions(X)
    bridge = _bridge(projected(X, named), named.squares, targets)
    return Geometry(visual, targets, named.of(T) @ bridge, scatter)


def projected(X: Matrix, projection: Projection) -> Matrix:
    """(n, r) float32 coordinates of the images."""
    return computed(projection.basis.shape[1], X, lambda rows: projection.of(X[rows]))


def _bridge(images: Matrix, squares: np.ndarray, targets: Matrix) -> np.ndarray:
    """(q, r) ridge regression from one view of the images, in principal directions, to another."""
    squares = squares.astype(np.float64)
    ridge = max(squares.mean(), 1e-6)
    return (product(images, targets) / (squares + ridge)[:, None]).astype(np.float32)
