"""Row-wise operations on matrices of vectors.

Everything downstream takes unit rows, so that a dot product is a cosine.
"""

import numpy as np


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
