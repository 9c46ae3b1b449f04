"""The nearest neighbours of every image, exact up to a size and in nearby cells above it.

Chunks and cells keep the memory at a few hundred megabytes, whatever the number of images.
"""

from collections.abc import Iterator

import numpy as np

from .clustering import cells_of
from .rows import Matrix
from .vectors import group_means, row_chunks, unit_rows

MOST_EXACT = 10_000
"""Most rows of which each is compared with all others."""

CANDIDATES = 1_000
"""Rows of the nearest cells that a row is compared with, at least."""

MOST_CELLS = 128
CHUNK_ROWS = 2_048


def nearest_neighbors(X: Matrix, count: int, cells: np.ndarray | None = None) -> np.ndarray:
    """Find the most similar other rows of every row.

    Above `MOST_EXACT` rows, those of a cell are compared with its own and with those of the cells whose means
    are the most similar, so that the cost stays linear in n (as with an inverted file, Jégou et al. 2011).

    Args:
        X: (n, d) float32 unit rows.
        count: Neighbours wanted per row; fewer are returned when there are fewer other rows.
        cells: (n,) cell of each row in [0, cells), none empty; computed where they are needed if None.

    Returns:
        (n, m) row numbers, nearest first, m = min(count, n - 1).
    """
    n = len(X)
    m = max(min(count, n - 1), 0)
    if m == 0:
        return np.empty((n, 0), np.int64)
    if n > MOST_EXACT:
        return _in_cells(X, m, cells_of(X) if cells is None else cells)
    rows, every, all_rows = np.empty((n, m), np.int64), np.arange(n), X[:]
    for chunk in row_chunks(n, CHUNK_ROWS):
        rows[chunk] = _most_similar(all_rows[chunk] @ all_rows.T, every[chunk], m)
    return rows


def _in_cells(X: Matrix, count: int, cells: np.ndarray) -> np.ndarray:
    """Neighbours among the rows of the same cell and of those near it."""
    rows = np.empty((len(X), count), np.int64)
    sizes = np.bincount(cells)
    members = np.split(np.argsort(cells, kind="stable"), np.cumsum(sizes)[:-1])
    for cell, nearby in enumerate(_nearby_cells(unit_rows(group_means(X, cells, len(sizes))), sizes)):
        candidates = np.concatenate([members[each] for each in nearby])
        others = X[candidates]
        for chunk in row_chunks(sizes[cell], CHUNK_ROWS):
            own = np.arange(chunk.start, chunk.stop)  # a cell comes first among its own candidates
            best = _most_similar(others[chunk] @ others.T, own, count)
            rows[members[cell][chunk]] = candidates[best]
    return rows


def _nearby_cells(means: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """For each cell itself and the nearest others, as many as hold `CANDIDATES` rows."""
    for chunk in row_chunks(len(means), CHUNK_ROWS):
        similarity = means[chunk] @ means.T
        own = np.arange(len(similarity))
        similarity[own, own + chunk.start] = np.inf
        few = np.argpartition(-similarity, min(MOST_CELLS, len(means)) - 1, axis=1)[:, :MOST_CELLS]
        order = np.argsort(-np.take_along_axis(similarity, few, axis=1), axis=1, kind="stable")
        for nearest in np.take_along_axis(few, order, axis=1):
            yield nearest[: 1 + np.searchsorted(np.cumsum(sizes[nearest]), CANDIDATES)]


def _most_similar(similarity: np.ndarray, own: np.ndarray, count: int) -> np.ndarray:
    """Columns of the largest numbers of each row but its own, largest first; the numbers are overwritten."""
    best, every = np.empty((len(similarity), count), np.int64), np.arange(len(similarity))
    similarity[every, own] = -np.inf
    # For so few, one pass each is several times faster than a partition.
    for column in range(count):
        best[:, column] = similarity.argmax(axis=1)
        similarity[every, best[:, column]] = -np.inf
    return best
