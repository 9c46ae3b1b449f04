"""Rows that are the same in everything: they are refined once, because a copy is no second opinion.

Counting copies would let an image vouch for itself as its own nearest neighbour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from .rows import Matrix
from .vectors import row_chunks

DIGEST_BYTES = 16
SEED = 51


@dataclass(frozen=True)
class DistinctRows:
    """Which rows are the first of their kind.

    Attributes:
        first: (m,) int64 rows that are unlike all before them, ascending.
        group: (n,) int64, position in `first` of the row that each row is a copy of.
    """

    first: np.ndarray
    group: np.ndarray

    @property
    def are_all(self) -> bool:
        """Whether no row is a copy of another."""
        return len(self.first) == len(self.group)


def distinct_rows(*arrays: Matrix) -> DistinctRows:
    """Find rows that are the same, byte for byte, in all arrays.

    Args:
        *arrays: Arrays of n rows each, the first of two dimensions.
    """
    n = len(arrays[0])
    first_of_kind, some = np.arange(n), _maybe_copies(arrays[0])
    if len(some):
        _, first, group = np.unique(_digests(arrays, some), axis=0, return_index=True, return_inverse=True)
        first_of_kind[some] = some[first[group.ravel()]]
    distinct = np.flatnonzero(first_of_kind == np.arange(n))
    return DistinctRows(distinct, np.searchsorted(distinct, first_of_kind))


def _maybe_copies(array: Matrix) -> np.ndarray:
    """Rows with the same sum of words, each times a random number, as another: all copies, hardly others."""
    sums = np.empty(len(array), np.uint64)
    for chunk in row_chunks(len(array)):
        rows = np.ascontiguousarray(array[chunk])
        words = rows.view(np.uint32 if rows.itemsize % 4 == 0 else np.uint8)
        times = np.random.default_rng(SEED).integers(2**63, size=words.shape[1], dtype=np.uint64)
        sums[chunk] = np.dot(words, times)
    ordered = np.sort(sums)
    return np.flatnonzero(np.isin(sums, ordered[1:][ordered[1:] == ordered[:-1]]))


def _digests(arrays: Sequence[Matrix], some: np.ndarray) -> np.ndarray:
    """(m, 2) digest of what some of the rows hold in all arrays."""
    digests = bytearray()
    for chunk in row_chunks(len(some)):
        contiguous = [np.ascontiguousarray(array[some[chunk]]) for array in arrays]
        for row in range(chunk.stop - chunk.start):
            digest = blake2b(digest_size=DIGEST_BYTES)
            for array in contiguous:
                digest.update(array[row])
            digests += digest.digest()
    return np.frombuffer(digests, np.uint64).reshape(-1, DIGEST_BYTES // 8)
