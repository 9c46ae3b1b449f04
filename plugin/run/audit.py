"""An audit: labels drawn at random for a person to review, and the accuracy that their reviews measure.

A quarter of every page to review is drawn like that too, so that whoever reviews measures as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.audit import Estimate, audit_weights, estimate_accuracy, estimate_scores
from ..engine.label_sets import all_classes, membership
from ..report.measured import MeasuredAccuracy

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import Audit, RunRecord, Samples

COUNT = 24
PAGE_SHARE = 4
"""One of so many labels on a page to review is drawn at random."""

LEAST_OF_CLASS = 10
"""Audited labels from which the accuracy of a class is told."""


def audit(dataset: "fo.Dataset", count: int = COUNT, label_field: str = "auto_label") -> "fo.DatasetView":
    """What a person should review to measure the accuracy of the labels: samples or objects drawn at random.

    Correct the wrong ones and approve the others; `measured_accuracy` then says how many of all labels are
    right. Asked again, it shows those first that were drawn before and are not reviewed yet. The last run on
    the label field is audited. Its saved view "<label field> audit" shows the same.

    Args:
        dataset: Dataset of the run.
        count: Most samples or objects, from 1 to 100,000.
        label_field: Field that a run wrote.

    Returns:
        A view of them; empty if every label is reviewed or was drawn.

    Raises:
        InputError: No run wrote the field, or the count is out of range.
    """
    from ..dataset import check_count, draw_audit, labels_of, run_of, save_audit_view, settle

    check_count(count)
    settle(dataset)
    run = run_of(dataset, label_field)
    view = labels_of(dataset, run.label_fields).view(draw_audit(dataset, run.key, count))
    save_audit_view(dataset, label_field, view)
    return view


def review_next(
    samples: "Samples", count: int = COUNT, label_field: str = "auto_label", order: str = "suggested"
) -> "fo.DatasetView":
    """What a person should look at next, samples or objects; they stay in the view when they are reviewed.

    On a page of a whole dataset the last quarter is drawn at random, and its reviews measure the accuracy of
    all labels: see `measured_accuracy`.

    Args:
        samples: Dataset or view.
        count: Most samples, from 1 to 100,000.
        label_field: Field that a run wrote.
        order: "suggested": most informative first; "worst": least confidence first.

    Raises:
        InputError: No run wrote that field, there is no such order, or the count is out of range.
    """
    from ..dataset import dataset_of, draw_audit, review_next as page_of, run_of, settle

    settle(dataset_of(samples))
    drawn: list[str] = []
    if samples is dataset_of(samples) and count >= PAGE_SHARE:
        drawn = draw_audit(samples, run_of(samples, label_field).key, count // PAGE_SHARE)
    return page_of(samples, count, label_field, order, drawn)


def measured_accuracy(dataset: "fo.Dataset", label_field: str = "auto_label") -> MeasuredAccuracy | None:
    """How many labels of the last run on a field are right, by the reviews of labels drawn at random.

    A label counts as right if the reviewed class is the one that the run had given; where an image may have
    several, if all are right and none is missing, beside which there are precision, recall and F1 of single
    labels. Labels reviewed before the run count as right, as they do in its expected accuracy.

    Args:
        dataset: Dataset of the run.
        label_field: Field that a run wrote.

    Returns:
        The accuracy with its 95% interval; None before an audited label is reviewed.

    Raises:
        InputError: No run wrote the field.
    """
    from ..dataset import run_of

    run = run_of(dataset, label_field)
    return measured_runs(dataset, [run]).get(run.key)


def measured_runs(dataset: "fo.Dataset", runs: "Iterable[RunRecord]") -> dict[str, MeasuredAccuracy]:
    """Key of a run → its measured accuracy, of those that were audited."""
    from ..dataset import read_reviews

    audited = [run for run in runs if run.audit]
    measured = {run.key: measured_by(run, read_reviews(dataset, run.label_fields)) for run in audited}
    return {key: one for key, one in measured.items() if one}


def measured_by(run: "RunRecord", reviews: Mapping[str, str]) -> MeasuredAccuracy | None:
    """The same for a run and reviews that are read already.

    Args:
        run: A run.
        reviews: Sample or object id → reviewed class.
    """
    audit, audited = run.audit, _audited(run, reviews)
    if audit is None or audited is None:
        return None
    overall = estimate_accuracy(audited.right, audited.weights, sum(audit.unreviewed), sum(audit.known))
    if overall is None:
        return None
    is_sure = audited.confidence >= audit.sure_from
    return MeasuredAccuracy(
        overall,
        surest=estimate_accuracy(
            audited.right, audited.weights * is_sure, audit.sure_unreviewed, audit.sure_known
        ),
        classes={} if audit.given else _of_classes(run.classes, audit, audited),
        waiting=len(audit.waiting(reviews)),
        noun=run.noun,
        scores=_of_single_labels(audit, reviews, audited.weights) if audit.given else {},
    )


@dataclass(frozen=True)
class AuditedLabels:
    """The m labels that an audit drew.

    Attributes:
        labels: (m,) class numbers that the run gave.
        confidence: (m,) in [0, 1].
        right: (m,) bool, whether their reviews say the same.
        weights: (m,) ≥ 0, how many drawn labels each stands for; 0 without a review.
    """

    labels: np.ndarray
    confidence: np.ndarray
    right: np.ndarray
    weights: np.ndarray


def audited_labels(dataset: "fo.Dataset", run: "RunRecord") -> AuditedLabels | None:
    """The labels of a run that an audit drew, with their reviews; None if there was no audit."""
    from ..dataset import read_reviews

    return _audited(run, read_reviews(dataset, run.label_fields)) if run.audit else None


def _audited(run: "RunRecord", reviews: Mapping[str, str]) -> AuditedLabels | None:
    audit = run.audit
    if audit is None:
        return None
    labels = np.array(audit.labels, np.int64)
    given = audit.given or [run.classes[label] for label in labels]
    reviewed = [reviews.get(one) for one in audit.ids]
    right = np.array([name == label for name, label in zip(reviewed, given, strict=True)], bool)
    weights = audit_weights(np.array(audit.is_asked), np.array([name is not None for name in reviewed]))
    return AuditedLabels(labels, np.array(audit.confidence), right, weights)


def _of_single_labels(audit: "Audit", reviews: Mapping[str, str], weights: np.ndarray) -> dict[str, Estimate]:
    """Precision, recall and F1 of the labels that were drawn, image by image."""
    given, ids = dict(zip(audit.ids, audit.given, strict=True)), list(audit.ids)
    reviewed = {one: reviews.get(one, "") for one in ids}
    classes = all_classes([*given.values(), *reviewed.values()])
    has, is_given = (membership(sets, ids, classes) == 1 for sets in (reviewed, given))
    return estimate_scores(is_given, has, weights)


def _of_classes(classes: Sequence[str], audit: "Audit", audited: AuditedLabels) -> dict[str, Estimate]:
    labels, weights = audited.labels, audited.weights
    counts = np.bincount(labels[weights > 0], minlength=len(classes))
    estimates = {
        classes[number]: estimate_accuracy(
            audited.right, weights * (labels == number), audit.unreviewed[number], audit.known[number]
        )
        for number in np.flatnonzero(counts >= LEAST_OF_CLASS).tolist()
    }
    return {name: estimate for name, estimate in estimates.items() if estimate}
