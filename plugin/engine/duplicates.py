"""Rows that are the same in everything: they are refined once, because a copy is no second opinion.

Counting copies would let an image vouch for itself as its own nearest neighbour.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

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


def distinct_rows(*arrays: np.ndarray) -> DistinctRows:
    """Find rows that are the same, byte for byte, in all arrays.

    Args:
        *arrays: Arrays of n rows each.
    """
    seen: dict[bytes, int] = {}
    first: list[int] = []
    group = np.empty(len(arrays[0]), np.int64)
    contiguous = [np.ascontiguousarray(array) for array in arrays]
    for row in range(len(group)):
        digest = blake2b(digest_size=DIGEST_BYTES)
        for array in contiguous:
            digest.update(array[row])
        group[row] = seen.setdefault(digest.digest(), len(first))
        if group[row] == len(first):
            first.append(row)
    return DistinctRows(np.array(first, np.int64), group)
