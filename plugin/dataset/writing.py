"""Writes what a run says to the samples, in bulk and at the end of a run.

Writing the same again changes nothing, so what was interrupted is completed by writing it once more.
"""

from collections.abc import Callable, Iterable, Sequence

import fiftyone as fo

from .answers import read_answers
from .fields import FieldNames, declare_fields
from .object_labels import write_object_labels
from .outcome import Outcome

CHUNK_SAMPLES = 10_000


def write_outcome(
    dataset: fo.Dataset, outcome: Outcome, fields: FieldNames, progress: Callable[[int, int], None]
) -> None:
    """Write labels and what explains them; what people said stays as they said it.

    Args:
        dataset: Dataset of the samples, or objects; those that were deleted meanwhile are passed over.
        outcome: What to write; a sample that failed loses an earlier label.
        fields: Names of the fields.
        progress: Called with (samples, or objects, written; those in all).
    """
    if fields.objects:
        write_object_labels(dataset, outcome, fields, progress)
        return
    declare_fields(dataset, fields)
    answers = read_answers(dataset, fields)
    ids, failures = outcome.sample_ids, outcome.failures
    for start in range(0, len(ids), CHUNK_SAMPLES):
        rows = slice(start, min(start + CHUNK_SAMPLES, len(ids)))
        columns = outcome.columns(fields, rows)
        _keep_answers(columns, ids[rows], answers, fields)
        for name, values in columns.items():
            _set(dataset, name, ids[rows], values)
        progress(rows.stop, len(ids))
    if failures:
        _set(dataset, fields.error, failures, failures.values())
        for name in (fields.micro_cluster, fields.meta_cluster, fields.review_rank):
            _set(dataset, name, failures, [None] * len(failures))
        unanswered = [sample_id for sample_id in failures if sample_id not in answers]
        for name in (fields.label, fields.confidence):
            _set(dataset, name, unanswered, [None] * len(unanswered))
    # The grid offers to sort and filter by indexed fields only.
    label = fields.label
    for path in (fields.confidence, fields.review_rank, f"{label}.confidence", f"{label}.label"):
        dataset.create_index(path)


def _keep_answers(
    columns: dict[str, list], ids: Sequence[str], answers: dict[str, str], fields: FieldNames
) -> None:
    """Put what people said, also while the run was at work, in the place of what the run says."""
    for row, sample_id in enumerate(ids):
        if sample_id in answers:
            label = columns[fields.label][row]
            label.label, label.confidence = answers[sample_id], 1.0
            columns[fields.confidence][row] = 1.0
            columns[fields.review_rank][row] = None


def _set(dataset: fo.Dataset, name: str, ids: Iterable[str], values: Iterable) -> None:
    dataset.set_values(name, dict(zip(ids, values, strict=True)), key_field="id", validate=False)
