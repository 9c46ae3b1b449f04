"""The summary of a run for some of its images, or beside a ground truth, from what it kept.

The course of the run stays as it was; all else is counted anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import InputError
from ..report.summarising import (
    CLASSES_PER_CLUSTER,
    SHARE_DIGITS,
    SMALLEST_SHARE,
    count_labels,
    count_sets,
    rank_pairs,
    summarise_truth,
)
from ..report.summary import Alignment, ConfusablePair, NovelCluster, RunSummary

if TYPE_CHECKING:
    from ..dataset import Outcome


@dataclass(frozen=True)
class _Labels:
    """What a run said of n images; as in `Outcome`."""

    labels: np.ndarray
    second_labels: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray


def narrow(
    summary: RunSummary,
    outcome: "Outcome",
    *,
    sample_ids: Collection[str] | None = None,
    truth: Mapping[str, str] | None = None,
) -> RunSummary:
    """Count a run again.

    Args:
        summary: All of the run.
        outcome: What it said of every sample.
        sample_ids: Samples to count; all if None.
        truth: Sample id → true class, None where it is not known; None for no ground truth.

    Returns:
        The summary. True classes that the run was not given stand behind its own, without labels.

    Raises:
        InputError: The run labelled none of the samples, or the truth names no class of the run.
    """
    rows = _rows(outcome, sample_ids)
    classes, true = _with_truth(summary.classes, [(truth or {}).get(outcome.sample_ids[row]) for row in rows])
    if truth is not None and not np.isin(true, np.arange(len(summary.classes))).any():
        raise InputError(
            "The ground truth names no class of this run for these samples: choose another field."
        )
    some = _Labels(*(getattr(outcome, name)[rows] for name in _Labels.__dataclass_fields__))
    k, confidence = len(classes), some.confidence.astype(np.float64)
    counts = count_labels(some.labels, confidence, k)
    if summary.multilabel:
        counts |= count_sets(outcome.is_given[rows], outcome.class_probabilities[rows])
    counted = replace(
        summary,
        classes=classes,
        reviewed=int((outcome.review_rank[rows] == 0).sum()),
        **counts,
        truth=None if truth is None else summarise_truth(some.labels, confidence, true, k),
    )
    # The run itself knows more of all of its images than their labels say.
    return counted if sample_ids is None else _with_clusters_of(counted, outcome, rows, some)


def _with_clusters_of(summary: RunSummary, outcome: "Outcome", rows: np.ndarray, some: _Labels) -> RunSummary:
    """The summary with clusters and pairs of classes of some images alone."""
    found = (
        _alignment(level, getattr(outcome, f"{level}_cluster")[rows], some.labels) for level in summary.levels
    )
    return replace(
        summary,
        alignment=tuple(alignment for alignment in found if alignment),
        confusable=() if summary.multilabel else _pairs(some, np.array(summary.counts)),
        novel=_novel(summary.novel, outcome.micro_cluster[rows]),
    )


def _rows(outcome: "Outcome", sample_ids: Collection[str] | None) -> np.ndarray:
    if sample_ids is None:
        return np.arange(len(outcome.sample_ids))
    rows = np.flatnonzero(np.isin(outcome.sample_ids, list(sample_ids)))
    if len(rows) == 0:
        raise InputError("This run labelled none of these samples: choose another view.")
    return rows


def _with_truth(classes: Sequence[str], names: Sequence[str | None]) -> tuple[tuple[str, ...], np.ndarray]:
    """All classes, those of a run first, and the number of each true one, -1 where it is not known."""
    every = tuple(dict.fromkeys([*classes, *sorted({name for name in names if name is not None})]))
    numbers: dict[str | None, int] = {name: number for number, name in enumerate(every)} | {None: -1}
    return every, np.array([numbers[name] for name in names])


def _alignment(level: str, clusters: np.ndarray, labels: np.ndarray) -> Alignment | None:
    """Shares of the labels in every cluster that has images here, most images in doubt first."""
    is_in_one = clusters >= 0
    if not is_in_one.any():
        return None
    pairs, images = np.unique(np.stack([clusters, labels])[:, is_in_one], axis=1, return_counts=True)
    order = np.lexsort((-images, pairs[0]))
    numbers, starts, sizes = np.unique(pairs[0][order], return_index=True, return_counts=True)
    found = []
    for number, start, size in zip(numbers.tolist(), starts.tolist(), sizes.tolist(), strict=True):
        at = order[start : start + size]
        total = int(images[at].sum())
        shares = (images[at][:CLASSES_PER_CLUSTER] / total).round(SHARE_DIGITS).tolist()
        shares = [share for place, share in enumerate(shares) if share >= SMALLEST_SHARE or place == 0]
        found.append((number, total, pairs[1][at][: len(shares)].tolist(), shares))
    found.sort(key=lambda cluster: (-cluster[1] * (1 - cluster[3][0]), -cluster[1]))
    return Alignment(
        level=level,
        total=len(found),
        purity=float(images[order][starts].sum() / images.sum()),
        clusters=tuple(number for number, _, _, _ in found),
        sizes=tuple(total for _, total, _, _ in found),
        classes=tuple(tuple(classes) for _, _, classes, _ in found),
        shares=tuple(tuple(shares) for _, _, _, shares in found),
        is_counted=True,
    )


def _pairs(some: _Labels, counts: np.ndarray) -> tuple[ConfusablePair, ...]:
    """Pairs of label and second choice, by the probability of the second choices."""
    has_second = some.second_labels >= 0
    both = np.sort(np.stack([some.labels, some.second_labels])[:, has_second], axis=0)
    pairs, pair_of, images = np.unique(both, axis=1, return_inverse=True, return_counts=True)
    errors = np.bincount(pair_of.ravel(), (some.confidence - some.margin)[has_second], pairs.shape[1])
    return rank_pairs(pairs, images, errors, counts)


def _novel(novel: tuple[NovelCluster, ...], clusters: np.ndarray) -> tuple[NovelCluster, ...]:
    """Those that have images here."""
    sizes = {each.cluster: int((clusters == each.cluster).sum()) for each in novel}
    return tuple(replace(each, size=sizes[each.cluster]) for each in novel if sizes[each.cluster])
