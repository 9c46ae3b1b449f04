"""Micro-clusters of images and meta-clusters of micro-clusters.

Images are reduced to their leading principal directions first: density means little in 512 dimensions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .config import Settings
from .display import Displayed
from .geometry import principal_directions
from .rows import Matrix
from .vectors import (
    PrincipalProjection,
    even_rows,
    group_means,
    row_chunks,
    unit_rows,
)

CLUSTERING_DIMENSIONS = 50
KMEANS_ROUNDS = 15
ROUNDS_ON_SAMPLE = 6

MOST_MEANS = 5_000
"""Most clusters of k-means, and most that are grouped into meta-clusters, at a cost that is quadratic."""

MOST_TRAINED = 200_000
"""Most images that the means are fitted to, 40 for each of the most means."""

ROWS_ASSIGNED = 16_384
CELL_SIZE = 40


@dataclass(frozen=True, repr=False)
class Clusters(Displayed):
    """One partition of the images.

    Attributes:
        level: "micro" or "meta".
        assignments: (n,) int32, cluster of each image in [0, m), -1 for an image in none.
        means: (m, d) float32 unit rows, direction of the mean of each cluster's images.
        sizes: (m,) images in each cluster.
    """

    level: str
    assignments: np.ndarray
    means: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    def reason_to_skip(self, classes: int) -> str:
        """Why these clusters cannot tell so many classes apart, "" if they can."""
        if len(self) < 2:
            return "a single cluster tells nothing apart" if len(self) else "there are no clusters"
        return f"{len(self)} clusters are fewer than {classes} classes" if len(self) < classes else ""

    def with_copies(self, group: np.ndarray) -> "Clusters":
        """The same clusters for images of which some are copies of others.

        Args:
            group: (n,) row of these clusters that each image is a copy of.
        """
        assignments = self.assignments[group]
        sizes = np.bincount(assignments[assignments >= 0], minlength=len(self))
        return Clusters(self.level, assignments, self.means, sizes)


@dataclass(frozen=True, repr=False)
class Hierarchy(Displayed):
    """Meta-clusters over micro-clusters over images."""

    meta: Clusters
    micro: Clusters

    def __iter__(self) -> Iterator[Clusters]:
        """Coarsest level first."""
        return iter((self.meta, self.micro))


def build_hierarchy(
    X: Matrix,
    classes: int,
    settings: Settings,
    micro_assignments: np.ndarray | None = None,
    directions: PrincipalProjection | None = None,
) -> Hierarchy:
    """Cluster images into micro-clusters and those into meta-clusters.

    Args:
        X: (n, d) float32 unit rows.
        classes: Number of classes; sets the number of meta-clusters.
        settings: With nothing left automatic.
        micro_assignments: (n,) clusters of one's own in [-1, clusters), without gaps; then only the meta
            level is computed.
        directions: At least `CLUSTERING_DIMENSIONS` principal directions of the rows; found here if None.

    Returns:
        Both levels; either may have no cluster at all. Above `MOST_MEANS` micro-clusters there is no meta
        level, whose cost grows with their square.
    """
    if micro_assignments is None:
        micro_assignments = micro_cluster_assignments(X, settings, directions)
    micro = summarise("micro", X, micro_assignments)
    wanted = min(int(settings.meta_per_class * classes), len(micro) // 2)
    if len(micro) > MOST_MEANS:
        wanted = 0
    meta_of_micro = meta_cluster_assignments(micro, wanted)
    # One more entry, so that -1 (no micro-cluster) looks up -1 (no meta-cluster).
    lookup = np.append(meta_of_micro, -1).astype(np.int32)
    return Hierarchy(meta=summarise("meta", X, lookup[micro.assignments]), micro=micro)


def micro_cluster_assignments(
    X: Matrix, settings: Settings, directions: PrincipalProjection | None = None
) -> np.ndarray:
    """Group images into many small, pure clusters.

    HDBSCAN (Campello et al. 2013) with leaf selection, which prefers small dense clusters and leaves
    the images between them out; or spherical k-means.

    Returns:
        (n,) whole numbers, -1 for images in no cluster.
    """
    n = len(X)
    if settings.clustering == "none" or n < 2 * settings.smallest_cluster:
        return np.full(n, -1)
    if settings.clustering == "kmeans":
        return _kmeans(X, n // (2 * settings.smallest_cluster), settings.seed, directions)
    reduced = unit_rows(_leading(X, directions).of(X[:]))
    return _hdbscan(reduced, settings.smallest_cluster)


def cells_of(X: Matrix) -> np.ndarray:
    """Cells of about `CELL_SIZE` rows, in which neighbours are looked for, by spherical k-means.

    Returns:
        (n,) whole numbers without gaps.
    """
    return _kmeans(X, max(len(X) // CELL_SIZE, 1), seed=0)


def meta_cluster_assignments(micro: Clusters, wanted: int) -> np.ndarray:
    """Group micro-clusters by average linkage on the cosine of their means.

    Returns:
        (len(micro),) meta-cluster of each micro-cluster; all -1 when fewer than two are wanted.
    """
    if wanted < 2:
        return np.full(len(micro), -1)
    from sklearn.cluster import AgglomerativeClustering

    # Computed here, because a cluster whose images cancel out has a mean of zeros: cosine 0 to all.
    distances = 1 - micro.means @ micro.means.T
    model = AgglomerativeClustering(n_clusters=wanted, metric="precomputed", linkage="average")
    return model.fit_predict(distances)


def summarise(level: str, X: Matrix, assignments: np.ndarray) -> Clusters:
    """Compute the mean directions and sizes of the clusters."""
    count = int(assignments.max(initial=-1)) + 1
    sizes = np.bincount(assignments[assignments >= 0], minlength=count)
    return Clusters(level, assignments, unit_rows(group_means(X, assignments, count)), sizes)


def with_singletons(assignments: np.ndarray) -> np.ndarray:
    """Give every image in no cluster one of its own, numbered after the clusters.

    Args:
        assignments: (n,) cluster of each image, -1 for none.

    Returns:
        (n,) int64 without gaps, even where a number was not used.
    """
    alone = np.flatnonzero(assignments < 0)
    units = assignments.astype(np.int64)
    units[alone] = int(assignments.max(initial=-1)) + 1 + np.arange(len(alone))
    return np.unique(units, return_inverse=True)[1]


def _hdbscan(reduced: np.ndarray, min_cluster_size: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(
        min_cluster_size=min_cluster_size, min_samples=1, cluster_selection_method="leaf", copy=True
    )
    return model.fit_predict(reduced)


def _leading(X: Matrix, directions: PrincipalProjection | None) -> PrincipalProjection:
    """The directions that clusters are found in."""
    return (directions or principal_directions(X)).leading(CLUSTERING_DIMENSIONS)


def _kmeans(X: Matrix, wanted: int, seed: int, directions: PrincipalProjection | None = None) -> np.ndarray:
    """Spherical k-means in the principal directions, trained on `MOST_TRAINED` rows and applied to all."""
    import faiss

    n = len(X)
    projection = _leading(X, directions)

    def reduced(rows: slice | np.ndarray) -> np.ndarray:
        return unit_rows(projection.of(X[rows]))

    at_a_time = n if n <= MOST_TRAINED else ROWS_ASSIGNED
    chunks = list(row_chunks(n, at_a_time))
    some = [even_rows(n, MOST_TRAINED)[chunk] for chunk in row_chunks(MOST_TRAINED, at_a_time)]
    model = faiss.Kmeans(
        projection.basis.shape[1],
        min(wanted, MOST_MEANS),
        niter=KMEANS_ROUNDS if len(chunks) == 1 else ROUNDS_ON_SAMPLE,
        seed=seed % 2**31,  # faiss takes its seed as a signed 32-bit number
        spherical=True,
        min_points_per_centroid=1,  # small clusters are wanted, no warning
    )
    model.train(np.concatenate([reduced(rows) for rows in (some if len(chunks) > 1 else chunks)]))
    nearest = np.concatenate([model.index.search(reduced(rows), 1)[1][:, 0] for rows in chunks])
    # A cluster may have ended empty.
    return np.unique(nearest, return_inverse=True)[1]
