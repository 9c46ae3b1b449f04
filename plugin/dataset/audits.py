"""Draws labels of a run at random for an audit, and tells which reviewed labels came from such draws."""

import zlib
from dataclasses import replace

import fiftyone as fo
import numpy as np

from ..engine.audit import audit_order
from .drawn import Audit
from .fields import FieldNames
from .labels import labels_of
from .lock import WriteLock
from .outcome import Outcome
from .record import completed_runs, find_run, update_record
from .reviews import read_reviews
from .running import load_outcome
from .schema import RunRecord
from .settling import settle

SURE_SHARE = 0.8
"""Share of the labels, most confident first, whose accuracy is measured apart."""


def draw_audit(dataset: fo.Dataset, run_key: str, count: int) -> list[str]:
    """Ids of labels to audit next: those that were drawn and are not reviewed yet, then newly drawn ones.

    What is drawn is added to the record of the run. Labels that are reviewed already are drawn like all
    others, and not asked for again.

    Args:
        dataset: Dataset of the run.
        run_key: Key of the run.
        count: Most ids.

    Returns:
        Ids of samples or objects in the order of the draw; fewer than `count` if no more labels are left.

    Raises:
        InputError: There is no such run, or what it saved cannot be read.
    """
    settle(dataset)
    with WriteLock(dataset) as lock:
        run = find_run(lock.dataset, run_key)
        reviews = read_reviews(lock.dataset, run.label_fields)
        waiting = run.audit.waiting(reviews) if run.audit else []
        if len(waiting) < count:
            audit = _drawn(lock.dataset, run, reviews, count)
            update_record(lock.dataset, run_key, {"audit": audit.to_dict()})
            waiting = audit.waiting(reviews)
    return waiting[:count]


def audit_probabilities(
    dataset: fo.Dataset, names: FieldNames, before: RunRecord | None = None
) -> dict[str, float]:
    """Samples, or objects, that audits of a label field have drawn → chance with which they were drawn.

    Args:
        dataset: Dataset of the runs.
        names: Fields of the runs.
        before: Only runs that began before this one count; all if None.
    """
    runs = [run for run in completed_runs(dataset) if run.audit and run.fields == names]
    return {
        one: run.audit.inclusion_probability
        for run in runs
        if before is None or run.started < before.started
        for one in run.audit.ids
    }


def _drawn(dataset: fo.Dataset, run: RunRecord, reviews: dict[str, str], count: int) -> Audit:
    """The audit of a run, with labels drawn until `count` wait for a review."""
    outcome, labels = load_outcome(dataset, run.key), labels_of(dataset, run.label_fields)
    audit = run.audit or _nothing_drawn(outcome)
    rows = np.flatnonzero(outcome.review_rank > 0)
    order = rows[audit_order(outcome.labels[rows], outcome.confidence[rows], zlib.crc32(run.key.encode()))]
    missing = count - len(audit.waiting(reviews))
    while missing > 0 and len(audit.ids) < len(order):
        batch = order[len(audit.ids) : len(audit.ids) + missing]
        ids = tuple(outcome.sample_ids[row] for row in batch)
        there = labels.read("label", ids)
        audit = replace(
            audit,
            ids=audit.ids + ids,
            labels=audit.labels + tuple(outcome.labels[batch].tolist()),
            confidence=audit.confidence + tuple(outcome.confidence[batch].tolist()),
            is_asked=audit.is_asked + tuple(one in there and one not in reviews for one in ids),
            given=audit.given + tuple(outcome.texts(batch) if outcome.is_multilabel else ()),
        )
        missing = count - len(audit.waiting(reviews))
    return audit


def _nothing_drawn(outcome: Outcome) -> Audit:
    k, is_known = len(outcome.classes), outcome.review_rank == 0
    kept = max(1, round(SURE_SHARE * len(outcome.confidence)))
    sure_from = float(np.sort(outcome.confidence)[-kept])
    is_sure = outcome.confidence >= sure_from
    return Audit(
        unreviewed=tuple(np.bincount(outcome.labels[~is_known], minlength=k).tolist()),
        known=tuple(np.bincount(outcome.labels[is_known], minlength=k).tolist()),
        sure_from=sure_from,
        sure_unreviewed=int((is_sure & ~is_known).sum()),
        sure_known=int((is_sure & is_known).sum()),
    )
