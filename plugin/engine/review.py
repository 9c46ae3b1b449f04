"""Which images a person should look at first: those whose answer tells most about the others."""

import numpy as np


def review_order(confidence: np.ndarray, probabilities: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Order of review: seats for groups of images in proportion to their expected errors.

    A group g is the images of one cluster with one label; images in no cluster are grouped by label and
    runner-up. Its expected errors are D_g = Σ_{i∈g} (1 − c_i); its t-th answer is worth D_g / t (highest
    averages, D'Hondt 1882), so that every doubtful group is asked before one is asked often. In a group
    the image nearest the group's mean confidence comes first: it stands for the group, the most doubtful
    does not.

    Args:
        confidence: (n,) in [0, 1].
        probabilities: (n, k) rows that sum to 1.
        clusters: (n,) cluster of each image, -1 for none.

    Returns:
        (n,) rows, the one to ask for first in front. Leave out the known ones afterwards.
    """
    doubt = 1 - np.asarray(confidence, np.float64)
    k = probabilities.shape[1]
    ranked = np.argsort(-probabilities, axis=1, kind="stable")
    second = ranked[:, 1] if k > 1 else ranked[:, 0]
    keys = np.stack([clusters, ranked[:, 0], np.where(clusters < 0, second, 0)], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.ravel()
    errors = np.bincount(group, weights=doubt)
    typical = np.abs(doubt - (errors / np.bincount(group))[group])
    inside = np.lexsort((typical, group))
    starts = np.searchsorted(group[inside], np.arange(len(errors)))
    turn = np.empty(len(doubt), np.int64)
    turn[inside] = np.arange(len(doubt)) - starts[group[inside]] + 1
    return np.lexsort((-doubt, -errors[group] / turn))
