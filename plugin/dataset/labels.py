"""Labels of a run by the ids of what it labels: whole images here, objects in them in `objects`.

Whoever writes labels or reviews asks `labels_of`, and need not know which of them they are of. A set of
labels reads as one text, such as "cat|dog".
"""

from collections.abc import Collection, Iterable, Sequence
from functools import partial

import fiftyone as fo
from bson import ObjectId

from ..engine.label_sets import SEPARATOR, classes_in, set_text
from .documents import Document, in_parts, read_documents, update_documents
from .edits import edited_class
from .fields import APPROVED_TAG, FieldNames, declare_fields, origin_of, review_fields
from .indexes import create_indexes
from .internals import Samples, sample_documents
from .objects import ObjectLabels
from .patience import persistently
from .reading import flat_samples

SINGLES = "classifications"
"""Where FiftyOne keeps the labels in a set of them."""


class ImageLabels:
    """Labels of the images of a dataset, and their reviews."""

    def __init__(self, dataset: fo.Dataset, names: FieldNames) -> None:
        """Name the dataset and the fields; nothing happens yet."""
        self._dataset, self._names = dataset, names

    def prepare(self) -> None:
        """Make room for what a run writes."""
        declare_fields(self._dataset, self._names)

    def index(self) -> None:
        """Let the grid sort and filter, which it offers by indexed fields only, and find reviews quickly."""
        names, label = self._names, f"{self._names.label}.label"
        paths = [names.confidence, names.review_rank, f"{names.label}.confidence", label]
        of_reviews = [f"{names.corrected}.label", (label, f"{names.label}.run_label")]
        create_indexes(self._dataset, [*paths, *of_reviews])

    def ids(self, samples: Samples) -> list[str]:
        """Ids of what a dataset or view shows."""
        return flat_samples(samples).values("id")

    def view(self, ids: Sequence[str]) -> fo.DatasetView:
        """The images of these ids, in this order."""
        return self._all.select(ids, ordered=True)

    def path(self, role: str) -> str:
        """Path of "confidence" or another role in `view` and `unreviewed`."""
        return getattr(self._names, role)

    def read(self, role: str, ids: Iterable[str]) -> dict[str, Document]:
        """Documents of the labels, or of the reviews.

        Args:
            role: "label" or "corrected".
            ids: Of what to read them.

        Returns:
            Id → document, where there is one.
        """
        field = getattr(self._names, role)
        found = read_documents(self._dataset, ids, [field])
        return {one: self._plain(sample[field]) for one, sample in found.items() if sample.get(field)}

    def put(self, changes: dict[str, Document]) -> None:
        """Write labels, reviews and what goes with them.

        Args:
            changes: Id → role → value. That of "label" is a document, and an image whose document names no
                class has no label; that of "corrected" is a document or None.
        """
        update_documents(self._dataset, {one: self._stored(change) for one, change in changes.items()})

    def values(self, role: str, *attributes: str) -> dict[str, tuple]:
        """Id → attributes of its label, or of its review, for all that have one."""
        return self._values(self._all, getattr(self._names, role), *attributes)

    def count(self) -> int:
        """Number of labels."""
        # A count in FiftyOne reads all samples, this one the index.
        return sample_documents(self._dataset).count_documents({f"{self._names.label}.label": {"$gte": ""}})

    def edited(self) -> dict[str, str]:
        """Id → class of the labels that were edited outside auto-label."""
        names, documents = self._names, sample_documents(self._dataset)
        if not self._dataset.has_sample_field(names.label):
            return {}
        label, run_label = f"{names.label}.label", f"{names.label}.run_label"
        # Class by class, an index leads to the labels that differ; to compare two fields reads all samples.
        differs = [{label: name, run_label: {"$ne": name}} for name in documents.distinct(label)]
        is_reviewed = {f"{names.corrected}.label": {"$ne": None}}
        found = documents.find({"$or": [*differs, is_reviewed]}, [names.label, names.corrected])
        return self._edited_in(found)

    def _edited_in(self, samples: Iterable[Document]) -> dict[str, str]:
        names = self._names
        classes = {
            str(one["_id"]): edited_class(
                *(self._plain(one.get(field) or {}) for field in (names.label, names.corrected))
            )
            for one in samples
        }
        return {one: name for one, name in classes.items() if name is not None}

    def tagged(self) -> dict[str, str]:
        """Id → class of the labels that are approved by a tag alone.

        A tag that goes with a review on another label field does not count here.
        """
        query, field = {"$expr": self._is_tagged().to_mongo()}, self._names.label
        labels = {
            str(one["_id"]): self._plain(one.get(field) or {})
            for one in sample_documents(self._dataset).find(query, [field])
        }
        return {one: label["label"] for one, label in labels.items() if label.get("label") is not None}

    def tag(self, ids: Collection[str]) -> None:
        """Show in the App that labels are approved."""
        for some in in_parts(ids):
            self._all.select(some).tag_samples(APPROVED_TAG)

    def untag(self, ids: Collection[str]) -> None:
        """Show in the App that labels are not approved."""
        for some in in_parts(ids):
            self._all.select(some).untag_samples(APPROVED_TAG)

    def refresh(self, samples: Samples, ids: Iterable[str]) -> None:
        """Bring labels up to date in a view that shows copies of them, which those of images never do."""

    def unreviewed(self, samples: Samples) -> fo.DatasetView:
        """Labelled images without a review."""
        labelled = flat_samples(samples).exists(f"{self._names.label}.label")
        unreviewed = labelled.exists(f"{self._names.corrected}.label", False)
        return unreviewed.match(~self._is_tagged())

    def _is_tagged(self) -> fo.ViewExpression:
        """Whether an image has the tag, and no review on any label field that the tag may go with."""
        is_tagged = fo.ViewField("tags").contains(APPROVED_TAG)
        for field in review_fields(self._dataset):
            if origin_of(self._dataset, field) is None:
                is_tagged &= ~fo.ViewField(field).exists()
        return is_tagged

    @property
    def _all(self) -> Samples:
        return flat_samples(self._dataset)

    def _values(self, samples: Samples, field: str, *attributes: str) -> dict[str, tuple]:
        if not self._dataset.has_sample_field(field):
            return {}
        paths = [f"{field}.{name}" for name in attributes]
        labelled = samples.exists(f"{field}.label")
        ids, *columns = persistently(partial(labelled.values, ["id", *paths]))
        return dict(zip(ids, zip(*columns, strict=True), strict=True))

    def _stored(self, change: Document) -> Document:
        """A change by fields, with confidence in both of its places."""
        stored = {getattr(self._names, role): value for role, value in change.items()}
        for role in ("label", "corrected"):
            if role in change:
                stored[getattr(self._names, role)] = self._document(change[role])
        if "label" in change:
            stored[self._names.confidence] = change["label"]["confidence"]
        return stored

    def _plain(self, document: Document) -> Document:
        """A label or review as others read it."""
        return document

    def _document(self, document: Document | None) -> Document | None:
        """A label or review as the database has it."""
        if document is None or document["label"] is None:
            return None
        return {"_id": ObjectId(), "_cls": "Classification", "tags": []} | document


class SetLabels(ImageLabels):
    """Labels of images with any number of classes, and their reviews."""

    def index(self) -> None:
        """Let the grid sort and filter, which it offers by indexed fields only."""
        names = self._names
        paths = [f"{names.label}.{SINGLES}.{name}" for name in ("confidence", "label")]
        create_indexes(self._dataset, [names.confidence, names.review_rank, *paths])

    def count(self) -> int:
        """Number of labelled images."""
        return sample_documents(self._dataset).count_documents({self._names.label: {"$ne": None}})

    def edited(self) -> dict[str, str]:
        """Id → set of the labels that were edited outside auto-label."""
        names = self._names
        if not self._dataset.has_sample_field(names.label):
            return {}
        now = {"$ifNull": [f"${names.label}.{SINGLES}.label", []]}
        of_run = {"$split": [{"$ifNull": [f"${names.label}.run_label", ""]}, SEPARATOR]}
        differs = {"$expr": {"$not": {"$setEquals": [now, of_run]}}}
        is_reviewed = {f"{names.corrected}.{SINGLES}": {"$ne": None}}
        query, fields = {"$or": [differs, is_reviewed]}, [names.label, names.corrected]
        return self._edited_in(sample_documents(self._dataset).find(query, fields))

    def unreviewed(self, samples: Samples) -> fo.DatasetView:
        """Labelled images without a review."""
        labelled = flat_samples(samples).exists(self._names.label)
        return labelled.exists(self._names.corrected, False).match(~self._is_tagged())

    def _values(self, samples: Samples, field: str, *attributes: str) -> dict[str, tuple]:
        if not self._dataset.has_sample_field(field):
            return {}
        paths = [f"{field}.{SINGLES}.label" if name == "label" else f"{field}.{name}" for name in attributes]
        ids, *columns = persistently(partial(samples.exists(field).values, ["id", *paths]))
        as_texts = [
            [set_text(one or ()) for one in column] if name == "label" else column
            for name, column in zip(attributes, columns, strict=True)
        ]
        return dict(zip(ids, zip(*as_texts, strict=True), strict=True))

    def _plain(self, document: Document) -> Document:
        """A label or review with its set as one text; an empty document stays empty."""
        if document.get(SINGLES) is None:
            return {}
        return document | {"label": set_text(one["label"] for one in document[SINGLES] if one.get("label"))}

    def _document(self, document: Document | None) -> Document | None:
        """A label or review as the database has it, each class with its own confidence."""
        if document is None or document["label"] is None:
            return None
        names, of_run = classes_in(document["label"]), classes_in(document.get("run_label") or "")
        sure: dict[str, float] = {}
        if document["confidence"] != 1:  # else a person said so
            sure = dict(zip(of_run, document.get("run_confidences") or (), strict=False))
        default = None if document["confidence"] is None else 1.0
        singles = [
            {"_id": ObjectId(), "_cls": "Classification", "tags": [], "label": name}
            | {"confidence": sure.get(name, default)}
            for name in names
        ]
        kept = {name: value for name, value in document.items() if name not in ("label", "_id")}
        return kept | {"_cls": "Classifications", SINGLES: singles}


Labels = ImageLabels | ObjectLabels


def labels_of(dataset: fo.Dataset, names: FieldNames) -> Labels:
    """The labels of a run.

    Args:
        dataset: Dataset of the run.
        names: Fields of the run.
    """
    if names.multilabel:
        return SetLabels(dataset, names)
    return (ObjectLabels if names.objects else ImageLabels)(dataset, names)
