"""Writes labels, confidence, clusters and errors to the samples, in bulk and at the end of a run.

A run that dies before it writes leaves the samples as they were; one that dies while it writes leaves
part of the new labels and no record of a run, and the next run replaces them all.
"""

from collections.abc import Callable, Iterable, Sequence

import fiftyone as fo

from ..engine.results import Refinement
from .answers import read_answers
from .fields import FieldNames, declare_fields
from .review import review_ranks

CHUNK_SAMPLES = 10_000


def write_labels(
    dataset: fo.Dataset,
    ids: Sequence[str],
    classes: Sequence[str],
    refinement: Refinement,
    failures: dict[str, str],
    fields: FieldNames,
    progress: Callable[[int, int], None],
) -> None:
    """Write the outcome of a refinement to the samples; what people said stays as they said it.

    Args:
        dataset: Dataset of the samples.
        ids: (n,) ids of the labelled samples, in the order of `refinement`.
        classes: (k,) class names.
        refinement: Labels, confidence and clusters.
        failures: Sample id → why it could not be labelled; such a sample loses an earlier label.
        fields: Names of the fields.
        progress: Called with (samples written, samples in all).
    """
    declare_fields(dataset, fields)
    answers = read_answers(dataset, fields)
    ranks = review_ranks(refinement)
    for start in range(0, len(ids), CHUNK_SAMPLES):
        rows = slice(start, min(start + CHUNK_SAMPLES, len(ids)))
        columns = _columns(classes, refinement, fields, rows)
        columns[fields.review_rank] = [rank or None for rank in ranks[rows].tolist()]
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


def _columns(
    classes: Sequence[str], refinement: Refinement, fields: FieldNames, rows: slice
) -> dict[str, list]:
    """Field → its values on some rows of the refinement."""
    labels, confidence = refinement.labels[rows], refinement.confidence[rows].tolist()
    return {
        fields.label: [
            fo.Classification(label=classes[label], confidence=value)
            for label, value in zip(labels, confidence, strict=True)
        ],
        fields.confidence: confidence,
        fields.micro_cluster: refinement.clusters["micro"].assignments[rows].tolist(),
        fields.meta_cluster: refinement.clusters["meta"].assignments[rows].tolist(),
        fields.error: [None] * len(confidence),
    }
