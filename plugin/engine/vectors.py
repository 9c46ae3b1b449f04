"""Row-wise operations on matrices of vectors and of logits.

Everything downstream takes unit rows, so that a dot product is a cosine.
"""

import numpy as np
from scipy import linalg, sparse

NEGLIGIBLE_SHARE = 1e-6
"""Share of the largest variance below which a direction is rounding noise in float32."""

TRUSTED_IMAGES = 10.0
"""Images of a class at which what they say counts as much as its name."""


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Scale every row to length one.

    Args:
        matrix: (n, d) numbers. Rows of zeros stay zeros.

    Returns:
        (n, d) float32, each row of L2 norm 1.
    """
    matrix = np.asarray(matrix, np.float32)
    # Squares of very small numbers would vanish in float32: bring the largest of a row to one first.
    largest = np.abs(matrix).max(axis=1, keepdims=True, initial=0)
    scaled = matrix / np.where(largest > 0, largest, 1)
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled / np.where(norms > 0, norms, 1)


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


def trust_in_classes(mass: np.ndarray) -> np.ndarray:
    """How far a class's images can be trusted over its name: N/(N + 10).

    Args:
        mass: (k,) expected number of images per class.

    Returns:
        (k,) in [0, 1), ½ at `TRUSTED_IMAGES` images.
    """
    return mass / (mass + TRUSTED_IMAGES)


def principal_directions(centred: np.ndarray, most: int) -> np.ndarray:
    """Leading principal directions of centred rows.

    Args:
        centred: (n, d) float32 rows of mean zero.
        most: Directions wanted; fewer when the rows span fewer.

    Returns:
        (d, m) float32 orthonormal columns, m ≥ 1, largest variance first.
    """
    n, d = centred.shape
    if n < d:
        return _directions_of_few(centred, most)
    m = min(most, d)
    _, directions = linalg.eigh(centred.T @ centred, subset_by_index=(d - m, d - 1))
    return np.ascontiguousarray(directions[:, ::-1])


def _directions_of_few(centred: np.ndarray, most: int) -> np.ndarray:
    """The same for fewer rows than dimensions, from the (n, n) products of the rows."""
    values, left = linalg.eigh(centred @ centred.T)
    spanned = np.flatnonzero(values > NEGLIGIBLE_SHARE * max(values[-1], NEGLIGIBLE_SHARE))[::-1][:most]
    if len(spanned) == 0:
        return np.eye(centred.shape[1], 1, dtype=np.float32)
    return centred.T @ (left[:, spanned] / np.sqrt(values[spanned]))
