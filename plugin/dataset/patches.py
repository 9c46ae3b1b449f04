"""Objects in images: which fields hold boxes or shapes, and what a run needs to know of every object.

An object is known by its id, which a patches view shows as the id of a sample.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import fiftyone as fo
import numpy as np
from fiftyone.core.patches import EvaluationPatchesView, PatchesView

from ..encoders.crops import MARGIN, ImageCrop, check_margin
from ..engine.errors import InputError
from .fields import origin_of
from .internals import Samples, dataset_of, label_path, shows_frames
from .reading import as_clusters, as_matrix, flat_samples, why_not_labelable

KINDS = (fo.Detections, fo.Detection, fo.Polylines, fo.Polyline)
NO_BOX = (np.nan,) * 4


@dataclass(frozen=True)
class Objects:
    """The objects in a field of a collection, in its order; those of one image follow one another.

    Attributes:
        samples: The collection.
        field: Field of the dataset that holds the objects.
        ids: (n,) object ids.
        images: (n,) boxes in image files.
    """

    samples: Samples
    field: str
    ids: list[str]
    images: list[ImageCrop]

    def vectors(self, source: str) -> np.ndarray:
        """Read one vector per object.

        Args:
            source: Attribute of the objects, or key of a similarity run over them.

        Returns:
            (n, d) float32; rows of NaN where an object has no vector.

        Raises:
            InputError: There is no such attribute or key, or it has no vectors of one length.
        """
        known = object_vector_sources(self.samples, self.field)
        if source not in known:
            advice = f"choose one of {', '.join(known)}." if known else "there is none yet."
            raise InputError(f"The objects in {self.field!r} have no vectors under {source!r}: {advice}")
        dataset = dataset_of(self.samples)
        if source not in dataset.list_brain_runs():
            return as_matrix(self.values(source), source)
        results = dataset.load_brain_results(source)
        vectors = dict(zip(results.label_ids, results.embeddings, strict=True))
        return as_matrix([vectors.get(one) for one in self.ids], source)

    def clusters(self, attribute: str) -> np.ndarray:
        """Read the cluster of every object from an attribute with whole numbers or texts.

        Returns:
            (n,) int64, negative where an object is in no cluster.

        Raises:
            InputError: There is no such attribute, or no object has a cluster in it.
        """
        check_object_clusters(self.samples, self.field, attribute)
        return as_clusters(self.values(attribute), attribute)

    def values(self, name: str) -> list:
        """(n,) values of an attribute of the objects, None where there is none."""
        everything = flat_samples(dataset_of(self.samples))
        root = label_path(everything, self.field)
        columns = everything.values([f"{root}.id", f"{root}.{name}"])
        if root != self.field:
            columns = [[each for objects in column for each in objects or ()] for column in columns]
        values = dict(zip(*columns, strict=True))
        return [values.get(one) for one in self.ids]


def read_objects(samples: Samples, field: str, margin: float = MARGIN) -> Objects:
    """List the objects of a dataset, a view or a patches view.

    Args:
        samples: What holds the objects; of a view, only those that it shows.
        field: Field of boxes or shapes.
        margin: What is added to every box on every side, as a share of its width or height, from 0 to 1.

    Raises:
        InputError: There is no such field, it holds something else or no object, or the margin is unusable.
    """
    check_objects(samples, field)
    field = origin_of(dataset_of(samples), field) or field
    check_margin(margin)
    shown = shown_field(samples, field)
    found = [
        (one, ImageCrop(path, box, margin))
        for path, ids, boxes in _rows(samples, shown)
        for one, box in zip(ids, boxes, strict=True)
    ]
    crops = dict(found)
    # A patches view of an evaluation may show an object beside several others.
    if len(crops) < len(found) and not is_patches(samples):
        raise InputError(f"Some objects in {field!r} have the same id: give every object a unique id.")
    if not crops:
        raise InputError(f"There are no objects in {field!r} on these samples: choose others, or find some.")
    return Objects(samples, field, list(crops), list(crops.values()))


def check_objects(samples: Samples, field: str) -> None:
    """Check that a field holds boxes or shapes in images, without looking for any.

    Raises:
        InputError: It does not.
    """
    reason = why_no_objects(samples)
    if reason:
        raise InputError(reason)
    dataset = dataset_of(samples)
    kind = dataset.get_field(field)
    known = ", ".join(object_fields(dataset)) or "none yet"
    if kind is None:
        raise InputError(f"There is no field {field!r} of boxes or shapes (there are: {known}).")
    if not _holds_objects(kind):
        name = getattr(kind, "document_type", type(kind)).__name__
        raise InputError(
            f"Field {field!r} holds {name}, not boxes or shapes: choose another (there are: {known})."
        )
    if shown_field(samples, field) is None:
        shown = " and ".join(object_fields(samples))
        raise InputError(f"This view shows the objects in {shown}, not those in {field!r}: leave it first.")


def why_no_objects(samples: Samples) -> str:
    """One sentence on why a dataset or view cannot have objects to label, "" if it can."""
    if is_patches(samples):
        if dataset_of(samples).media_type == "video":
            return "These are objects in frames of videos, but only objects in images can be labelled."
        return "" if len(samples) else "There are no objects in this view: choose one that has some."
    if isinstance(samples, fo.DatasetView) and shows_frames(samples):
        return "These are frames of videos, but only objects in images can be labelled."
    return why_not_labelable(samples)


def is_patches(samples: Samples) -> bool:
    """Whether a view shows objects one by one."""
    return isinstance(samples, PatchesView | EvaluationPatchesView)


def object_fields(samples: Samples) -> list[str]:
    """Names of the fields that hold boxes or shapes."""
    schema = samples.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if _holds_objects(field)]


def field_to_label(samples: Samples, asked: str | None = None) -> str | None:
    """The field whose objects are to be labelled, None for whole images.

    Args:
        samples: What is labelled.
        asked: Field that was asked for; without one, it is what a patches view shows. Where that field holds
            objects that a run labelled, they are labelled again, so it is the field that they are from.
    """
    chosen = asked or (samples.patches_field if isinstance(samples, PatchesView) else None)
    return chosen and (origin_of(dataset_of(samples), chosen) or chosen)


def object_vector_sources(samples: Samples, field: str) -> list[str]:
    """Attributes of objects, and similarity runs over them, that may hold their vectors."""
    runs = dataset_of(samples).list_brain_runs(type="similarity", patches_field=field)
    return [*_attributes_of_kind(samples, field, (fo.VectorField, fo.ArrayField)), *runs]


def object_cluster_attributes(samples: Samples, field: str) -> list[str]:
    """Attributes of objects that hold whole numbers, which may be clusters."""
    return _attributes_of_kind(samples, field, (fo.IntField,))


def object_text_attributes(samples: Samples, field: str) -> list[str]:
    """Attributes of objects, other than their label, that hold texts."""
    return _attributes_of_kind(samples, field, (fo.StringField,))


def check_object_clusters(samples: Samples, field: str, attribute: str) -> None:
    """Check that an attribute may hold one cluster per object, without reading it.

    Raises:
        InputError: There is no such attribute, or it holds something else.
    """
    if attribute in _attributes_of_kind(samples, field, (fo.IntField, fo.StringField)):
        return
    known = object_cluster_attributes(samples, field)
    advice = f"choose one such as {', '.join(known)}." if known else "there is none yet."
    raise InputError(f"The objects in {field!r} have no attribute {attribute!r} with clusters: {advice}")


def object_view(dataset: fo.Dataset, field: str, ids: Sequence[str]) -> fo.DatasetView:
    """Some objects of a field, one by one and in this order; those that are gone are left out."""
    samples = flat_samples(dataset)
    if label_path(dataset, field) == field:
        return samples.select_by(f"{field}.id", list(ids), ordered=True)
    return samples.select_labels(ids=list(ids), fields=field).to_patches(field).select(ids, ordered=True)


def one_by_one(samples: Samples, field: str) -> fo.DatasetView:
    """All objects of a field, one by one: patches, or the samples themselves where each has but one."""
    samples = flat_samples(samples)
    return samples.exists(field) if label_path(samples, field) == field else samples.to_patches(field)


def shown_field(samples: Samples, field: str) -> str | None:
    """The field of a collection that shows the objects of a field of its dataset; None if none does."""
    origin = origin_of(dataset_of(samples), field) or field
    shown = object_fields(samples)
    candidates = [field, *(one for one in shown if origin_of(dataset_of(samples), one) == origin), origin]
    return next((one for one in candidates if one in shown), None)


def _holds_objects(field: fo.Field) -> bool:
    return isinstance(field, fo.EmbeddedDocumentField) and issubclass(field.document_type, KINDS)


def _rows(samples: Samples, field: str) -> Iterator[tuple[str, list[str], list[tuple]]]:
    """File, ids and boxes of the objects, sample by sample; without their masks, which may be large."""
    root = label_path(samples, field)
    is_shape = issubclass(samples.get_field(field).document_type, fo.Polylines | fo.Polyline)
    box = f"{root}.points" if is_shape else f"{root}.bounding_box"
    to_box = _around if is_shape else _box
    for path, ids, shapes in zip(*samples.values(["filepath", f"{root}.id", box]), strict=True):
        if root == field:
            ids, shapes = ([], []) if ids is None else ([ids], [shapes])
        yield path, ids or [], [to_box(shape) for shape in shapes or []]


def _box(box: Sequence[float] | None) -> tuple[float, float, float, float]:
    return tuple(box) if box is not None and len(box) == 4 else NO_BOX


def _around(shapes: Sequence[Sequence[Sequence[float]]] | None) -> tuple[float, float, float, float]:
    """The box around the points of a polyline."""
    points = [point for shape in shapes or [] for point in shape]
    if not points:
        return NO_BOX
    first, last = np.min(points, axis=0), np.max(points, axis=0)
    return (*first.tolist(), *(last - first).tolist())


def _attributes_of_kind(samples: Samples, field: str, kinds: tuple[type[fo.Field], ...]) -> list[str]:
    dataset = dataset_of(samples)
    if field not in object_fields(dataset):
        return []
    start = label_path(dataset, field) + "."
    paths = dataset.get_field_schema(ftype=kinds, flat=True)
    own = (path.removeprefix(start) for path in paths if path.startswith(start))
    return [name for name in own if name not in ("id", "label", "mask") and "." not in name]
