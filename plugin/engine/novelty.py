"""Novelty: images and clusters that fit no class name, so that a missing class is found.

A ranking within one run, most novel first; it says where to look and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from .clustering import Clusters
from .display import Displayed
from .evidence import Evidence
from .rows import Matrix, blocks, row_products
from .vectors import group_means, group_sums, mean_row, row_chunks, softmax, trust_in_classes, unit_rows

MOST_CENTRAL_IMAGES = 9
MOST_RIVALS = 3
MOST_NEARER_TEXTS = 3
SMOOTHING_ROUNDS = 2

SAME_IMAGE = 1e-3
"""Distance of unit rows from their mean below which a direction from the mean is rounding noise."""


@dataclass(frozen=True, repr=False)
class ClusterNovelty(Displayed):
    """How badly a cluster fits the class names.

    Attributes:
        cluster: Number of the cluster in its `Clusters`.
        score: Mean novelty of its images, in (0, 1): the share of all images that look less novel. Some
            cluster always comes first, also where no class is missing.
        size: Images in the cluster.
        rivals: The classes, at most three, whose names suit the cluster best, best first.
        central_images: (m,) int64 rows of the images nearest to its mean, m ≤ 9, nearest first.
    """

    cluster: int
    score: float
    size: int
    rivals: tuple[int, ...]
    central_images: np.ndarray


def cluster_novelty(
    evidence: Evidence, clusters: Clusters, novelty: np.ndarray
) -> tuple[ClusterNovelty, ...]:
    """Rank clusters by how badly they fit the class names.

    Args:
        evidence: What the rule started from.
        clusters: One partition of the images, usually the micro-clusters.
        novelty: (n,) from `image_novelty`.

    Returns:
        One entry per cluster, most novel first; empty when there are no clusters.
    """
    if len(clusters) == 0:
        return ()
    scores = group_means(novelty[:, None], clusters.assignments, len(clusters))[:, 0]
    logits = group_means(evidence.text.logits, clusters.assignments, len(clusters))
    rivals = np.argsort(-logits, axis=1, kind="stable")[:, :MOST_RIVALS]
    central_images = _central_images(evidence.V, clusters)
    return tuple(
        ClusterNovelty(
            cluster=int(number),
            score=float(scores[number]),
            size=int(clusters.sizes[number]),
            rivals=tuple(rivals[number].tolist()),
            central_images=central_images[number],
        )
        for number in np.argsort(-scores, kind="stable")
    )


def nearer_texts(
    ranking: Sequence[ClusterNovelty], X: Matrix, T: np.ndarray, W: np.ndarray
) -> dict[int, tuple[int, ...]]:
    """Find texts that suit a cluster better than any class name: what a missing class may be called.

    A text suits a cluster by its mean cosine with the cluster's central images. Where the class of a cluster
    is named, its name is often the nearest, so that nothing is found; else words of like meaning are.

    Measured by `benchmarks/novelty.py --vocabulary`.

    Args:
        ranking: From `cluster_novelty`.
        X: (n, d) unit rows, images.
        T: (k, d) unit rows, names of classes and other words for them.
        W: (m, d) unit rows, other texts.

    Returns:
        Number of a cluster → rows of W, at most three, nearest first. Clusters that no text suits better
        than the nearest class name are left out.
    """
    centres = np.stack([X[entry.central_images].mean(axis=0) for entry in ranking])
    limits = (centres @ T.T).max(axis=1)
    found = {}
    for entry, closeness, limit in zip(ranking, centres @ W.T, limits, strict=True):
        nearest = np.argsort(-closeness, kind="stable")[:MOST_NEARER_TEXTS]
        nearer = nearest[closeness[nearest] > limit]
        if len(nearer):
            found[entry.cluster] = tuple(nearer.tolist())
    return found


def image_novelty(evidence: Evidence, z: Matrix) -> np.ndarray:
    """Rank images by how badly they fit the class names.

    Three signs, each standardised over the images, p the text view, z the rule's soft labels:

        undecided      the entropy of p_i
        far from names −Σ_c z_ic cos(x_i, t_c)
        far from cores −max_c cos(v_i − v̄, core_c), weighted by ρ

    The names speak first because refined prototypes cannot: images of a missing class have already pulled
    the nearest one to themselves. A core is therefore made of the better half of a class only, by what
    the names say. Where classes have no images a core is a missing class itself; the strength ρ of the
    balancing, chosen by neighbours, is 0 there and near 1 where all classes have images. Neighbours that
    share a class share their score.

    Measured by `benchmarks/novelty.py`.

    Args:
        evidence: What the rule started from.
        z: (n, k) rows that sum to 1, the soft labels of a rule before calibration.

    Returns:
        (n,) float32 in (0, 1), share of the images that look less novel.
    """
    undecided, closeness = np.empty((2, len(z)), np.float32)
    for rows in row_chunks(len(z)):
        undecided[rows] = entropy(softmax(evidence.text.logits[rows]))
        closeness[rows] = closeness_to_names(z[rows], evidence.X[rows], evidence.T)
    names = score = standardised(undecided) - standardised(closeness)
    strength, asked = evidence.text.strength, asked_neighbors(z, evidence.neighbors)
    if strength > 0:
        labels = z.argmax(axis=1)
        core = better_half(smoothed(names, *asked), labels, z.shape[1])
        score = names + strength * standardised(core_distance(evidence.V, labels, core, z.shape[1]))
    ranks = rankdata(smoothed(score, *asked))
    return ((ranks - 0.5) / len(ranks)).astype(np.float32)


def closeness_to_names(z: np.ndarray, X: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Expected cosine of each image with the name of its class, Σ_c z_ic cos(x_i, t_c).

    Args:
        z: (n, k) soft labels, rows sum to 1.
        X: (n, d) unit rows, images.
        T: (k, d) unit rows, class names.
    """
    return np.einsum("nk,nk->n", z, X @ T.T)


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy (nats) of each row.

    Args:
        probabilities: (n, k) rows that sum to 1.
    """
    logarithms = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return -np.einsum("nk,nk->n", probabilities, logarithms)


def standardised(values: np.ndarray) -> np.ndarray:
    """The values less their mean, in units of their standard deviation; zeros where they do not differ.

    Args:
        values: (n,) numbers.
    """
    centred = values.astype(np.float64) - values.mean(dtype=np.float64)
    spread = centred.std()
    return centred / spread if spread > np.finfo(np.float32).eps else np.zeros_like(centred)


def asked_neighbors(z: Matrix, neighbors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which neighbours share their values with an image, and how far each is trusted.

    w_ij = N/(N + 10) · Σ_c z_ic z_jc is the chance that both are of one class, trusted as far as a class
    has images, N = n/k of them on average. At most half as many neighbours are asked.

    Args:
        z: (n, k) soft labels, rows sum to 1.
        neighbors: (n, m) rows of the nearest neighbours, nearest first.

    Returns:
        (n, a) rows of neighbours, and (a, n) their weights w.
    """
    n, k = z.shape
    asked = neighbors[:, : max(n // (2 * k), 1)]
    trust = trust_in_classes(np.asarray(n / k))
    weights = np.empty(asked.T.shape)
    for rows in row_chunks(n):
        own = z[rows]
        for weight, column in zip(weights, asked.T, strict=True):
            weight[rows] = trust * row_products(z, column[rows], own)
    return asked, weights


def smoothed(values: np.ndarray, asked: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share values among neighbours, two rounds of v_i ← (v_i + Σ_j w_ij v_j) / (1 + Σ_j w_ij).

    Args:
        values: (n,) numbers.
        asked: (n, a) rows of neighbours.
        weights: (a, n) w, see `asked_neighbors`.

    Returns:
        (n,) float64; the values themselves where there are no neighbours.
    """
    total = 1 + weights.sum(axis=0)
    for _ in range(SMOOTHING_ROUNDS):
        told = sum(weight * values[column] for weight, column in zip(weights, asked.T, strict=True))
        values = (values + told) / total
    return values


def better_half(values: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Mark the half of each class, rounded up, that has the smallest values.

    Args:
        values: (n,) numbers.
        labels: (n,) class of each image.
        classes: Number of classes k.

    Returns:
        (n,) bool.
    """
    counts = np.bincount(labels, minlength=classes)
    order = np.lexsort((values, labels))
    place = np.arange(len(labels)) - (np.cumsum(counts) - counts)[labels[order]]
    chosen = np.empty(len(labels), bool)
    chosen[order] = 2 * place < counts[labels[order]]
    return chosen


def core_distance(V: Matrix, labels: np.ndarray, core: np.ndarray, classes: int) -> np.ndarray:
    """Cosine distance of each image to the nearest core of a class, all seen from the mean image.

    A core is the mean direction of its images. With r_i = |v_i − v̄|, direction i is (v_i − v̄)/r_i, so
    that neither the centred images nor their directions need a matrix of their own.

    Args:
        V: (n, v) float32 unit rows.
        labels: (n,) class of each image.
        core: (n,) bool, the images that make the cores; at least one.
        classes: Number of classes k.

    Returns:
        (n,) float32 in [0, 2]; ones where an image is the mean image.
    """
    mean = mean_row(V, np.float32)
    squares = np.concatenate(
        [np.einsum("nd,nd->n", V[rows], V[rows]) - 2 * (V[rows] @ mean) + mean @ mean for rows in blocks(V)]
    )
    radius = np.sqrt(np.maximum(squares, 0))
    inverse = np.where(radius > SAME_IMAGE, 1 / np.maximum(radius, SAME_IMAGE), 0).astype(np.float32)
    rows = np.flatnonzero(core)
    members = sparse.csr_matrix((inverse[rows], (labels[rows], rows)), (classes, len(V)))
    sums = group_sums(V, np.where(core, labels, -1), inverse, classes)
    sums -= np.outer(members.sum(axis=1), mean)
    directions = unit_rows(sums[np.bincount(labels[rows], minlength=classes) > 0])
    nearest = np.empty(len(V), np.float32)
    for chunk in row_chunks(len(V)):
        nearest[chunk] = (V[chunk] @ directions.T - directions @ mean).max(axis=1)
    return 1 - np.clip(nearest * inverse, -1, 1)


def _central_images(V: Matrix, clusters: Clusters) -> list[np.ndarray]:
    """Rows of the images of each cluster that are nearest to its mean, nearest first."""
    inside = np.flatnonzero(clusters.assignments >= 0)
    number = clusters.assignments[inside]
    closeness = np.empty(len(inside), np.float32)
    for chunk in row_chunks(len(inside)):
        closeness[chunk] = np.einsum("nd,nd->n", V[inside[chunk]], clusters.means[number[chunk]])
    ordered = inside[np.lexsort((-closeness, number))]
    starts = np.cumsum(clusters.sizes)[:-1]
    return [rows[:MOST_CENTRAL_IMAGES] for rows in np.split(ordered, starts)]
