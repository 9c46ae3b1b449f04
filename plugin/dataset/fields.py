"""Names of the fields that a run writes, and the check that they are free to be written.

A field that auto-label did not write is never overwritten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import fiftyone as fo

from ..engine.errors import InputError
from .internals import add_fields, label_path
from .sidebar import tuck_away

Declarations: TypeAlias = dict[str, dict[str, Any]]
"""Name of a field, or path of an attribute of labels → arguments of `Dataset.add_sample_field`."""

AUTHOR = "@autolabel/prototypes"
"""Kept in the `info` of every field that a run makes, so that later runs know it as theirs."""

REVIEW = "answer"
"""Role, in the `info` of their fields, of reviewed labels; so they are known for every label field."""

CLASS_LIST = "dropdown"
"""How the App's Annotate tab asks for a class."""

APPROVED_TAG = "approved"
"""Tag of the samples whose label a person found right."""


@dataclass(frozen=True)
class FieldNames:
    """Sample fields that a run writes.

    Attributes:
        label: Classification with label and confidence; or labelled copies of objects.
        confidence: Float in [0, 1], equal to the confidence of `label`, so that the grid can sort by it.
        objects: Field whose objects are labelled, None for whole images. With it, `label` is of the same
            type, and all else but `least_sure` are attributes of the objects in it.
        multilabel: Whether an image may have several labels: then `label` holds them all, and `confidence`
            is that of the whole set.
    """

    label: str = "auto_label"
    confidence: str = "confidence"
    objects: str | None = None
    multilabel: bool = False

    @classmethod
    def of_run(cls, key: str | None, label: str = label, confidence: str = confidence) -> "FieldNames":
        """The names for a run that may have a key of its own.

        Args:
            key: Key of the run; it is added to the usual names, as in "auto_label_<key>"; None for none.
            label: Name for the labels, "auto_label" for the usual one.
            confidence: Name for the confidence, "confidence" for the usual one.
        """
        if not key:
            return cls(label, confidence)
        return cls(
            label if label != cls.label else f"{label}_{key}",
            confidence if confidence != cls.confidence else f"{confidence}_{key}",
        )

    @classmethod
    def of_objects(cls, objects: str, key: str | None, chosen: "FieldNames") -> "FieldNames":
        """The names for a run over the objects in a field.

        Args:
            objects: Field of boxes or shapes.
            key: Key of the run, if it has one of its own.
            chosen: Names of which that for the labels is taken, unless it is the usual one for whole images:
                that stands for "auto_label_<objects>[_<key>]".
        """
        if chosen.label != cls.of_run(key).label:
            return cls(chosen.label, objects=objects)
        parts = [cls.label, objects.replace(".", "_"), key]
        return cls("_".join(filter(None, parts)), objects=objects)

    @property
    def noun(self) -> str:
        """What is labelled: "image" or "object"."""
        return "object" if self.objects else "image"

    @property
    def labelled(self) -> str:
        """Path that has a value on labelled images."""
        return self.label if self.multilabel else f"{self.label}.label"

    @property
    def error(self) -> str:
        """Text on the samples that could not be labelled."""
        return f"{self.label}_error"

    @property
    def micro_cluster(self) -> str:
        """Whole number, -1 where the image is in no micro-cluster."""
        return f"{self.label}_micro_cluster"

    @property
    def meta_cluster(self) -> str:
        """Whole number, -1 where the image is in no meta-cluster."""
        return f"{self.label}_meta_cluster"

    @property
    def review_rank(self) -> str:
        """Whole number, 1 on the sample that a person should look at first."""
        return f"{self.label}_review_rank"

    @property
    def least_sure(self) -> str:
        """Float in [0, 1] on samples with labelled objects: the lowest confidence among these."""
        return f"{self.label}_least_sure"

    @property
    def corrected(self) -> str:
        """Reviewed label; no run writes it, and it wins over `label`."""
        return f"{self.label}_corrected"

    def by_role(self) -> dict[str, str]:
        """Role, one of the attributes and properties above → name of the field."""
        return {role: getattr(self, role) for role in (OBJECT_ROLES if self.objects else IMAGE_ROLES)}


@dataclass(frozen=True)
class Role:
    """What a field is for.

    Attributes:
        kind: FiftyOne's type of the field.
        description: Its description in the App.
    """

    kind: type[fo.Field]
    description: str


ROLES = {
    "label": Role(fo.EmbeddedDocumentField, "Most likely class and the probability that it is right"),
    "confidence": Role(fo.FloatField, "Probability that the label is right"),
    "micro_cluster": Role(fo.IntField, "Group of similar images, -1 for none"),
    "meta_cluster": Role(fo.IntField, "Group of similar micro-clusters, -1 for none"),
    "error": Role(fo.StringField, "Why the image could not be labelled"),
    "review_rank": Role(fo.IntField, "Place in the order of review, 1 for what to look at first"),
    "least_sure": Role(
        fo.FloatField, "Lowest confidence of the objects in the image; reviewed ones count as 1"
    ),
}
OBJECT_ROLES = ("label", "least_sure")
IMAGE_ROLES = tuple(role for role in ROLES if role != "least_sure")

EXPLANATIONS = {
    "run_label": Role(fo.StringField, "Class that the run gave; another one beside it is a person's"),
    "second_choice": Role(fo.StringField, "Second most likely class"),
    "margin": Role(fo.FloatField, "Confidence less the probability of the second choice"),
    "text_support": Role(fo.FloatField, "Probability that the class names alone give to the label"),
    "image_support": Role(fo.FloatField, "Probability that the images alone give to the label"),
    "agreement": Role(fo.FloatField, "Overlap of the probabilities by class names and by images"),
    "changed_by": Role(fo.StringField, "Level that changed the label last, empty for none"),
    "novelty": Role(fo.FloatField, "Novelty percentile: share of the images that are less novel"),
}
"""Attributes of a label beside its confidence."""

SET_ATTRIBUTES = {
    "confidence": Role(fo.FloatField, "Probability that exactly these labels are right"),
    "run_label": Role(fo.StringField, "Classes that the run gave; others beside them are a person's"),
    "run_confidences": Role(fo.ListField, "Confidence that the run gave to each of them"),
}
"""Attributes of the labels of an image that may have several."""

REVIEW_ATTRIBUTES = {
    "run_label": Role(fo.StringField, "Class that the run gave"),
    "run_confidence": Role(fo.FloatField, "Confidence that the run gave"),
    "given": Role(fo.StringField, "Class as it was approved or given with auto-label"),
    "before": Role(fo.StringField, "Reviewed class that this one replaced"),
    "action": Role(fo.StringField, "When it was reviewed, together with others; empty if edited elsewhere"),
}
"""Attributes of a reviewed label."""


def check_names(names: FieldNames) -> None:
    """Check names alone, before there is a dataset.

    Raises:
        InputError: A name cannot be one of a field, or two are the same.
    """
    chosen = [*names.by_role().values(), names.corrected]
    for name in chosen:
        if not name.isidentifier() or name.startswith("_"):
            raise InputError(
                f"{name!r} cannot be a field name: use letters, digits and underscores, a letter first."
            )
    if len(set(chosen)) < len(chosen):
        raise InputError(f"The fields need different names, but are {', '.join(chosen)}.")
    usual = FieldNames()
    if names.label in {*usual.by_role().values(), usual.corrected} - {usual.label, usual.confidence}:
        raise InputError(f"{names.label!r} belongs to the label field {usual.label!r}: choose another name.")


def check_fields(dataset: fo.Dataset, names: FieldNames) -> None:
    """Check that a run may write its fields.

    Raises:
        InputError: A name is unusable, or a field of that name is not auto-label's.
    """
    check_names(names)
    _check_reviews(dataset, names)
    for role, name in names.by_role().items():
        field = dataset.get_field(name)
        if field is None:
            continue
        info = field.info or {}
        if info.get("author") != AUTHOR:
            raise InputError(
                f"Field {name!r} exists and was not written by auto-label: "
                "choose another label field, or delete it."
            )
        if "role" in info:
            raise InputError(
                f"Field {name!r} holds {info['role']}, not labels of a run: "
                "choose another label field, or delete it."
            )
        if field.read_only:
            raise InputError(f"Field {name!r} is read-only: choose another name, or allow writing.")
        if not isinstance(field, ROLES[role].kind):
            raise InputError(
                f"Field {name!r} holds {type(field).__name__} values: choose another name, or delete it."
            )
    _check_origin(dataset, names)


def _check_reviews(dataset: fo.Dataset, names: FieldNames) -> None:
    field = dataset.get_field(names.corrected)
    if field is not None and not _holds_reviews(field):
        raise InputError(
            f"Field {names.corrected!r} exists, but reviewed labels are kept under this name: "
            "choose another label field, or rename it."
        )


def origin_of(dataset: fo.Dataset, field: str) -> str | None:
    """The field whose objects a field of auto-label's holds labelled; None for every other field."""
    known = dataset.get_field(field)
    info = (known.info if known is not None else None) or {}
    return info.get("objects") if info.get("author") == AUTHOR else None


def _check_origin(dataset: fo.Dataset, names: FieldNames) -> None:
    """Check that a label field which is there already is for the same things.

    Raises:
        InputError: It is not.
    """
    if dataset.get_field(names.label) is None:
        return
    held, wanted = origin_of(dataset, names.label), names.objects
    if held != wanted:
        what = "whole images" if held is None else f"the objects in {held!r}"
        raise InputError(f"Field {names.label!r} holds labels of {what}: choose another label field.")
    kind = dataset.get_field(names.label).document_type
    if held is None and kind is not _kind_of_labels(names):
        several = "several labels" if kind is fo.Classifications else "one label"
        raise InputError(f"Field {names.label!r} holds {several} an image: choose another label field.")


def declare_fields(dataset: fo.Dataset, names: FieldNames) -> None:
    """Add what is missing of the fields of a run on whole images and of its reviews, marked as ours."""
    attributes = SET_ATTRIBUTES if names.multilabel else EXPLANATIONS
    declare(dataset, names, declarations_of(names), attributes_of(names.label, attributes))


def declare_reviews(dataset: fo.Dataset, names: FieldNames) -> None:
    """Add the field for reviewed labels, if it is missing; it is of the type of the label field.

    Raises:
        InputError: A field of that name holds something else.
    """
    declare(dataset, names, {}, {})


def declare(dataset: fo.Dataset, names: FieldNames, fields: Declarations, attributes: Declarations) -> None:
    """Add what is missing of some fields and of that for reviewed labels: every addition takes a while.

    Args:
        dataset: Dataset of the fields.
        names: Fields of the run.
        fields: Name → arguments of `Dataset.add_sample_field`.
        attributes: Path in these fields, or in those that are there → the same.

    Raises:
        InputError: The field for reviewed labels holds something else.
    """
    _check_reviews(dataset, names)
    reviews, is_new = names.corrected, not dataset.has_sample_field(names.corrected)
    _add_missing(dataset, fields | {reviews: _declaration_of_reviews(dataset, names)})
    _add_missing(dataset, attributes | attributes_of(label_path(dataset, reviews), REVIEW_ATTRIBUTES))
    if is_new:
        others = [name for role, name in names.by_role().items() if role not in ("label", "confidence")]
        kept = [*others, reviews]
        tuck_away(dataset, kept, hidden=[names.confidence, *kept])


def declarations_of(names: FieldNames) -> Declarations:
    """Declarations of the fields that a run writes."""
    return {name: _declaration(role, names) for role, name in names.by_role().items()}


def attributes_of(path: str, attributes: Mapping[str, Role]) -> Declarations:
    """Declarations of attributes of the labels that lie at a path."""
    return {
        f"{path}.{name}": {"ftype": role.kind, "description": role.description}
        for name, role in attributes.items()
    }


def _add_missing(dataset: fo.Dataset, declarations: Declarations) -> None:
    missing = {path: one for path, one in declarations.items() if dataset.get_field(path) is None}
    if missing:
        add_fields(dataset, missing)


def _declaration(role: str, names: FieldNames) -> dict[str, Any]:
    """Arguments of `Dataset.add_sample_field` for a field that a run writes."""
    return {
        "ftype": ROLES[role].kind,
        "embedded_doc_type": _kind_of_labels(names) if role == "label" else None,
        "description": ROLES[role].description,
        "info": {"author": AUTHOR},
    }


def _declaration_of_reviews(dataset: fo.Dataset, names: FieldNames) -> dict[str, Any]:
    kind = _kind_of_labels(names)
    if names.objects:
        kind = (dataset.get_field(names.label) or dataset.get_field(names.objects)).document_type
    return {
        "ftype": fo.EmbeddedDocumentField,
        "embedded_doc_type": kind,
        "description": "Reviewed label, and label and confidence of the run before it",
        "info": {"author": AUTHOR, "role": REVIEW, "objects": names.objects},
    }


def _kind_of_labels(names: FieldNames) -> type[fo.Label]:
    return fo.Classifications if names.multilabel else fo.Classification


def offer_classes(dataset: fo.Dataset, names: FieldNames, classes: Sequence[str]) -> None:
    """Have the App's Annotate tab offer classes for the labels; a list that is there already only grows.

    Args:
        dataset: Dataset with the label field.
        names: Fields of the run.
        classes: Class names.
    """
    held = dataset.label_schemas.get(names.label) or {}
    if held.get("component", CLASS_LIST) != CLASS_LIST:  # somebody set it up in another way
        return
    kind = dataset.get_field(names.label).document_type.__name__.lower()
    offered = list(dict.fromkeys([*held.get("classes", ()), *classes]))
    schema = {"type": kind, "attributes": []} | held | {"component": CLASS_LIST, "classes": offered}
    if schema == held:
        return
    dataset.update_label_schema(names.label, schema)
    dataset.activate_label_schemas(names.label)


def review_fields(dataset: fo.Dataset) -> list[str]:
    """Fields of a dataset that hold reviewed labels, one per label field."""
    schema = dataset.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if _holds_reviews(field)]


def _holds_reviews(field: fo.Field) -> bool:
    return (field.info or {}).get("role") == REVIEW
