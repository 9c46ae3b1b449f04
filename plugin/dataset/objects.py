"""Labels of objects: copies of the objects in a field of their own, with class, confidence and reasons.

The copies keep their ids, so an object is found in every field, and two fields with the same boxes are what
FiftyOne evaluates, compares and exports. The field that the objects come from is only read. Reviewed
labels are copies too, in a field that no run writes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

import fiftyone as fo
from fiftyone.core.patches import PatchesView

from .documents import Document, in_parts, read_documents, update_documents
from .edits import digest_of_shape, edited_class, is_moved, label_of_run, shape_of
from .fields import (
    APPROVED_TAG,
    AUTHOR,
    EXPLANATIONS,
    ROLES,
    FieldNames,
    Role,
    attributes_of,
    declarations_of,
    declare,
)
from .indexes import create_indexes
from .internals import Samples, field_declaration, label_path, sample_documents, shown_dataset
from .patches import is_patches, object_view, shown_field
from .reading import flat_samples

SAMPLES_PER_UPDATE = 1_000
ATTRIBUTES = (
    EXPLANATIONS
    | {role: ROLES[role] for role in ("micro_cluster", "meta_cluster", "review_rank", "error")}
    | {"copied_shape": Role(fo.StringField, "Tells whether the object was moved after it was labelled")}
    | {"logits": Role(fo.VectorField, "Logarithms of the probabilities of the classes")}
)
"""Attributes that a labelled object has beside its confidence."""


class ObjectLabels:
    """Labels of the objects in a field of a dataset, and their reviews.

    The methods are those of `ImageLabels`; ids are those of objects.
    """

    def __init__(self, dataset: fo.Dataset, names: FieldNames) -> None:
        """Name the dataset and the fields; nothing happens yet."""
        self._dataset, self._names = dataset, names

    def prepare(self) -> None:
        """Make room for what a run writes; copies of objects that are gone from their field go too."""
        declare_object_field(self._dataset, self._names)
        gone = self._copies() - self._places_in(self._names.objects).keys()
        if gone:
            self.clear(gone)

    def index(self) -> None:
        """Let the grid sort and filter, which it offers by indexed fields only."""
        root = label_path(self._dataset, self._names.label)
        paths = [f"{root}.{attribute}" for attribute in ("label", "confidence", "review_rank")]
        create_indexes(self._dataset, [*paths, self._names.least_sure])

    def ids(self, samples: Samples) -> list[str]:
        """Ids of what a dataset, view or patches view shows."""
        field = shown_field(samples, self._names.label)
        root = label_path(samples, field)
        found = flat_samples(samples).values(f"{root}.id", unwind=root != field)
        return list(dict.fromkeys(one for one in found if one))

    def view(self, ids: Sequence[str]) -> fo.DatasetView:
        """The labelled objects of these ids one by one, in this order."""
        return object_view(self._dataset, self._names.label, ids)

    def path(self, role: str) -> str:
        """Path of "confidence" or another role in `view` and `unreviewed`."""
        return f"{self._names.label}.{role}"

    def read(self, role: str, ids: Iterable[str]) -> dict[str, Document]:
        """Documents of the labels ("label"), or of the reviews ("corrected"), where there are any."""
        wanted, field = set(ids), getattr(self._names, role)
        samples = {self._places[one] for one in wanted if one in self._places}
        found = read_documents(self._dataset, samples, [field]).values()
        held = [one for sample in found for one in self._singles(sample, field).items()]
        return {one: document for one, document in held if one in wanted}

    def put(self, changes: dict[str, Document]) -> None:
        """Write labels, reviews and what goes with them.

        Args:
            changes: Id → role → value. That of "label" is a document, which may name no class; that of
                "corrected" is a document or None; others become attributes of the label.
        """
        by_sample: dict[str, dict[str, Document]] = defaultdict(dict)
        for one, change in changes.items():
            if one in self._places:
                by_sample[self._places[one]][one] = change
        self._update(by_sample)

    def clear(self, ids: Iterable[str]) -> None:
        """Take labelled objects out of their field."""
        places, ids = self._places_in(self._names.label), list(ids)
        for some in in_parts(ids):
            self._dataset.delete_labels(ids=some, fields=self._names.label)
        self._update({places[one]: {} for one in ids if one in places})

    def values(self, role: str, *attributes: str) -> dict[str, tuple]:
        """Id → attributes of its label, or of the review, for all with a class whose object is there."""
        values = self._values(self._all, getattr(self._names, role), *attributes)
        if not values or not self._dataset.has_sample_field(self._names.objects):
            return values
        there = self._places_in(self._names.objects)
        return {one: value for one, value in values.items() if one in there}

    def count(self) -> int:
        """Number of labels."""
        return self._all.count(label_path(self._dataset, self._names.label, "label"))

    def edited(self) -> dict[str, str]:
        """Id → class of the labels that were edited outside auto-label."""
        names = self._names
        if not (self._has(names.label) and self._has(names.objects)):
            return {}
        classes: dict[str, str | None] = {}
        for sample in sample_documents(self._dataset).find({}, [names.label, names.corrected]):
            reviews = self._singles(sample, names.corrected)
            for one, label in self._singles(sample, names.label).items():
                classes[one] = edited_class(label, reviews.get(one, {}))
        there = self._places_in(names.objects)
        return {one: name for one, name in classes.items() if name is not None and one in there}

    def tagged(self) -> dict[str, str]:
        """Id → class of the labels that are approved by their tag alone."""
        field = self._names.label
        if not self._dataset.has_sample_field(field):
            return {}
        tagged = self._all.select_labels(tags=APPROVED_TAG, fields=field)
        return {one: label for one, (label,) in self._values(tagged, field, "label").items()}

    def tag(self, ids: Iterable[str]) -> None:
        """Show in the App that labels are approved."""
        self._put_tag(ids, [APPROVED_TAG])

    def untag(self, ids: Iterable[str]) -> None:
        """Show in the App that labels are not approved."""
        self._put_tag(ids, [])

    def refresh(self, samples: Samples, ids: Iterable[str]) -> None:
        """Bring labels up to date in a patches view, which shows copies of them, without making it anew."""
        field = self._names.label
        if not (is_patches(samples) and samples.has_sample_field(field)):
            return
        labels, shown = self.read("label", ids), shown_dataset(samples)
        if isinstance(samples, PatchesView) and samples.patches_field == field:
            update_documents(shown, {one: {field: label} for one, label in labels.items()})
            return
        copies = read_documents(shown, samples.values("id"), [field])
        update_documents(
            shown, {one: {field: self._replaced(copy.get(field), labels)} for one, copy in copies.items()}
        )

    def unreviewed(self, samples: Samples) -> fo.DatasetView:
        """Labelled objects without a review, one by one."""
        label, reviews = self._names.label, label_path(self._dataset, self._names.corrected)
        if is_patches(samples):
            return self.unreviewed(self._dataset).select(self.ids(samples))
        samples = flat_samples(samples)
        if reviews == self._names.corrected:
            is_tagged = fo.ViewField(f"{label}.tags").contains(APPROVED_TAG)
            return samples.exists(f"{label}.label").exists(reviews, False).match(~is_tagged)
        is_reviewed = fo.ViewField(f"${reviews}._id").contains([fo.ViewField("_id")])
        is_tagged = fo.ViewField("tags").contains(APPROVED_TAG)
        is_asked = fo.ViewField("label").exists() & ~is_reviewed & ~is_tagged
        return samples.filter_labels(label, is_asked).to_patches(label)

    @property
    def _all(self) -> Samples:
        return flat_samples(self._dataset)

    @property
    def _fields(self) -> list[str]:
        names = self._names
        return [one for one in (names.objects, names.label, names.corrected) if self._has(one)]

    def _has(self, field: str) -> bool:
        return self._dataset.has_sample_field(field)

    @cached_property
    def _places(self) -> dict[str, str]:
        """Object id → id of its sample, in whichever field the object is."""
        return {one: sample for field in self._fields for one, sample in self._places_in(field).items()}

    def _places_in(self, field: str) -> dict[str, str]:
        path = f"{label_path(self._dataset, field)}._id"
        samples = sample_documents(self._dataset).find({}, [path])
        return {one: str(sample["_id"]) for sample in samples for one in self._singles(sample, field)}

    def _copies(self) -> set[str]:
        """Ids of the labelled objects but for those that somebody drew into their field by hand."""
        samples = sample_documents(self._dataset).find({}, [self._names.label])
        singles = (self._singles(sample, self._names.label) for sample in samples)
        return {one for objects in singles for one, label in objects.items() if label_of_run(label)}

    @cached_property
    def _list_name(self) -> str:
        """Name of the list of objects in their field, "" where the field holds but one."""
        field = self._fields[0]
        return label_path(self._dataset, field).removeprefix(field).removeprefix(".")

    def _singles(self, sample: Document, field: str) -> dict[str, Document]:
        """Id → object, of the objects in a field of a sample."""
        value = sample.get(field)
        if not value:
            return {}
        objects = value.get(self._list_name) or [] if self._list_name else [value]
        return {str(one["_id"]): one for one in objects}

    def _together(self, objects: list[Document]) -> Document | None:
        """The value of a field that holds these objects."""
        if not objects:
            return None
        if not self._list_name:
            return objects[0]
        kind = self._dataset.get_field(self._names.label).document_type.__name__
        return {"_cls": kind, self._list_name: objects}

    def _update(self, by_sample: dict[str, dict[str, Document]]) -> None:
        """Write changes to objects, sample by sample, and what the samples say of their objects."""
        for some in in_parts(by_sample, SAMPLES_PER_UPDATE):
            found = read_documents(self._dataset, some, self._fields)
            update_documents(
                self._dataset, {one: self._merged(sample, by_sample[one]) for one, sample in found.items()}
            )

    def _merged(self, sample: Document, changes: dict[str, Document]) -> Document:
        """The fields of a sample after changes to some of its objects, in the order of their source."""
        names = self._names
        source = self._singles(sample, names.objects)
        labels, reviews = self._singles(sample, names.label), self._singles(sample, names.corrected)
        bases = reviews | labels | source
        for one, label in labels.items():
            if is_moved(label):
                bases[one] = bases[one] | shape_of(label)
        for one, change in changes.items():
            if one not in bases:  # deleted a moment ago
                continue
            if "label" in change:
                kept = {
                    "tags": labels.get(one, {}).get("tags", []),
                    "copied_shape": digest_of_shape(source.get(one, bases[one])),
                }
                others = {role: value for role, value in change.items() if role in ATTRIBUTES}
                labels[one] = _copy(bases[one], kept | change["label"] | others)
            if change.get("corrected"):
                reviews[one] = _copy(bases[one], {"tags": []} | change["corrected"])
            elif "corrected" in change:
                reviews.pop(one, None)
        held = {names.label: labels, names.corrected: reviews}
        least_sure = {names.least_sure: _least_sure(labels.values())} if self._has(names.least_sure) else {}
        return least_sure | {
            field: self._together([objects[one] for one in {**source, **objects} if one in objects])
            for field, objects in held.items()
            if self._has(field)
        }

    def _replaced(self, value: Document | None, labels: dict[str, Document]) -> Document | None:
        """The value of a field with those of its objects replaced that are given."""
        if not value:
            return value
        if not self._list_name:
            return labels.get(str(value["_id"]), value)
        objects = value.get(self._list_name) or []
        return value | {self._list_name: [labels.get(str(one["_id"]), one) for one in objects]}

    def _put_tag(self, ids: Iterable[str], tags: list[str]) -> None:
        changes = {}
        for one, document in self.read("label", ids).items():
            others = [tag for tag in document.get("tags", []) if tag != APPROVED_TAG]
            changes[one] = {"label": document | {"tags": others + tags}}
        self.put(changes)

    def _values(self, samples: Samples, field: str, *attributes: str) -> dict[str, tuple]:
        if not self._has(field):
            return {}
        root = label_path(self._dataset, field)
        paths = [f"{root}.{name}" for name in ("id", "label", *attributes)]
        rows = zip(*(samples.values(path, unwind=root != field) for path in paths), strict=True)
        return {one: tuple(values) for one, label, *values in rows if one and label}


def declare_object_field(dataset: fo.Dataset, names: FieldNames) -> None:
    """Add the field for labelled objects, with the attributes that they had and those that they get."""
    label = {
        "ftype": fo.EmbeddedDocumentField,
        "embedded_doc_type": dataset.get_field(names.objects).document_type,
        "description": f"Objects of {names.objects!r} with their most likely classes",
        "info": {"author": AUTHOR, "objects": names.objects},
    }
    source = label_path(dataset, names.objects)
    own = names.label + source.removeprefix(names.objects)
    copied = {
        f"{own}.{name}": field_declaration(field)
        for path, field in dataset.get_field_schema(flat=True).items()
        if (name := path.removeprefix(f"{source}.")) != path and "." not in name
    }
    fields = declarations_of(names) | {names.label: label}
    declare(dataset, names, fields, copied | attributes_of(own, ATTRIBUTES))


def _least_sure(labels: Iterable[Document]) -> float | None:
    """Lowest confidence of labelled objects, None without any; what a person said is certain."""
    sure = [
        1.0
        if label.get("confidence") is None or APPROVED_TAG in label.get("tags", ())
        else label["confidence"]
        for label in labels
        if label.get("label") is not None
    ]
    return min(sure, default=None)


def _copy(base: Document, attributes: Document) -> Document:
    """An object with the box or shape of another, and a class of its own or none."""
    return base | {"label": None, "confidence": None} | attributes
