"""Which images of a collection are exported, and with which labels.

What a person said wins over what a run said.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import fiftyone as fo

from ..dataset import (
    APPROVED_TAG,
    FieldNames,
    ImageLabels,
    ObjectLabels,
    Samples,
    dataset_of,
    flat_samples,
    is_patches,
    label_fields,
    label_list_name,
    label_path,
    labels_of,
    latest_run,
    object_fields,
    object_view,
    review_fields,
    shown_field,
    why_not_labelable,
)
from ..engine.errors import InputError
from ..engine.thresholds import check_named, least_confidence
from .clipping import box_around, inside_image
from .options import ExportOptions

SHAPES = (fo.Detection, fo.Polyline)
KINDS = (fo.Classification, fo.Classifications, *SHAPES, fo.Detections, fo.Polylines)

UNLABELLED = "without a label"
UNAPPROVED = "not approved"
DOUBTFUL = "below the minimum confidence"
OUTSIDE = "outside the image"
HIDDEN = "not in the view"
INCOMPLETE = "with labels that are left out"

Label = fo.Classification | fo.Detection | fo.Polyline


@dataclass
class LabelledImage:
    """An image that may be exported.

    Attributes:
        sample_id: Id of its sample in the dataset.
        row: Its position in the collection; the first, if it has several patches there.
        path: Where it is.
        labels: Its classification or classifications, or its boxes or shapes, inside the image.
        left_out: Why each of its other labels is left out.
        is_changed: Whether a label is not as the label field of the dataset has it.
        part: Which of its objects is cut out of it, from 1; 0 for the whole image.
    """

    sample_id: str
    row: int
    path: str
    labels: list[Label] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    is_changed: bool = False
    part: int = 0

    @property
    def name(self) -> str:
        """What to call it in the export, if no other image has this name."""
        stem, extension = os.path.splitext(os.path.basename(self.path))
        return f"{stem}-{self.part}.jpg" if self.part else stem + extension

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, width, height) of its first object, as shares of its width and height."""
        return tuple(box_around(self.labels[0]).bounding_box)


@dataclass(frozen=True)
class Selection:
    """What is exported of a collection.

    Attributes:
        images: Images with labels, in the order of the collection.
        classes: Class names, those without labels too, in the order of their ids.
        left_out: Reason → number of images that are not exported.
        missing_labels: Reason → number of labels that are missing from the images that are exported.
        has_sets: Whether an image may have several classes.
    """

    images: list[LabelledImage]
    classes: list[str]
    left_out: dict[str, int]
    missing_labels: dict[str, int]
    has_sets: bool = False

    @cached_property
    def has_boxes(self) -> bool:
        """Whether labels are boxes or shapes, not classes of whole images."""
        return any(isinstance(label, SHAPES) for image in self.images for label in image.labels)


def select_images(samples: Samples, options: ExportOptions) -> Selection:
    """Choose images and their labels.

    Args:
        samples: Dataset, view, or view of object patches, whose boxes are gathered image by image.
        options: Which label field, which labels of it, and the order of the classes.

    Raises:
        InputError: The collection has no such labels, none of them is left, one has another class, or a
            threshold is of no class.
    """
    check_collection(samples, options.label_field)
    found = _gathered(samples, options)
    images, left_out, missing = [], Counter(), Counter()
    for image in found:
        if reason := _why_left_out(image, options.complete_only):
            left_out[reason] += 1
        else:
            images.append(image)
            missing.update(image.left_out)
    if not images:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise InputError(f"Nothing is left to export ({reasons}): label the images, or ask for less.")
    used = {label.label for image in images for label in image.labels}
    classes = _class_order(dataset_of(samples), options, used)
    check_named(options.minimum_confidence, classes)
    return Selection(images, classes, dict(left_out), dict(missing), has_sets(samples, options.label_field))


def has_sets(samples: Samples, label_field: str) -> bool:
    """Whether an image may have several classes in a field."""
    return samples.get_field(label_field).document_type is fo.Classifications


def check_collection(samples: Samples, label_field: str) -> None:
    """Check that a collection holds images, or patches of them, with a field of labels.

    Raises:
        InputError: It does not.
    """
    reason = "" if is_patches(samples) else why_not_labelable(flat_samples(samples))
    if reason:
        raise InputError(reason)
    choices = exportable_fields(samples)
    if label_field not in choices:
        known = ", ".join(choices) or "none yet"
        raise InputError(
            f"There is no field {label_field!r} of classes or boxes: label the images, or choose another "
            f"label field (there are: {known})."
        )


def exportable_fields(samples: Samples) -> list[str]:
    """Fields of classes or boxes; of a patches view also those that hold its objects under other labels."""
    known = label_fields(samples)
    fields = [one for one in known if issubclass(samples.get_field(one).document_type, KINDS)]
    if not is_patches(samples):
        return fields
    dataset = dataset_of(samples)
    others = [one for one in object_fields(dataset) if one not in (*fields, *review_fields(dataset))]
    return fields + [one for one in others if shown_field(samples, one)]


def showing_labels(samples: Samples, label_field: str) -> Samples:
    """The objects of a patches view as a label field has them, which need not be the field that it shows."""
    if not is_patches(samples) or samples.has_field(label_field):
        return samples
    dataset = dataset_of(samples)
    ids = ObjectLabels(dataset, FieldNames(label=label_field)).ids(samples)
    return object_view(dataset, label_field, ids)


def _gathered(samples: Samples, options: ExportOptions) -> list[LabelledImage]:
    """Every image of the collection, with the labels that are kept and why the others are not."""
    images: dict[str, LabelledImage] = {}
    seen: set[str] = set()
    rows = _values(samples, options.label_field)
    for row, (sample_id, path, label, corrected, is_tagged) in enumerate(rows):
        image = images.setdefault(sample_id, LabelledImage(sample_id, row, path))
        labels, is_checked = _answered(label, corrected, is_tagged)
        seen.update(one.id for one in (*labels, *_singles(label)))
        for one in labels:
            reason = _why_not(one, is_checked(one), options)
            clipped = None if reason else inside_image(one)
            if clipped is None:
                image.left_out.append(reason or OUTSIDE)
            else:
                image.labels.append(clipped)
            image.is_changed |= clipped is None or all(clipped is not own for own in _singles(label))
    for sample_id, ids in _hidden_from(samples, options.label_field):
        if sample_id in images and (hidden := [one for one in ids if one not in seen]):
            images[sample_id].left_out += [HIDDEN] * len(hidden)
            images[sample_id].is_changed = True
    return list(images.values())


def _hidden_from(samples: Samples, label_field: str) -> Iterator[tuple[str, list[str]]]:
    """Sample id and ids of all its labels in the dataset, where a view may show only some of them."""
    dataset = dataset_of(samples)
    path = label_path(dataset, label_field, "id")
    if samples is dataset or path == f"{label_field}.id":
        return
    for sample_id, ids in zip(*flat_samples(dataset).values(["id", path]), strict=True):
        yield sample_id, ids or []


def _class_order(dataset: fo.Dataset, options: ExportOptions, used: set[str]) -> list[str]:
    """The classes as they were given; else those of the run or the dataset, and then all others by name.

    Raises:
        InputError: Classes were given, and a label is none of them.
    """
    if options.classes:
        if others := sorted(used - set(options.classes)):
            raise InputError(
                f"{others[0]!r} is not one of the classes that were given: add it, or leave out its labels."
            )
        return list(options.classes)
    run, names = latest_run(dataset, options.label_field), FieldNames(label=options.label_field)
    known = run.classes if run else dataset.get_classes(options.label_field) or ()
    # Those of the whole dataset, for the ids to be the same whichever part is exported.
    fields = [one for one in (names.label, names.corrected) if dataset.has_sample_field(one)]
    paths = (label_path(dataset, one, "label") for one in fields)
    everywhere = {name for path in paths for name in flat_samples(dataset).distinct(path) if name}
    return [*known, *sorted((everywhere | used) - set(known))]


def _values(samples: Samples, label_field: str) -> Iterator[tuple]:
    """Sample id, path, label, what people said, and whether the sample is tagged for it, sample by sample."""
    ids, paths = samples.values(["sample_id" if is_patches(samples) else "id", "filepath"])
    dataset, names = dataset_of(samples), FieldNames(label=label_field)
    said: dict[str, fo.Label] = {}
    if dataset.has_sample_field(names.corrected):
        reviewed = flat_samples(dataset).exists(names.corrected)
        said = dict(zip(*reviewed.values(["id", names.corrected]), strict=True))
    is_of_images = samples.get_field(label_field).document_type is fo.Classification
    if has_sets(samples, label_field):
        tagged = labels_of(dataset, replace(names, multilabel=True)).tagged()
    else:
        tagged = ImageLabels(dataset, names).tagged() if is_of_images else {}
    labels = _classifications(samples, label_field) if is_of_images else samples.values(label_field)
    for sample_id, path, label in zip(ids, paths, labels, strict=True):
        yield sample_id, path, label, said.get(sample_id), sample_id in tagged


def _classifications(samples: Samples, label_field: str) -> Iterator[fo.Classification | None]:
    """The label of every image without what explains it, which takes most of the time and memory."""
    attributes = ("id", "label", "confidence", "tags")
    for one, label, confidence, tags in zip(
        *samples.values([f"{label_field}.{name}" for name in attributes]), strict=True
    ):
        known = {"label": label, "confidence": confidence, "tags": tags or []}
        yield fo.Classification(id=one, **known) if one else None


def _answered(
    label: fo.Label | None, corrected: fo.Label | None, is_tagged: bool
) -> tuple[list[Label], Callable[[Label], bool]]:
    """Labels, with what people said in their place, and whether somebody found a label right."""
    reviews = {one.id: one for one in _singles(corrected)}
    labels = [reviews.get(one.id, one) for one in _singles(label)]
    if isinstance(corrected, fo.Classification | fo.Classifications):
        labels = list(reviews.values())

    def is_checked(one: Label) -> bool:
        return is_tagged or one.id in reviews or APPROVED_TAG in one.tags

    return labels, is_checked


def _singles(label: fo.Label | None) -> Sequence[Label]:
    """The labels in a label."""
    has_several = isinstance(label, fo.Classifications | fo.Detections | fo.Polylines)
    several = label[label_list_name(type(label))] if has_several else [label]
    return [one for one in several if one is not None]


def _why_not(label: Label, is_checked: bool, options: ExportOptions) -> str:
    """Why a label is left out, "" if it is not; one without a confidence is certain, as of a person."""
    if not label.label:
        return UNLABELLED
    if is_checked:
        return ""
    if options.approved_only:
        return UNAPPROVED
    least = least_confidence(options.minimum_confidence, label.label)
    is_sure = label.confidence is None or label.confidence >= least
    return "" if is_sure else DOUBTFUL


def _why_left_out(image: LabelledImage, complete_only: bool) -> str:
    """Why an image is left out, "" if it is not."""
    if image.labels:
        return INCOMPLETE if complete_only and image.left_out else ""
    reasons = [reason for reason in image.left_out if reason != UNLABELLED]
    return reasons[0] if reasons else UNLABELLED
