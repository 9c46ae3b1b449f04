"""Orders the rows and columns of a matrix of shares so that its diagonal shows.

Pure functions on arrays; the same matrix always gives the same order.
"""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

MOST_ORDERED = 200
"""Columns above which the best order of the leaves, which grows with n³ or worse, is not looked for."""


def seriate(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find an order of rows and columns in which large values lie along the diagonal.

    Columns that fill the same rows become neighbours: average linkage with optimal leaf ordering
    (Bar-Joseph et al. 2001). Rows follow the column of their largest value, then their barycentre.

    Args:
        shares: (rows, columns) ≥ 0.

    Returns:
        The (rows,) and the (columns,) int64 order, first to last.
    """
    columns = _column_order(shares)
    ordered = shares[:, columns]
    if 0 in ordered.shape:
        return np.arange(len(shares)), columns
    mass = ordered.sum(axis=1)
    centre = ordered @ np.arange(len(columns)) / np.where(mass > 0, mass, 1)
    return np.lexsort((centre, ordered.argmax(axis=1))), columns


def _column_order(shares: np.ndarray) -> np.ndarray:
    """Neighbours first, and columns without any value last."""
    filled = np.flatnonzero(shares.sum(axis=0) > 0)
    empty = np.flatnonzero(shares.sum(axis=0) == 0)
    if len(filled) < 3:
        return np.concatenate([filled, empty])
    distances = np.clip(pdist(shares[:, filled].T.astype(np.float64), "cosine"), 0, 1)
    tree = linkage(distances, "average")
    if len(filled) <= MOST_ORDERED:
        tree = optimal_leaf_ordering(tree, distances)
    return np.concatenate([filled[leaves_list(tree)], empty])
