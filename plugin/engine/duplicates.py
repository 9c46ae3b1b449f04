"""Rows that are the same in everything: they are refined once, because a copy is no second opinion.

Counting copies would let an image vouch for itself as its own nearest neighbour.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from .rows import Matrix
from .vectors import row_chunks

DIGEST_BYTES = 16


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
        *arrays: Arrays of n rows each.
    """
    digests = bytearray()
    for chunk in row_chunks(len(arrays[0])):
        contiguous = [np.ascontiguousarray(array[chunk]) for array in arrays]
        for row in range(chunk.stop - chunk.start):
            digest = blake2b(digest_size=DIGEST_BYTES)
            for array in contiguous:
                digest.update(array[row])
            digests += digest.digest()
    numbers = np.frombuffer(digests, np.uint64).reshape(-1, DIGEST_BYTES // 8)
    _, first, group = np.unique(numbers, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return DistinctRows(first[order], np.argsort(order)[group.ravel()])
