"""Row-wise operations on matrices of vectors and of logits.

Everything downstream takes unit rows, so that a dot product is a cosine.
"""

import numpy as np
from scipy import sparse


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Scale every row to length one.

    Args:
        matrix: (n, d) numbers. Rows of zeros stay zeros.

    Returns:
        (n, d) float32, each row of L2 norm 1.
    """
    matrix = np.asarray(matrix, np.float32)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.maximum(norms, np.finfo(np.float32).tiny)


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


def group_means(X: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """Mean row of every group.

    Args:
        X: (n, d) float32.
        group: (n,) group of each row in [0, count), or -1 for none. Every group has a row.
        count: Number of groups.

    Returns:
        (count, d) float32.
    """
    inside = group >= 0
    sizes = np.bincount(group[inside], minlength=count)
    member = sparse.csr_matrix(
        (np.ones(inside.sum(), np.float32), (group[inside], np.flatnonzero(inside))), (count, len(X))
    )
    return np.asarray(member @ X / sizes[:, None], np.float32)


def principal_directions(centred: np.ndarray, most: int) -> np.ndarray:
    """Leading principal directions of centred rows.

    Args:
        centred: (n, d) float32 rows of mean zero.
        most: Directions wanted; fewer when d or n - 1 is smaller.

    Returns:
        (d, m) float32 orthonormal columns, m ≥ 1, largest variance first.
    """
    n, d = centred.shape
    m = max(min(most, d, n - 1), 1)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(directions[:, ::-1][:, :m])
