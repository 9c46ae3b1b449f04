"""Writes the labels of a run to the samples, in bulk and at the end of a run.

Writing the same again changes nothing, so what was interrupted is completed by writing it once more.
"""

from collections.abc import Callable
from functools import partial

import fiftyone as fo

from .fields import FieldNames, offer_classes
from .internals import reload_fields
from .labels import Labels, labels_of
from .outcome import Outcome
from .patience import persistently
from .review_views import save_contradictions_view, save_review_views
from .reviews import adopt_edits, keep_reviews, read_reviews

CHUNK_LABELS = 10_000


def write_outcome(
    dataset: fo.Dataset, outcome: Outcome, fields: FieldNames, progress: Callable[[int, int], None]
) -> None:
    """Write labels and what explains them; reviewed labels stay as they are, and examples become such.

    Args:
        dataset: Dataset of the samples, or objects; those that were deleted meanwhile are passed over.
        outcome: What to write; a sample that failed loses an earlier label.
        fields: Names of the fields.
        progress: Called with (samples, or objects, written; those in all).
    """
    labels = labels_of(dataset, fields)
    persistently(partial(_prepare, dataset, labels))
    adopt_edits(dataset, fields)
    reviews = read_reviews(dataset, fields)
    examples = {one: name for one, name in outcome.examples.items() if one not in reviews}
    reviews |= examples
    total = len(outcome.sample_ids)
    for start in range(0, total, CHUNK_LABELS):
        rows = slice(start, min(start + CHUNK_LABELS, total))
        labels.put(_with_reviews(outcome.changes(rows), reviews))
        progress(rows.stop, total)
    labels.put(_with_reviews(outcome.failed_changes(), reviews))
    keep_reviews(labels, examples)
    # Fields of the run may be lost where others were added meanwhile.
    persistently(partial(_prepare, dataset, labels))
    labels.index()
    persistently(partial(save_review_views, dataset, fields))
    persistently(partial(save_contradictions_view, dataset, fields, [*outcome.contradictions]))
    persistently(partial(offer_classes, dataset, fields, outcome.classes))


def _prepare(dataset: fo.Dataset, labels: Labels) -> None:
    """Declare the fields that are missing: those of the run, and that of its reviews."""
    reload_fields(dataset)
    labels.prepare()


def _with_reviews(changes: dict[str, dict], reviews: dict[str, str]) -> dict[str, dict]:
    """Put reviewed labels, also those made while the run was at work, in the place of the run's."""
    for one in changes.keys() & reviews.keys():
        changes[one]["label"] |= {"label": reviews[one], "confidence": 1.0}
        changes[one]["review_rank"] = None
    return changes
