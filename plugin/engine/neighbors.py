"""The nearest neighbours of every image, exact up to a size and against a sample above it.

Chunks keep the memory at a few hundred megabytes, whatever the number of images.
"""

import numpy as np

from .vectors import row_chunks

MOST_REFERENCES = 10_000
CHUNK_ROWS = 2_048


def nearest_neighbors(X: np.ndarray, count: int) -> np.ndarray:
    """Find the most similar other rows of every row.

    Above `MOST_REFERENCES` rows, neighbours come from an evenly strided sample of that size, so the
    cost stays linear in n.

    Args:
        X: (n, d) float32 unit rows.
        count: Neighbours wanted per row; fewer are returned when there are fewer other rows.

    Returns:
        (n, m) row numbers, nearest first, m = min(count, references - 1).
    """
    n = len(X)
    references = np.unique(np.linspace(0, n - 1, min(n, MOST_REFERENCES)).astype(np.int64))
    m = max(min(count, len(references) - 1), 0)
    rows = np.empty((n, m), np.int64)
    if m == 0:
        return rows
    R = X[references]
    position = np.full(n, -1, np.int64)
    position[references] = np.arange(len(references))
    for chunk in row_chunks(n, CHUNK_ROWS):
        similarity = X[chunk] @ R.T
        own = position[chunk]
        itself = np.flatnonzero(own >= 0)
        similarity[itself, own[itself]] = -np.inf
        every = np.arange(len(similarity))
        # For so few, one pass each is several times faster than a partition.
        for column in range(m):
            best = similarity.argmax(axis=1)
            rows[chunk, column] = references[best]
            similarity[every, best] = -np.inf
    return rows
