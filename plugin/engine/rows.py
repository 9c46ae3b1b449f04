"""Matrices with a row per image that are too large to be whole in memory; chunks of them are arrays.

Either computed whenever rows are read, or kept as the largest numbers of every row.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np

from . import config
from .vectors import row_chunks

NUMBERS_KEPT = 32
"""Classes of an image whose soft labels are kept; the others share what is left."""

Rows = slice | np.ndarray


class ChunkedRows(ABC):
    """What there is of an array of n rows: its shape, its rows, and the largest number of each.

    Attributes:
        shape: (n, columns).
    """

    shape: tuple[int, int]

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @abstractmethod
    def __getitem__(self, rows: Rows) -> np.ndarray:
        """(m, columns) some of the rows, an array of its own."""

    def argmax(self, axis: int = 1) -> np.ndarray:
        """(n,) column of the largest number of every row."""
        return np.concatenate([self[rows].argmax(axis=axis) for rows in row_chunks(len(self))])

    def max(self, axis: int = 1) -> np.ndarray:
        """(n,) largest number of every row."""
        return np.concatenate([self[rows].max(axis=axis) for rows in row_chunks(len(self))])


Matrix = np.ndarray | ChunkedRows


class ComputedRows(ChunkedRows):
    """Rows that are computed whenever they are read."""

    def __init__(self, shape: tuple[int, int], compute: Callable[[Rows], np.ndarray]) -> None:
        """Keep how to compute some of the rows."""
        self.shape, self._compute = shape, compute

    def __getitem__(self, rows: Rows) -> np.ndarray:
        """Compute some of the rows."""
        return self._compute(rows)


class GroupedRows(ChunkedRows):
    """Rows that are the same for all of a group."""

    def __init__(self, values: "Stored", group: np.ndarray) -> None:
        """Keep the (groups, columns) rows and the (n,) group of each row."""
        self.shape, self._values, self._group = (len(group), values.shape[1]), values, group

    def __getitem__(self, rows: Rows) -> np.ndarray:
        """The rows of the groups."""
        return self._values[self._group[rows]]

    def argmax(self, axis: int = 1) -> np.ndarray:
        """(n,) column of the largest number of every row."""
        return self._values.argmax(axis=axis)[self._group]

    def max(self, axis: int = 1) -> np.ndarray:
        """(n,) largest number of every row."""
        return self._values.max(axis=axis)[self._group]


class SparseRows(ChunkedRows):
    """Soft labels of which the largest of every row are kept; the other classes share the rest equally.

    Attributes:
        classes: (n, m) the columns that are kept.
        values: (n, m) float32, their numbers.
    """

    def __init__(self, classes: np.ndarray, values: np.ndarray, columns: int) -> None:
        """Keep columns and their numbers."""
        self.shape = (len(classes), columns)
        self.classes, self.values = classes, values

    @classmethod
    def empty(cls, n: int, columns: int) -> "SparseRows":
        """Rows to be set."""
        kept = min(columns, NUMBERS_KEPT)
        return cls(np.zeros((n, kept), np.min_scalar_type(columns)), np.zeros((n, kept), np.float32), columns)

    @classmethod
    def of(cls, soft_labels: "Matrix") -> "SparseRows":
        """The largest numbers of rows that sum to 1."""
        if isinstance(soft_labels, cls):
            return soft_labels
        kept = cls.empty(*soft_labels.shape)
        for rows in row_chunks(len(soft_labels)):
            kept[rows] = soft_labels[rows]
        return kept

    def __getitem__(self, rows: Rows) -> np.ndarray:
        """(m, columns) float32 rows that sum to 1."""
        values, columns, rest = self.values[rows], self.shape[1], self._rest(rows)
        dense = np.repeat(rest.astype(np.float32)[:, None], columns, axis=1)
        starts = np.arange(0, dense.size, columns)[:, None]
        dense.reshape(-1)[self.classes[rows] + starts] = values
        return dense

    def _rest(self, rows: Rows) -> np.ndarray:
        """(m,) what each of the other classes has."""
        _, kept = self.values.shape
        return np.maximum(1 - self.values[rows].sum(axis=1), 0) / max(self.shape[1] - kept, 1)

    def products(self, rows: Rows, dense: np.ndarray) -> np.ndarray:
        """(m,) sums over the classes of some of the rows, times (m, columns) numbers."""
        kept = np.take_along_axis(dense, self.classes[rows].astype(np.int64), axis=1)
        others = dense.sum(axis=1) - kept.sum(axis=1)
        return np.einsum("nk,nk->n", kept, self.values[rows]) + self._rest(rows) * others

    def __setitem__(self, rows: Rows, dense: np.ndarray) -> None:
        """Set some of the rows to (m, columns) numbers that sum to 1 in a row."""
        kept = self.values.shape[1]
        classes = np.argpartition(dense, -kept, axis=1)[:, -kept:]
        self.classes[rows], self.values[rows] = classes, np.take_along_axis(dense, classes, axis=1)

    def argmax(self, axis: int = 1) -> np.ndarray:
        """(n,) column of the largest number of every row."""
        largest = self.values.argmax(axis=axis)[:, None]
        return np.take_along_axis(self.classes, largest, axis=axis)[:, 0].astype(np.int64)

    def max(self, axis: int = 1) -> np.ndarray:
        """(n,) largest number of every row."""
        return self.values.max(axis=axis)

    def take(self, rows: np.ndarray) -> "SparseRows":
        """Some of the rows, kept as these are."""
        return SparseRows(self.classes[rows], self.values[rows], self.shape[1])


Stored = np.ndarray | SparseRows


def is_large(n: int, columns: int) -> bool:
    """Whether a matrix is too large to be whole in memory, see `config.WHOLE_MOST_NUMBERS`."""
    return n * columns > config.WHOLE_MOST_NUMBERS


def blocks(matrix: Matrix) -> Iterator[slice]:
    """Rows to work on at a time: all those of an array, which is in memory anyway."""
    if isinstance(matrix, np.ndarray):
        return iter([slice(0, len(matrix))])
    return row_chunks(len(matrix))


def computed(columns: int, source: Matrix, compute: Callable[[Rows], np.ndarray]) -> Matrix:
    """The matrix of what is computed from each row of a source; in memory unless it is large.

    Args:
        columns: Numbers in a row.
        source: (n, …) what the rows are computed from.
        compute: From rows of the source to (m, columns) an array of its own.
    """
    if is_large(len(source), columns):
        return ComputedRows((len(source), columns), compute)
    chunks = [compute(rows) for rows in blocks(source)]
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)


def empty_like(soft_labels: Matrix) -> Stored:
    """Where new soft labels of the same images go."""
    n, k = soft_labels.shape
    return SparseRows.empty(n, k) if is_large(n, k) else np.empty((n, k), np.float32)


def taken(soft_labels: Stored, rows: np.ndarray) -> Stored:
    """The soft labels of some images, (m,) numbers of rows."""
    return soft_labels[rows] if isinstance(soft_labels, np.ndarray) else soft_labels.take(rows)


def take(matrix: Matrix, rows: np.ndarray) -> Matrix:
    """Some rows of a matrix, computed when they are needed where they are large.

    Args:
        matrix: (n, columns) numbers.
        rows: (m,) numbers of rows.
    """
    if is_large(len(rows), matrix.shape[1]):
        return ComputedRows((len(rows), matrix.shape[1]), lambda some: matrix[rows[some]])
    return matrix[rows]


def product(left: Matrix, right: Matrix) -> np.ndarray:
    """(a, b) sum over the rows, leftᵀ right, of (n, a) and (n, b) numbers."""
    if left is right:  # computed once
        return np.asarray(sum(chunk.T @ chunk for chunk in (left[rows] for rows in blocks(left))))
    chunked = left if isinstance(right, np.ndarray) else right
    return np.asarray(sum(left[rows].T @ right[rows] for rows in blocks(chunked)))


def chosen(matrix: Matrix, columns: np.ndarray) -> np.ndarray:
    """(n,) number of each row in the column that is given for it."""
    found = [np.take_along_axis(matrix[rows], columns[rows, None], axis=1)[:, 0] for rows in blocks(matrix)]
    return np.concatenate(found)


def row_products(matrix: Matrix, rows: Rows, dense: np.ndarray) -> np.ndarray:
    """(m,) sums over the columns of some rows of a matrix, times (m, columns) numbers."""
    if isinstance(matrix, SparseRows):
        return matrix.products(rows, dense)
    return np.einsum("nk,nk->n", matrix[rows], dense)


def column_sums(matrix: Matrix) -> np.ndarray:
    """(columns,) sum over the rows."""
    return np.asarray(sum(matrix[rows].sum(axis=0) for rows in blocks(matrix)))
