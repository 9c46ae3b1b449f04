"""From a refinement to the summary that figures and reports are drawn from.

Passes over the images once, in chunks; what is kept is cut to what can be looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from scipy import sparse

from ..engine.clustering import Clusters
from ..engine.errors import InputError
from ..engine.metrics import RELIABILITY_BINS, accuracy, expected_calibration_error, expected_coverage
from ..engine.multilabel import LabelSets
from ..engine.novelty import ClusterNovelty
from ..engine.results import Refinement
from ..engine.vectors import row_chunks
from .summary import Alignment, ConfusablePair, NovelCluster, ReliabilityBin, RunSummary, Truth

CONFIDENCE_BINS = 20
SHARES_KEPT = tuple(round(1 - 0.05 * step, 2) for step in range(20))
"""All labels, then ever fewer of the most confident ones, down to one in twenty."""

MOST_CLUSTERS = 2_500
CLASSES_PER_CLUSTER = 4
SHARE_DIGITS = 5
"""Digits of a share, so many that two of 10,000 images are not lost."""

SMALLEST_SHARE = 0.005
"""Share of a cluster below which a class is not worth a number."""

MOST_PAIRS = 100
LEAST_ERRORS = 0.05
"""Expected errors below which two classes do not compete."""

MOST_CONFUSIONS = 2_000
MOST_NOVEL = 50
LEAST_NOVELTY = 0.5
"""A cluster that looks less novel than most images is none to look at."""


def summarise(
    refinement: Refinement,
    classes: Sequence[str],
    *,
    encoder: str = "",
    failures: int = 0,
    truth: np.ndarray | None = None,
    noun: str = "image",
    suggestions: Mapping[int, tuple[str, ...]] | None = None,
) -> RunSummary:
    """Reduce a refinement to what figures and reports show.

    Args:
        refinement: What the engine returned; n ≥ 1 images.
        classes: (k,) class names.
        encoder: Name of the encoder.
        failures: Number of images that could not be labelled.
        truth: (n,) true class numbers, -1 for an image whose class is not known.
        noun: What was labelled, "image" or "object".
        suggestions: Number of a micro-cluster → words that suit it better than any class name.

    Raises:
        InputError: `classes` or `truth` do not fit the refinement.
    """
    n, k = refinement.probabilities.shape
    if len(classes) != k:
        raise InputError(f"There are {len(classes)} class names for {k} classes: give one for each.")
    if truth is not None:
        truth = _check_truth(truth, n, k)
    confidence = refinement.confidence.astype(np.float64)
    return RunSummary(
        classes=tuple(classes),
        encoder=encoder,
        settings=asdict(refinement.settings),
        reviewed=int(refinement.is_known.sum()),
        failures=failures,
        zero_shot_agreement=accuracy(refinement.labels, refinement.zero_shot_labels),
        **count_labels(refinement.labels, confidence, k),
        history=refinement.history,
        sources=refinement.sources,
        alignment=tuple(
            summarise_alignment(clusters, refinement.alignment[level])
            for level, clusters in refinement.clusters.items()
            if len(clusters)
        ),
        confusable=confusable_pairs(refinement),
        novel=tuple(
            NovelCluster(
                cluster=each.cluster,
                score=round(each.score, 4),
                size=each.size,
                rivals=each.rivals,
                suggestions=(suggestions or {}).get(each.cluster, ()),
            )
            for each in novel_clusters(refinement)
        ),
        truth=None
        if truth is None
        else summarise_truth(refinement.labels, confidence, truth, k, refinement.zero_shot_labels),
        noun=noun,
    )


def count_labels(labels: np.ndarray, confidence: np.ndarray, k: int) -> dict[str, Any]:
    """Fields of a summary that follow from labels and confidence alone.

    Args:
        labels: (n,) class numbers; n ≥ 1.
        confidence: (n,) float64 in [0, 1].
        k: Number of classes.
    """
    counts = np.bincount(labels, minlength=k).tolist()
    sums = np.bincount(labels, confidence, minlength=k).tolist()
    histogram, _ = np.histogram(confidence, CONFIDENCE_BINS, range=(0, 1))
    return {
        "images": len(labels),
        "expected_accuracy": float(confidence.mean()),
        "counts": tuple(counts),
        "mean_confidence": tuple(
            round(total / count, 4) if count else None for total, count in zip(sums, counts, strict=True)
        ),
        "confidence_counts": tuple(histogram.tolist()),
        "coverage": expected_coverage(confidence, SHARES_KEPT),
    }


def summarise_sets(summary: RunSummary, refinement: Refinement, sets: LabelSets) -> RunSummary:
    """The summary where an image may have several labels: classes are counted by them, and confidence is of
    whole sets.

    Args:
        summary: That of one label an image.
        refinement: With the confidence of the sets.
        sets: The labels.
    """
    k = len(summary.classes)
    counted = count_labels(refinement.labels, refinement.confidence.astype(np.float64), k)
    return replace(
        summary,
        **counted | count_sets(sets.is_given, sets.probabilities),
        reviewed=int(refinement.is_known.sum()),
        confusable=(),
        multilabel=True,
    )


def count_sets(is_given: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Images of each class, and the mean confidence that they have it; arguments as in `LabelSets`."""
    counts = is_given.sum(axis=0)
    sums = np.where(is_given, probabilities, 0).sum(axis=0, dtype=np.float64)
    means = [
        round(float(total / count), 4) if count else None for total, count in zip(sums, counts, strict=True)
    ]
    return {"counts": tuple(counts.tolist()), "mean_confidence": tuple(means)}


def novel_clusters(refinement: Refinement) -> list[ClusterNovelty]:
    """The clusters that are worth a look, because they may fit no class name; the first few."""
    return [each for each in refinement.novel_clusters[:MOST_NOVEL] if each.score >= LEAST_NOVELTY]


def summarise_alignment(clusters: Clusters, alignment: np.ndarray) -> Alignment:
    """Keep the clusters with most images in doubt, and of each the classes it mostly went to.

    Images are in doubt that did not go to the class that most of their cluster went to: size · (1 − purity).

    Args:
        clusters: The clusters of one level, at least one.
        alignment: (clusters, k) share of each cluster that went to each class.
    """
    purity = alignment.max(axis=1)
    doubt = clusters.sizes * (1 - purity)
    kept = np.lexsort((-clusters.sizes, -doubt))[:MOST_CLUSTERS]
    few = min(CLASSES_PER_CLUSTER, alignment.shape[1])
    classes = np.argsort(-alignment[kept], axis=1, kind="stable")[:, :few]
    shares = np.take_along_axis(alignment[kept], classes, axis=1).astype(np.float64).round(SHARE_DIGITS)
    # The first class stays, however small: a cluster may be spread evenly over a thousand classes.
    lengths = np.maximum((shares >= SMALLEST_SHARE).sum(axis=1), 1)
    return Alignment(
        level=clusters.level,
        total=len(clusters),
        purity=round(float(purity @ clusters.sizes / clusters.sizes.sum()), SHARE_DIGITS),
        clusters=tuple(kept.tolist()),
        sizes=tuple(clusters.sizes[kept].tolist()),
        classes=tuple(tuple(row[:end].tolist()) for row, end in zip(classes, lengths, strict=True)),
        shares=tuple(tuple(row[:end].tolist()) for row, end in zip(shares, lengths, strict=True)),
    )


def confusable_pairs(refinement: Refinement) -> tuple[ConfusablePair, ...]:
    """Rank the pairs of classes by how many of their labels are expected to belong to the other.

    An image with the label a is of class b with the probability p_b, so the pair has
    Σ_{i: label a} p_ib + Σ_{i: label b} p_ia expected errors.
    """
    k = refinement.probabilities.shape[1]
    mass = np.zeros((k, k))
    for rows in row_chunks(len(refinement.labels)):
        labels = refinement.labels[rows]
        member = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))), (k, len(labels)))
        mass += member @ refinement.probabilities[rows]
    seconds = refinement.explanation.second_labels
    has_second = seconds >= 0
    rivals = np.zeros((k, k), np.int64)
    np.add.at(rivals, (refinement.labels[has_second], seconds[has_second]), 1)
    errors = np.triu(mass + mass.T, 1)
    a, b = np.nonzero(errors >= LEAST_ERRORS)
    counts = np.bincount(refinement.labels, minlength=k)
    return rank_pairs(np.stack([a, b]), (rivals + rivals.T)[a, b], errors[a, b], counts)


def rank_pairs(
    pairs: np.ndarray, images: np.ndarray, errors: np.ndarray, counts: np.ndarray
) -> tuple[ConfusablePair, ...]:
    """The pairs with most expected errors, of each the class with more labels first.

    Args:
        pairs: (2, m) class numbers, the smaller first.
        images: (m,) images between the two.
        errors: (m,) expected errors.
        counts: (k,) images with each label.
    """
    order = [at for at in np.argsort(-errors, kind="stable")[:MOST_PAIRS] if errors[at] >= LEAST_ERRORS]
    found = []
    for at in order:
        first, second = sorted(pairs[:, at].tolist(), key=lambda number: -counts[number])
        found.append(ConfusablePair(first, second, int(images[at]), round(float(errors[at]), 2)))
    return tuple(found)


def summarise_truth(
    labels: np.ndarray,
    confidence: np.ndarray,
    truth: np.ndarray,
    k: int,
    zero_shot_labels: np.ndarray | None = None,
) -> Truth:
    """Compare labels with a ground truth.

    Args:
        labels: (n,) class numbers.
        confidence: (n,) in [0, 1].
        truth: (n,) class numbers, -1 for an image whose class is not known; at least one is.
        k: Number of classes.
        zero_shot_labels: (n,) the class whose name is nearest; None where that is not known.
    """
    known = truth >= 0
    true, labels, confidence = truth[known], labels[known], confidence[known]
    nearest = None if zero_shot_labels is None else accuracy(zero_shot_labels[known], true)
    right = true == labels
    ranked = right[np.argsort(-confidence, kind="stable")]
    accuracies = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    kept = [max(1, round(share * len(ranked))) for share in SHARES_KEPT]
    return Truth(
        images=len(true),
        accuracy=accuracy(labels, true),
        zero_shot_accuracy=nearest,
        calibration_error=expected_calibration_error(confidence, right),
        counts=tuple(np.bincount(true, minlength=k).tolist()),
        right=tuple(np.bincount(true[right], minlength=k).tolist()),
        labelled=tuple(np.bincount(labels, minlength=k).tolist()),
        kept=tuple(round(float(accuracies[count - 1]), 4) for count in kept),
        reliability=reliability_bins(confidence, right),
        confusions=_confusions(true[~right], labels[~right], k),
    )


def reliability_bins(confidence: np.ndarray, right: np.ndarray) -> tuple[ReliabilityBin, ...]:
    """How often labels of about the same confidence are right, in 15 equal bins; empty ones are left out.

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) bool, whether each label is right.
    """
    bins = np.minimum((confidence * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    return tuple(
        ReliabilityBin(int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean()))
        for inside in (bins == number for number in np.unique(bins))
    )


def _confusions(true: np.ndarray, labels: np.ndarray, k: int) -> tuple[tuple[int, int, int], ...]:
    pairs, counts = np.unique(true * k + labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_CONFUSIONS]
    return tuple((int(pairs[at] // k), int(pairs[at] % k), int(counts[at])) for at in order)


def _check_truth(truth: np.ndarray, n: int, k: int) -> np.ndarray:
    truth = np.asarray(truth)
    if truth.shape != (n,) or not np.issubdtype(truth.dtype, np.integer):
        raise InputError(
            f"The ground truth must be {n} whole numbers, one per image, -1 where it is not known."
        )
    if truth.max() >= k:
        raise InputError(f"The ground truth has class {truth.max()}, but classes are numbered 0 to {k - 1}.")
    if truth.max() < 0:
        raise InputError("The ground truth has no class for any of the images: leave it out.")
    return truth.astype(np.int64)
