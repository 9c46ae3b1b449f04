"""Train, validation and test splits by class, with near-duplicates on one side.

Arrays in, arrays out; the same seed gives the same splits.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..engine.vectors import unit_rows

SPLITS = ("train", "val", "test")
TRAIN = SPLITS.index("train")

CHUNK_CELLS = 1 << 22
"""Cosines in memory at a time; if all of them are near-duplicates, each takes some 90 bytes."""


def stratified_split(
    labels: np.ndarray,
    groups: np.ndarray,
    shares: tuple[float, float, float],
    seed: int = 0,
    fixed: dict[int, int] | None = None,
) -> np.ndarray:
    """Deal groups of labels out to the splits, class by class, the rarest class first.

    A group goes to train as long as train lacks one of its classes. After that every class gets its whole
    number of labels in every split, and what is left over goes to the split that is behind overall. For
    groups of one label, the labels of a class in a split thus differ from its share by less than one,
    unless train needs the only one.

    Args:
        labels: (m,) class number of every label. An image has one, or one for each of its boxes.
        groups: (m,) group in [0, g) of every label's image; each has a label.
        shares: Share of train, val and test, ≥ 0, the first > 0, of sum 1.
        seed: Seed of the random order of the groups.
        fixed: Group → split that it has already, a position in `SPLITS`.

    Returns:
        (g,) split of each group, a position in `SPLITS`.
    """
    dealer = _Dealer(np.bincount(labels), shares)
    order = _dealing_order(labels, groups, seed)
    members = np.split(labels[np.argsort(groups, kind="stable")], np.cumsum(np.bincount(groups))[:-1])
    splits = np.empty(len(order), np.int8)
    for group, split in (fixed or {}).items():
        splits[group] = dealer.put(members[group].tolist(), split)
    for group in order:
        if group not in (fixed or {}):
            splits[group] = dealer.deal(members[group].tolist())
    return splits


def near_duplicate_groups(
    X: np.ndarray, threshold: float, progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Group images that are linked by a chain of near-duplicates.

    All pairs are compared, which takes time in n²·d: on one core, half a minute for 40,000 vectors of 512
    numbers, and four times that for twice as many. Memory does not grow with the number of pairs.

    Args:
        X: (n, d) numbers. A row of zeros or with NaN is in a group of its own.
        threshold: Least cosine of near-duplicates, in (0, 1].
        progress: Called with (rows compared, rows in all).

    Returns:
        (n,) group of every row in [0, number of groups).
    """
    n = len(X)
    X = unit_rows(X)
    groups = np.arange(n)
    rows = max(1, CHUNK_CELLS // max(n, 1))
    for start in range(0, n, rows):
        # Rounding may leave equal vectors a little short of a cosine of one.
        near = X[start : start + rows] @ X[start:].T >= threshold - 1e-6
        first, second = np.nonzero(np.triu(near, 1))
        first, second = first + start, second + start
        is_news = groups[first] != groups[second]
        if is_news.any():
            groups = _merged(groups, first[is_news], second[is_news])
        if progress:
            progress(min(start + rows, n), n)
    return np.unique(groups, return_inverse=True)[1]


class _Dealer:
    """Keeps count of what every split has, and says where the next group goes."""

    def __init__(self, sizes: np.ndarray, shares: tuple[float, float, float]) -> None:
        """Take the number of labels of each class, and the share of each split."""
        self._used = [split for split in range(len(SPLITS)) if shares[split] > 0]
        self._shares = shares
        self._missing = [[share * size for size in sizes.tolist()] for share in shares]
        self._in_train = [False] * len(sizes)
        self._dealt = [0] * len(SPLITS)

    def deal(self, classes: list[int]) -> int:
        """Choose the split of a group with labels of these classes."""
        split = TRAIN if self._train_lacks(classes) else max(self._used, key=lambda s: self._need(s, classes))
        return self.put(classes, split)

    def put(self, classes: list[int], split: int) -> int:
        """Count a group with labels of these classes in its split."""
        for label in classes:
            self._missing[split][label] -= 1
            self._in_train[label] |= split == TRAIN
        self._dealt[split] += len(classes)
        return split

    def _train_lacks(self, classes: list[int]) -> bool:
        return not all(self._in_train[label] for label in classes)

    def _need(self, split: int, classes: list[int]) -> tuple[int, bool, float]:
        """How much a split needs a group: whole labels of its classes first, then labels of any class."""
        missing = self._missing[split]
        # Shares such as 0.1 are not exact, and 0.9999999 of a label is a label.
        mean = sum(missing[label] for label in classes) / len(classes) + 1e-6
        behind = self._shares[split] * (sum(self._dealt) + len(classes)) - self._dealt[split]
        return max(math.floor(mean), 0), mean > 1e-5, behind


def _dealing_order(labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Groups by their rarest class, the rarest first; large before small, for these are easy to place."""
    sizes = np.bincount(labels)
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(sizes, kind="stable")] = np.arange(len(sizes))
    group_sizes = np.bincount(groups)
    rarest = np.full(len(group_sizes), len(sizes))
    np.minimum.at(rarest, groups, rank[labels])
    shuffled = np.random.default_rng(seed).permutation(len(group_sizes))
    return np.lexsort((shuffled, -group_sizes, rarest))


def _merged(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Groups after linking pairs of rows."""
    links = coo_array((np.ones(len(first), bool), (groups[first], groups[second])), (len(groups),) * 2)
    return connected_components(links, directed=False)[1][groups]
