"""Which images a person should look at first: those whose answer tells most about the others.

One of every doubtful group before many of one group.
"""

import numpy as np


def review_order(
    confidence: np.ndarray,
    labels: np.ndarray,
    second_labels: np.ndarray,
    clusters: np.ndarray,
    is_known: np.ndarray | None = None,
) -> np.ndarray:
    """Order of review: seats for groups of images in proportion to their expected errors.

    A group g is the images of one cluster with one label; images in no cluster are grouped by label and
    runner-up. Its expected errors are D_g = Σ_{i∈g} (1 − c_i); its t-th answer is worth D_g / t (highest
    averages, D'Hondt 1882), so that every doubtful group is asked before one is asked often. Answers that
    are there already hold the first seats of their group. Among the others the image nearest the group's
    mean confidence comes first: it stands for the group, the most doubtful does not.

    Args:
        confidence: (n,) in [0, 1].
        labels: (n,) class numbers.
        second_labels: (n,) second most likely classes, -1 where there is but one class.
        clusters: (n,) cluster of each image, -1 for none.
        is_known: (n,) bool, whether a person gave the label; none if None.

    Returns:
        Rows of the images that are not known, the one to ask for first in front.
    """
    is_open = np.ones(len(confidence), bool) if is_known is None else ~is_known
    doubt = np.where(is_open, 1 - np.asarray(confidence, np.float64), 0)
    keys = np.stack([clusters, labels, np.where(clusters < 0, second_labels, 0)], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.ravel()
    errors = np.bincount(group, weights=doubt)
    typical = np.abs(doubt - (errors / np.maximum(np.bincount(group, weights=is_open), 1))[group])
    inside = np.lexsort((typical, is_open, group))
    starts = np.searchsorted(group[inside], np.arange(len(errors)))
    turn = np.empty(len(doubt), np.int64)
    turn[inside] = np.arange(len(doubt)) - starts[group[inside]] + 1
    order = np.lexsort((-doubt, -errors[group] / turn))
    return order[is_open[order]]
