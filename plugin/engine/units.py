"""What shares one soft label on a level of a run: an image, or all images of a cluster.

Clusters are made from the images once, and clusters of clusters from those.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .answers import clamped
from .clustering import Clusters, with_singletons
from .rows import ComputedRows, Matrix, Rows
from .vectors import group_means, group_sums, softmax


@dataclass(frozen=True)
class Units:
    """What shares one soft label: an image, or all images of a cluster.

    Attributes:
        vectors: (m, r) float32 images, or means of clusters.
        logits: (m, k) float32 text view of each, or its mean.
        sizes: (m, 1) float32 images in each.
        anchors: (m,) int64 class that a person gave, -1 for none.
    """

    vectors: Matrix
    logits: Matrix
    sizes: np.ndarray
    anchors: np.ndarray

    def text_rows(self, rows: Rows) -> np.ndarray:
        """(a, k) soft labels of some units by the class names alone; answers are certain."""
        return self.text_of(self.logits[rows], rows)

    def text_of(self, logits: np.ndarray, rows: Rows) -> np.ndarray:
        """The same where the (a, k) logits of these units have been read."""
        return clamped(softmax(logits), self.anchors[rows])


@dataclass(frozen=True)
class Pool:
    """The images of every cluster taken together; images in none and answered ones are clusters of one.

    Attributes:
        unit: (n,) int64 unit of each image.
        first: (m,) int64 the first image of each unit.
        units: The m units.
        text: (m, k) float32 mean soft labels of the images by the class names alone.
    """

    unit: np.ndarray
    first: np.ndarray
    units: Units
    text: np.ndarray

    @classmethod
    def of_images(cls, images: Units, assignments: np.ndarray) -> "Pool":
        """Take images together, (n,) cluster of each, -1 for none; every image is read once."""
        unit, first, anchors = _units_of(images.anchors, assignments)
        r, k = images.vectors.shape[1], images.logits.shape[1]

        def side_by_side(rows: Rows) -> np.ndarray:
            logits = images.logits[rows]
            return np.hstack([images.vectors[rows], logits, images.text_of(logits, rows)])

        all_images = ComputedRows((len(unit), r + 2 * k), side_by_side)
        vectors, logits, text = np.split(group_means(all_images, unit, len(first)), [r, r + k], axis=1)
        sizes = np.bincount(unit).astype(np.float32)[:, None]
        return cls(unit, first, Units(vectors, logits, sizes, anchors), text)

    def coarser(self, assignments: np.ndarray) -> "Pool":
        """Take these units together, (n,) cluster of each image, none of which parts a unit."""
        unit, first, anchors = _units_of(self.units.anchors[self.unit], assignments)
        group, sizes = unit[self.first], self.units.sizes[:, 0]
        sums = np.bincount(group, weights=sizes)
        shares = (sizes / sums[group]).astype(np.float32)
        vectors, logits, text = (
            group_sums(each, group, shares, len(first))
            for each in (self.units.vectors, self.units.logits, self.text)
        )
        return Pool(unit, first, Units(vectors, logits, sums.astype(np.float32)[:, None], anchors), text)


def pools_of(images: Units, levels: Sequence[Clusters]) -> dict[str, Pool]:
    """The units of every level, by its name.

    Args:
        images: All images.
        levels: Clusters, coarsest first, each of whole clusters of the next.
    """
    pools: dict[str, Pool] = {}
    finer: Pool | None = None
    for clusters in reversed(levels):
        finer = finer.coarser(clusters.assignments) if finer else Pool.of_images(images, clusters.assignments)
        pools[clusters.level] = finer
    return pools


def _units_of(anchors: np.ndarray, assignments: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) unit of each image, and of each of the m units the first image and the anchor."""
    unit = with_singletons(np.where(anchors >= 0, -1, assignments))
    first = np.unique(unit, return_index=True)[1]
    return unit, first, anchors[first]
