"""Feature sets with a known truth, as they are and under the stresses that real folders bring.

A feature set is a .npz file with X (n, d), T (k, d) and y (n,): images, class names, true class numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fiftyone_autolabel.plugin.engine.vectors import unit_rows

STRESSES = ("as it is", "absent classes", "long tail", "few images", "one dominant class")
ABSENT_SHARE = 0.7
FEW_IMAGES = (20, 30, 40, 60)
DOMINANT_SHARE = 0.8
FEWEST_OF_DOMINANT = 20


@dataclass(frozen=True)
class FeatureSet:
    """Embeddings and truth; n images, k classes.

    Attributes:
        name: What to call it in a table.
        X: (n, d) float32 unit rows.
        T: (k, d) float32 unit rows.
        y: (n,) true class numbers.
    """

    name: str
    X: np.ndarray
    T: np.ndarray
    y: np.ndarray

    def images(self, rows: np.ndarray) -> "FeatureSet":
        """The same classes with some of the images."""
        return FeatureSet(self.name, self.X[rows], self.T, self.y[rows])


def load_feature_set(path: Path) -> FeatureSet:
    """Read a .npz file; numbers only, nothing in it is executed."""
    with np.load(path, allow_pickle=False) as arrays:
        return FeatureSet(
            path.stem, unit_rows(arrays["X"]), unit_rows(arrays["T"]), arrays["y"].astype(np.int64)
        )


def stressed(features: FeatureSet, stress: str, draws: int) -> Iterator[FeatureSet]:
    """Draw subsets of the images that bear a stress; none where the set is too small for it.

    Args:
        features: A set to draw from.
        stress: One of `STRESSES`.
        draws: Subsets to draw, each with a seed of its own.
    """
    for rows in stressed_rows(features.y, stress, draws):
        yield features.images(rows)


def stressed_rows(y: np.ndarray, stress: str, draws: int) -> Iterator[np.ndarray]:
    """The same for the rows that are drawn, given the true classes (n,) of all images."""
    if stress == "as it is":
        yield np.arange(len(y))
        return
    for seed in range(draws):
        rows = _draw(y, stress, np.random.default_rng(seed), seed)
        if len(rows):
            yield rows


def _draw(y: np.ndarray, stress: str, rng: np.random.Generator, seed: int) -> np.ndarray:
    classes = rng.permutation(np.unique(y))
    if stress == "absent classes":
        kept = classes[: max(2, round((1 - ABSENT_SHARE) * len(classes)))]
        return np.flatnonzero(np.isin(y, kept))
    if stress == "few images":
        return np.sort(rng.permutation(len(y))[: FEW_IMAGES[seed % len(FEW_IMAGES)]])
    if stress == "long tail":
        wanted = np.bincount(y).max() / np.arange(1, len(classes) + 1)
        return _some_of_each(y, dict(zip(classes, wanted, strict=True)), rng)
    sizes = np.bincount(y)[classes]
    large = classes[np.argsort(-sizes, kind="stable")][: max(1, len(classes) // 3)]
    dominant = rng.choice(large)
    inside = np.flatnonzero(y == dominant)
    if len(inside) < FEWEST_OF_DOMINANT:
        return np.empty(0, np.int64)
    others = rng.permutation(np.flatnonzero(y != dominant))
    return np.sort(np.append(inside, others[: round(len(inside) * (1 / DOMINANT_SHARE - 1))]))


def _some_of_each(y: np.ndarray, wanted: dict[int, float], rng: np.random.Generator) -> np.ndarray:
    """As many images of a class as wanted; a fraction below one is the chance of a single image."""
    rows = []
    for number, count in wanted.items():
        take = round(count) if count >= 1 else int(rng.random() < count)
        rows.append(rng.permutation(np.flatnonzero(y == number))[:take])
    return np.sort(np.concatenate(rows))
