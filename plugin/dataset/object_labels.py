"""Labels of objects: copies of the objects in a field of their own, with class, confidence and reasons.

The copies keep their ids, so an object is found in both fields, and two fields with the same boxes are what
FiftyOne evaluates, compares and exports. The field that the objects come from is only read.
"""

from collections.abc import Callable, Iterable, Sequence

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np

from .fields import APPROVED_TAG, AUTHOR, EXPLANATIONS, ROLES, FieldNames
from .outcome import Outcome
from .patches import object_path, read_approved_objects

CHUNK_SAMPLES = 1_000
ATTRIBUTES = EXPLANATIONS | {
    role: ROLES[role] for role in ("micro_cluster", "meta_cluster", "review_rank", "error")
}
"""Attributes that a labelled object has beside its confidence."""

Labelled = fo.Detection | fo.Polyline


def write_object_labels(
    dataset: fo.Dataset, outcome: Outcome, fields: FieldNames, progress: Callable[[int, int], None]
) -> None:
    """Write labelled copies of objects; those that a person approved keep their labels.

    Args:
        dataset: Dataset of the objects; those that were deleted meanwhile are passed over.
        outcome: What to write, by object ids; an object that failed loses an earlier label.
        fields: Names of the fields.
        progress: Called with (objects written, objects in all).
    """
    declare_object_field(dataset, fields)
    answers = read_approved_objects(dataset, fields)
    rows = {one: row for row, one in enumerate(outcome.sample_ids)}
    chosen = _samples_with(dataset, fields.objects, outcome.written_ids)
    done = 0
    for start in range(0, len(chosen), CHUNK_SAMPLES):
        view = dataset.select(chosen[start : start + CHUNK_SAMPLES])
        ids, sources, earlier = view.values(["id", fields.objects, fields.label])
        objects = [one for source in sources for one in _singles(source)]
        _relabel([one for one in objects if one.id in rows], rows, outcome, fields)
        _mark_failures([one for one in objects if one.id in outcome.failures], outcome.failures)
        _keep_approved([one for one in objects if one.id in answers], answers)
        values = [
            _merged(source, before, outcome.written_ids)
            for source, before in zip(sources, earlier, strict=True)
        ]
        dataset.set_values(fields.label, dict(zip(ids, values, strict=True)), key_field="id", validate=False)
        done += sum(one.id in rows for one in objects)
        progress(done, len(rows))
    root = object_path(dataset, fields.label)
    for attribute in ("label", "confidence", "review_rank"):
        dataset.create_index(f"{root}.{attribute}")


def declare_object_field(dataset: fo.Dataset, names: FieldNames) -> None:
    """Add the field for labelled objects, with the attributes that they had and those that they get."""
    if not dataset.has_sample_field(names.label):
        dataset.add_sample_field(
            names.label,
            fo.EmbeddedDocumentField,
            embedded_doc_type=dataset.get_field(names.objects).document_type,
            description=f"Objects of {names.objects!r} with their most likely classes",
            info={"author": AUTHOR, "objects": names.objects},
        )
    source, own = object_path(dataset, names.objects), object_path(dataset, names.label)
    for path, role in ((f"{own}.{name}", role) for name, role in ATTRIBUTES.items()):
        if dataset.get_field(path) is None:
            dataset.add_sample_field(path, role.kind, description=role.description)
    for path, field in dataset.get_field_schema(flat=True).items():
        name = path.removeprefix(f"{source}.")
        if name != path and "." not in name and dataset.get_field(f"{own}.{name}") is None:
            dataset.add_sample_field(f"{own}.{name}", **foo.get_field_kwargs(field))


def clear_object_labels(dataset: fo.Dataset, label_field: str, ids: Iterable[str]) -> None:
    """Take labelled objects out of their field."""
    dataset.delete_labels(ids=list(ids), fields=label_field)


def _samples_with(dataset: fo.Dataset, field: str, objects: set[str]) -> list[str]:
    """Ids of the samples that have any of the objects."""
    found = zip(*dataset.values(["id", f"{object_path(dataset, field)}.id"]), strict=True)
    return [
        sample_id
        for sample_id, ids in found
        if ids and not objects.isdisjoint([ids] if isinstance(ids, str) else ids)
    ]


def _singles(label: fo.Label | None) -> Sequence[Labelled]:
    """The objects in a value of a field."""
    if label is None:
        return ()
    return label[label._LABEL_LIST_FIELD] if isinstance(label, fo.Detections | fo.Polylines) else (label,)


def _relabel(objects: list[Labelled], rows: dict[str, int], outcome: Outcome, fields: FieldNames) -> None:
    """Replace what a person said of objects by what the run says."""
    columns = outcome.columns(fields, np.array([rows[one.id] for one in objects], np.int64))
    by_attribute = {name: columns[getattr(fields, name)] for name in ROLES if name in ATTRIBUTES}
    for number, (one, label) in enumerate(zip(objects, columns[fields.label], strict=True)):
        one.tags, one.label, one.confidence = [], label.label, label.confidence
        for name in EXPLANATIONS:
            one[name] = label[name]
        for name, values in by_attribute.items():
            one[name] = values[number]


def _mark_failures(objects: list[Labelled], failures: dict[str, str]) -> None:
    for one in objects:
        one.tags, one.label, one.confidence = [], None, None
        one["error"] = failures[one.id]


def _keep_approved(objects: list[Labelled], answers: dict[str, str]) -> None:
    for one in objects:
        one.tags, one.label, one.confidence = [APPROVED_TAG], answers[one.id], 1.0
        one["review_rank"] = None


def _merged(source: fo.Label, earlier: fo.Label | None, written: set[str]) -> fo.Label | None:
    """The labelled objects of a sample, in the order of their source; those of earlier runs stay."""
    kept = {one.id: one for one in _singles(earlier)}
    labelled = [one if one.id in written else kept.get(one.id) for one in _singles(source)]
    labelled = [one for one in labelled if one is not None]
    if not isinstance(source, fo.Detections | fo.Polylines):
        return next(iter(labelled), None)
    source[source._LABEL_LIST_FIELD] = labelled
    return source
