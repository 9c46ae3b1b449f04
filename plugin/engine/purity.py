"""Whether the clusters of a level can help, judged without a true label.

A level that cannot is skipped, and its history says why.
"""

import numpy as np

from .channel import neighbor_votes
from .clustering import Clusters
from .vectors import averaging, row_chunks

LEAST_PURITY = 0.5
"""Purity of a level's clusters below which the level is skipped."""


def reason_to_skip(clusters: Clusters, p: np.ndarray, neighbors: np.ndarray) -> str:
    """Why a level cannot help, "" if it can.

    Args:
        clusters: The clusters of the level.
        p: (n, k) soft labels of the text view.
        neighbors: (n, m) rows of the nearest neighbours.
    """
    classes = p.shape[1]
    if len(clusters) < 2:
        return "a single cluster tells nothing apart" if len(clusters) else "there are no clusters"
    if len(clusters) < classes:
        return f"{len(clusters)} clusters are fewer than {classes} classes"
    purity = cluster_purity(clusters.assignments, p, neighbors)
    if purity < LEAST_PURITY:
        return f"clusters mix classes: their images share a label {purity:.0%} as often as neighbours do"
    return ""


def cluster_purity(assignments: np.ndarray, p: np.ndarray, neighbors: np.ndarray) -> float:
    """How often two images of a cluster share a label, where nearest neighbours are 1 and chance is 0.

    κ(two images of one cluster) / κ(an image and its neighbours), Cohen's κ (1960) of the text's soft
    labels over the clustered images. What the text gets wrong lowers both alike and cancels, so that the
    ratio estimates the clusters' purity without a true label.

    Args:
        assignments: (n,) cluster of each image, -1 for none.
        p: (n, k) soft labels of the text view.
        neighbors: (n, m) rows of the nearest neighbours.

    Returns:
        A number in [0, 1]; 0 where no cluster has two images.
    """
    inside = np.flatnonzero(assignments >= 0)
    sizes = np.bincount(assignments[inside])
    several = sizes > 1
    if not several.any() or neighbors.shape[1] == 0:
        return 0.0
    means = averaging(assignments, len(sizes)) @ p
    frequencies = (sizes @ means) / len(inside)
    chance = float(frequencies @ frequencies)
    own, nearby = np.zeros(len(sizes)), 0.0
    for rows in row_chunks(len(inside)):
        labels = p[inside[rows]]
        own += np.bincount(
            assignments[inside[rows]], np.einsum("nk,nk->n", labels, labels), minlength=len(sizes)
        )
        nearby += float(np.sum(labels * neighbor_votes(p, neighbors[inside[rows]])))
    pairs = sizes**2 * np.einsum("ck,ck->c", means, means) - own
    # Each image has one vote, whatever the size of its cluster.
    together = np.sum(pairs[several] / (sizes[several] - 1)) / sizes[several].sum()
    return float(np.clip((together - chance) / max(nearby / len(inside) - chance, 1e-6), 0, 1))
