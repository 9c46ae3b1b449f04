"""Writes labels, confidence, clusters and errors to the samples, in bulk and at the end of a run.

A run that dies before it writes leaves the samples as they were; one that dies while it writes leaves
part of the new labels and no record of a run, and the next run replaces them all.
"""

from collections.abc import Callable, Iterable, Sequence

import fiftyone as fo

from ..engine.results import Refinement
from .fields import FieldNames, declare_fields

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
    """Write the outcome of a refinement to the samples.

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
    for start in range(0, len(ids), CHUNK_SAMPLES):
        rows = slice(start, min(start + CHUNK_SAMPLES, len(ids)))
        for name, values in _columns(classes, refinement, fields, rows).items():
            _set(dataset, name, ids[rows], values)
        progress(rows.stop, len(ids))
    if failures:
        _set(dataset, fields.error, failures, failures.values())
        for name in (fields.label, fields.confidence, fields.micro_cluster, fields.meta_cluster):
            _set(dataset, name, failures, [None] * len(failures))
    # The grid offers to sort and filter by indexed fields only.
    for path in (fields.confidence, f"{fields.label}.confidence", f"{fields.label}.label"):
        dataset.create_index(path)


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
