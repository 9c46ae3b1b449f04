"""Writes labels, confidence, clusters and errors to the samples, in bulk and at the end of a run.

Nothing is written before all of it is known, so a run that dies leaves the labels as they were.
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
    columns = {
        fields.label: _classifications(classes, refinement),
        fields.confidence: refinement.confidence.tolist(),
        fields.micro_cluster: refinement.clusters["micro"].assignments.tolist(),
        fields.meta_cluster: refinement.clusters["meta"].assignments.tolist(),
        fields.error: [None] * len(ids),
    }
    for start in range(0, len(ids), CHUNK_SAMPLES):
        chunk = slice(start, start + CHUNK_SAMPLES)
        for name, values in columns.items():
            _set(dataset, name, ids[chunk], values[chunk])
        progress(min(start + CHUNK_SAMPLES, len(ids)), len(ids))
    if failures:
        _set(dataset, fields.error, failures, failures.values())
        for name in (fields.label, fields.confidence, fields.micro_cluster, fields.meta_cluster):
            _set(dataset, name, failures, [None] * len(failures))
    # The grid offers to sort and filter by indexed fields only.
    for path in (fields.confidence, f"{fields.label}.confidence", f"{fields.label}.label"):
        dataset.create_index(path)


def _set(dataset: fo.Dataset, name: str, ids: Iterable[str], values: Iterable) -> None:
    dataset.set_values(name, dict(zip(ids, values, strict=True)), key_field="id", validate=False)


def _classifications(classes: Sequence[str], refinement: Refinement) -> list[fo.Classification]:
    return [
        fo.Classification(label=classes[label], confidence=confidence)
        for label, confidence in zip(refinement.labels, refinement.confidence.tolist(), strict=True)
    ]
