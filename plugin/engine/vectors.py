"""Row-wise operations on matrices of vectors and of logits.

Everything downstream takes unit rows, so that a dot product is a cosine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg, sparse

NEGLIGIBLE_SHARE = 1e-6
"""Share of the largest variance below which a direction is rounding noise in float32."""

CHUNK_ROWS = 2_048
"""Rows that are worked on at a time, so that temporary arrays stay small beside the embeddings."""

ALREADY_UNIT = 1e-5
"""Largest error of a squared norm at which rows of float32 are taken as they are, without a copy."""

TRUSTED_IMAGES = 10.0
"""Images of a class at which what they say counts as much as its name."""


class RowSource(Protocol):
    """A matrix whose rows can be read, whether or not it is whole in memory, see `rows.ChunkedRows`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, columns)."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """(m, columns) some of the rows."""


def row_chunks(n: int, rows: int = CHUNK_ROWS) -> Iterator[slice]:
    """Yield slices that together cover the rows 0 … n - 1, in order."""
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def even_rows(n: int, most: int) -> np.ndarray:
    """Numbers of n rows, or of `most` of them at even distances, ascending."""
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)


def are_unit(matrix: np.ndarray) -> bool:
    """Whether the rows of a matrix are float32 of length one, up to `ALREADY_UNIT`."""
    if matrix.dtype != np.float32:
        return False
    return bool(np.abs(np.einsum("nd,nd->n", matrix, matrix) - 1).max(initial=0) < ALREADY_UNIT)


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Scale every row to length one.

    Args:
        matrix: (n, d) numbers. Rows of zeros stay zeros.

    Returns:
        (n, d) float32, each row of L2 norm 1; the matrix itself where it is that already.
    """
    matrix = np.asarray(matrix, np.float32)
    if are_unit(matrix):
        return matrix
    unit = np.empty_like(matrix, order="C")
    for chunk in row_chunks(len(matrix)):
        # Squares of very small numbers would vanish in float32: bring the largest of a row to one first.
        largest = np.abs(matrix[chunk]).max(axis=1, keepdims=True, initial=0)
        np.divide(matrix[chunk], np.where(largest > 0, largest, 1), out=unit[chunk])
        norms = np.linalg.norm(unit[chunk], axis=1, keepdims=True)
        unit[chunk] /= np.where(norms > 0, norms, 1)
    return unit


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn each row of logits into probabilities, stable for logits of any size.

    Args:
        logits: (n, k) finite numbers.

    Returns:
        (n, k) of the same dtype, rows ≥ 0 that sum to 1.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def group_sums(X: np.ndarray | RowSource, group: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Weighted sum of the rows of every group.

    Args:
        X: (n, d) numbers.
        group: (n,) group of each row in [0, count), or -1 for none.
        weights: (n,) weight of each row.
        count: Number of groups.

    Returns:
        (count, d) float32.
    """
    if isinstance(X, np.ndarray):
        rows = np.flatnonzero(group >= 0)
        members = sparse.csr_matrix((weights[rows], (group[rows], rows)), (count, len(group)))
        return np.asarray(members @ X, np.float32)
    sums = np.zeros((count, X.shape[1]), np.float32)
    for chunk in row_chunks(len(X)):
        present, place = np.unique(group[chunk], return_inverse=True)
        kept = present >= 0
        sums[present[kept]] += group_sums(X[chunk], place, weights[chunk], len(present))[kept]
    return sums


def group_means(X: np.ndarray | RowSource, group: np.ndarray, count: int) -> np.ndarray:
    """Mean row of every group.

    Args:
        X: (n, d) numbers.
        group: (n,) group of each row in [0, count), or -1 for none. Every group has a row.
        count: Number of groups.

    Returns:
        (count, d) float32.
    """
    sizes = np.bincount(group[group >= 0], minlength=count).astype(np.float32)
    return group_sums(X, group, np.append(1 / sizes, np.float32(0))[group], count)


def trust_in_classes(mass: np.ndarray) -> np.ndarray:
    """How far a class's images can be trusted over its name: N/(N + 10).

    Args:
        mass: (k,) expected number of images per class.

    Returns:
        (k,) in [0, 1), ½ at `TRUSTED_IMAGES` images.
    """
    return mass / (mass + TRUSTED_IMAGES)


@dataclass(frozen=True)
class Projection:
    """Coordinates of rows in the leading principal directions of a matrix.

    Attributes:
        mean: (d,) float32, the origin.
        basis: (d, m) float32 orthonormal columns, m ≥ 1, largest variance first.
    """

    mean: np.ndarray
    basis: np.ndarray

    def of(self, rows: np.ndarray) -> np.ndarray:
        """(n, m) coordinates of (n, d) rows."""
        coordinates = rows @ self.basis
        coordinates -= self.mean @ self.basis
        return coordinates

    def back(self, coordinates: np.ndarray) -> np.ndarray:
        """(n, d) rows of (n, m) coordinates."""
        return coordinates @ self.basis.T + self.mean


@dataclass(frozen=True)
class PrincipalProjection(Projection):
    """The same, with what the matrix itself comes to in these coordinates.

    Attributes:
        squares: (m,) float32 Σ_i x_i² of its coordinates x; their products sum to 0.
    """

    squares: np.ndarray

    def leading(self, most: int) -> "PrincipalProjection":
        """The directions of largest variance alone."""
        return PrincipalProjection(self.mean, self.basis[:, :most], self.squares[:most])


def principal_projection(X: np.ndarray | RowSource, most: int) -> PrincipalProjection:
    """Find the leading principal directions of the rows.

    Args:
        X: (n, d) float32, n ≥ 1.
        most: Directions wanted; fewer when the rows span fewer.
    """
    n, d = X.shape
    mean = mean_row(X, np.float64).astype(np.float32)
    if n < d:
        return PrincipalProjection(mean, *_directions_of_few(X[:] - mean, most))
    scatter = np.zeros((d, d), np.float32)
    for chunk in row_chunks(n):
        centred = X[chunk] - mean
        scatter += centred.T @ centred
    m = min(most, d)
    squares, directions = linalg.eigh(scatter, subset_by_index=(d - m, d - 1))
    return PrincipalProjection(mean, np.ascontiguousarray(directions[:, ::-1]), squares[::-1])


def mean_row(X: np.ndarray | RowSource, dtype: type) -> np.ndarray:
    """(d,) mean of the rows, added up in the type given."""
    if isinstance(X, np.ndarray):
        return X.mean(axis=0, dtype=dtype)
    return sum(X[chunk].sum(axis=0, dtype=dtype) for chunk in row_chunks(len(X))) / dtype(len(X))


def _directions_of_few(centred: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions and squares of fewer rows than dimensions, from the (n, n) products of the rows."""
    values, left = linalg.eigh(centred @ centred.T)
    spanned = np.flatnonzero(values > NEGLIGIBLE_SHARE * max(values[-1], NEGLIGIBLE_SHARE))[::-1][:most]
    if len(spanned) == 0:
        return np.eye(centred.shape[1], 1, dtype=np.float32), np.zeros(1, np.float32)
    return centred.T @ (left[:, spanned] / np.sqrt(values[spanned])), values[spanned]
