"""Names of the fields that a run writes, and the check that they are free to be written.

A field that somebody else wrote is never overwritten.
"""

from dataclasses import asdict, dataclass

import fiftyone as fo

from ..engine.errors import InputError

AUTHOR = "@autolabel/prototypes"
"""Kept in the `info` of every field that a run makes, so that later runs know it as theirs."""


@dataclass(frozen=True)
class FieldNames:
    """Sample fields that a run writes.

    Attributes:
        label: Classification with label and confidence.
        confidence: Float in [0, 1], equal to the confidence of `label`, so that the grid can sort by it.
        micro_cluster: Whole number, -1 where the image is in no micro-cluster.
        meta_cluster: Whole number, -1 where the image is in no meta-cluster.
        error: Text on the samples that could not be labelled.
    """

    label: str = "auto_label"
    confidence: str = "confidence"
    micro_cluster: str = "micro_cluster"
    meta_cluster: str = "meta_cluster"
    error: str = "auto_label_error"


DESCRIPTIONS = {
    "label": "Most likely class and the probability that it is right",
    "confidence": "Probability that the label is right",
    "micro_cluster": "Group of similar images, -1 for none",
    "meta_cluster": "Group of similar micro-clusters, -1 for none",
    "error": "Why the image could not be labelled",
}

FIELD_TYPES = {
    "label": fo.EmbeddedDocumentField,
    "confidence": fo.FloatField,
    "micro_cluster": fo.IntField,
    "meta_cluster": fo.IntField,
    "error": fo.StringField,
}


def check_fields(dataset: fo.Dataset, names: FieldNames) -> None:
    """Check that a run may write its fields.

    Raises:
        InputError: A name is blank, reserved or given twice, or a field of that name is somebody else's.
    """
    chosen = asdict(names)
    if len(set(chosen.values())) < len(chosen):
        raise InputError(f"Field names must differ, but are {', '.join(chosen.values())}.")
    for role, name in chosen.items():
        reason = why_not_writable(dataset, role, name)
        if reason:
            raise InputError(reason)


def why_not_writable(dataset: fo.Dataset, role: str, name: str) -> str:
    """One sentence on why a run may not write a field, "" if it may.

    Args:
        dataset: Dataset that would get the field.
        role: Attribute of `FieldNames` that the field serves.
        name: Name of the field.
    """
    if not name.isidentifier():
        return f"{name!r} cannot be a field name: use letters, digits and underscores."
    field = dataset.get_field(name)
    if field is None:
        return ""
    if (field.info or {}).get("author") != AUTHOR:
        return f"Field {name!r} exists and was not written by auto-label: choose another name, or delete it."
    if not isinstance(field, FIELD_TYPES[role]):
        return f"Field {name!r} holds {type(field).__name__} values: choose another name, or delete it."
    return ""


def declare_fields(dataset: fo.Dataset, names: FieldNames) -> None:
    """Add the fields that are missing, described and marked as auto-label's."""
    for role, name in asdict(names).items():
        if dataset.has_sample_field(name):
            continue
        document_type = fo.Classification if role == "label" else None
        dataset.add_sample_field(
            name,
            FIELD_TYPES[role],
            embedded_doc_type=document_type,
            description=DESCRIPTIONS[role],
            info={"author": AUTHOR},
        )
