"""Which images of a collection are exported, and with which labels.

What a person said wins over what a run said.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
    object_fields,
    object_view,
    review_fields,
    shown_field,
    why_not_labelable,
)
from ..engine.errors import InputError
from .options import ExportOptions

SHAPES = (fo.Detection, fo.Polyline)
KINDS = (fo.Classification, *SHAPES, fo.Detections, fo.Polylines)

UNLABELLED = "without a label"
UNAPPROVED = "not approved"
DOUBTFUL = "below the minimum confidence"

Label = fo.Classification | fo.Detection | fo.Polyline


@dataclass(frozen=True)
class LabelledImage:
    """An image that is exported.

    Attributes:
        sample_id: Id of its sample in the dataset.
        row: Its position in the collection; the first, if it has several patches there.
        path: Where it is.
        labels: Its classification, or its boxes or shapes; never empty.
    """

    sample_id: str
    row: int
    path: str
    labels: list[Label]


@dataclass(frozen=True)
class Selection:
    """What is exported of a collection.

    Attributes:
        images: Images with labels, in the order of the collection.
        left_out: Reason → number of samples, or patches, that are not exported.
    """

    images: list[LabelledImage]
    left_out: dict[str, int]

    @property
    def classes(self) -> list[str]:
        """Distinct class names of all labels, sorted."""
        return sorted({label.label for image in self.images for label in image.labels})

    @property
    def has_boxes(self) -> bool:
        """Whether labels are boxes or shapes, not classes of whole images."""
        return any(isinstance(label, SHAPES) for image in self.images for label in image.labels)


def select_images(samples: Samples, options: ExportOptions) -> Selection:
    """Choose images and their labels.

    Args:
        samples: Dataset, view, or view of object patches, whose boxes are gathered image by image.
        options: Which label field, and which labels of it.

    Raises:
        InputError: The collection has no such labels, or none of them is left.
    """
    check_collection(samples, options.label_field)
    images: dict[str, LabelledImage] = {}
    left_out: Counter[str] = Counter()
    for row, (sample_id, path, label, corrected, is_tagged) in enumerate(
        _values(samples, options.label_field)
    ):
        labels, is_checked = _answered(label, corrected, is_tagged)
        approved = [one for one in labels if is_checked(one)]
        asked = approved if options.approved_only else labels
        kept = [one for one in asked if is_checked(one) or _is_sure(one, options.minimum_confidence)]
        if reason := _why_left_out(labels, asked, kept):
            left_out[reason] += 1
        else:
            images.setdefault(sample_id, LabelledImage(sample_id, row, path, [])).labels.extend(kept)
    if not images:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise InputError(f"Nothing is left to export ({reasons}): label the images, or ask for less.")
    return Selection(list(images.values()), dict(left_out))


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


def _values(samples: Samples, label_field: str) -> Iterator[tuple]:
    """Sample id, path, label, what people said, and whether the sample is tagged for it, sample by sample."""
    fields = ["sample_id" if is_patches(samples) else "id", "filepath", label_field]
    dataset, names = dataset_of(samples), FieldNames(label=label_field)
    said: dict[str, fo.Label] = {}
    if dataset.has_sample_field(names.corrected):
        reviewed = flat_samples(dataset).exists(names.corrected)
        said = dict(zip(*reviewed.values(["id", names.corrected]), strict=True))
    is_of_images = samples.get_field(label_field).document_type is fo.Classification
    tagged = ImageLabels(dataset, names).tagged() if is_of_images else {}
    for sample_id, *values in zip(*samples.values(fields), strict=True):
        yield sample_id, *values, said.get(sample_id), sample_id in tagged


def _answered(
    label: fo.Label | None, corrected: fo.Label | None, is_tagged: bool
) -> tuple[list[Label], Callable[[Label], bool]]:
    """Labels, with what people said in their place, and whether somebody found a label right."""
    reviews = {one.id: one for one in _singles(corrected)}
    labels = [reviews.get(one.id, one) for one in _singles(label)]
    if isinstance(corrected, fo.Classification):
        labels = list(reviews.values())

    def is_checked(one: Label) -> bool:
        return is_tagged or one.id in reviews or APPROVED_TAG in one.tags

    return labels, is_checked


def _singles(label: fo.Label | None) -> list[Label]:
    """The labels in a label; one without a class name says nothing."""
    has_several = isinstance(label, fo.Detections | fo.Polylines)
    several = label[label_list_name(type(label))] if has_several else [label]
    return [one for one in several if one is not None and one.label]


def _is_sure(label: Label, minimum: float) -> bool:
    """Whether the confidence is high enough; one that is not known is taken for certain, as of a person."""
    return label.confidence is None or label.confidence >= minimum


def _why_left_out(labels: list[Label], asked: list[Label], kept: list[Label]) -> str:
    if not labels:
        return UNLABELLED
    if not asked:
        return UNAPPROVED
    return "" if kept else DOUBTFUL
