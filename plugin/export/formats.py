"""The layouts of files, written by FiftyOne's exporters where they write labels.

Images are put in place here: FiftyOne's exporters make no hard links, and name an image that is called
like another `a-2.jpg` without looking whether there is such an image.
"""

import contextlib
import csv
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fiftyone as fo
import fiftyone.utils.coco as fouc
import fiftyone.utils.data as foud
import fiftyone.utils.yolo as fouy
import yaml

from ..dataset import Samples, dataset_of, flat_samples, label_list_name, label_path
from ..engine.errors import InputError
from .names import safe_folder_names, unique_file_names
from .options import Format, ImageMode, OwnFormat
from .selection import Label, LabelledImage, Selection
from .splits import SPLITS

COLUMNS = ("filepath", "label", "confidence", "split", "sample_id")
BOX_COLUMNS = ("x", "y", "width", "height")

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """Everything that is to be written.

    Attributes:
        samples: The collection that the images are from.
        selection: Images and labels.
        splits: (n,) split of each image, "" for none.
        label_field: Name of the label field.
        mode: How images come into the export.
    """

    samples: Samples
    selection: Selection
    splits: list[str]
    label_field: str
    mode: ImageMode

    @property
    def used_splits(self) -> list[str]:
        """The splits that have images, in their usual order; only "" where there are none."""
        return [split for split in ("", *SPLITS) if split in set(self.splits)]

    @property
    def folders(self) -> dict[str, str]:
        """Class → name of its folder."""
        return safe_folder_names(self.selection.classes)


@dataclass(frozen=True)
class _Item:
    """An image under the name that it has in the export."""

    image: LabelledImage
    name: str
    split: str


def write_format(chosen: Format | OwnFormat, plan: Plan, folder: Path, report: Report) -> None:
    """Write an export into an empty folder.

    Args:
        chosen: Which layout.
        plan: What to write.
        folder: Where to.
        report: Called with (images done, images in all).

    Raises:
        InputError: An image cannot be read.
        OSError: A file cannot be written.
    """
    if isinstance(chosen, OwnFormat):
        _write_with(chosen.exporter, plan, folder, report)
    else:
        _WRITERS[chosen](plan, folder, report)


def place(source: str, target: Path, mode: ImageMode) -> None:
    """Copy or link a file; for `ImageMode.NONE` nothing happens."""
    if mode == ImageMode.NONE:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode == ImageMode.COPY:
        shutil.copyfile(source, target)
    elif mode == ImageMode.SYMLINK:
        target.symlink_to(os.path.abspath(source))
    else:
        os.link(os.path.realpath(source), target)


def _write_folders(plan: Plan, folder: Path, report: Report) -> None:
    # Readers number the classes by their folders, so every split has all of them, with images or without.
    for split in plan.used_splits:
        for name in plan.folders.values():
            (folder / split / name).mkdir(parents=True)
    folders = plan.folders
    for item in _items(plan, report):
        label = item.image.labels[0].label
        place(item.image.path, folder / item.split / folders[label] / item.name, plan.mode)


def _write_yolo_detection(plan: Plan, folder: Path, report: Report) -> None:
    classes = plan.selection.classes
    with contextlib.ExitStack() as stack:
        exporters = {
            split: stack.enter_context(
                fouy.YOLOv5DatasetExporter(str(folder), split=split, classes=classes, export_media=False)
            )
            for split in plan.used_splits
        }
        for item in _items(plan, report):
            exporters[item.split].export_sample(item.name, _boxes(item.image))
            place(item.image.path, folder / "images" / item.split / item.name, plan.mode)
    description = {split: f"images/{split}" for split in plan.used_splits}
    description["names"] = dict(enumerate(classes))
    text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")


def _write_coco(plan: Plan, folder: Path, report: Report) -> None:
    metadata = _metadata(plan)
    with contextlib.ExitStack() as stack:
        exporters = {
            split: stack.enter_context(
                fouc.COCODetectionDatasetExporter(
                    str(folder / split),
                    classes=plan.selection.classes,
                    export_media=False,
                    extra_attrs=False,
                )
            )
            for split in plan.used_splits
        }
        for item in _items(plan, report):
            size = metadata[item.image.sample_id] or _read_metadata(item.image.path)
            exporters[item.split].export_sample(item.name, _shapes(item.image), metadata=size)
            place(item.image.path, folder / item.split / "data" / item.name, plan.mode)


def _write_csv(plan: Plan, folder: Path, report: Report) -> None:
    columns = COLUMNS + (BOX_COLUMNS if plan.selection.has_boxes else ())
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for item in _items(plan, report):
            place(item.image.path, folder / "data" / item.name, plan.mode)
            # Where FiftyOne's reader looks for it: in the folder "data", or at an absolute path.
            where = os.path.abspath(item.image.path) if plan.mode == ImageMode.NONE else item.name
            for label in item.image.labels:
                row = (where, label.label, label.confidence, item.split, item.image.sample_id)
                writer.writerow(row + (tuple(_box(label).bounding_box) if plan.selection.has_boxes else ()))


def _write_fiftyone(plan: Plan, folder: Path, report: Report) -> None:
    places = {}
    for item in _items(plan, report):
        places[item.image.sample_id] = str(folder / "data" / item.name)
        place(item.image.path, folder / "data" / item.name, plan.mode)
    has_images = plan.mode != ImageMode.NONE
    with _labelled_clone(plan) as clone:
        if has_images:
            clone.set_values("filepath", places, key_field="id")
        # Paths below `rel_dir` become relative to it; all others, of masks for example, stay as they are.
        root = str(folder) if has_images else None
        with foud.FiftyOneDatasetExporter(str(folder), export_media=False, rel_dir=root) as exporter:
            exporter.export_samples(clone, progress=False)


def _write_with(
    exporter: type[foud.LabeledImageDatasetExporter], plan: Plan, folder: Path, report: Report
) -> None:
    metadata = _metadata(plan)
    with contextlib.ExitStack() as stack:
        exporters = {split: stack.enter_context(exporter(str(folder / split))) for split in plan.used_splits}
        for each in exporters.values():
            each.log_collection(plan.samples)
        for item in _items(plan, report):
            each, size = exporters[item.split], None
            if each.requires_image_metadata:
                size = metadata[item.image.sample_id] or _read_metadata(item.image.path)
            each.export_sample(item.image.path, _label_for(each, item.image), metadata=size)


_WRITERS = {
    Format.FOLDERS: _write_folders,
    Format.YOLO_CLASSIFICATION: _write_folders,
    Format.YOLO_DETECTION: _write_yolo_detection,
    Format.COCO: _write_coco,
    Format.CSV: _write_csv,
    Format.FIFTYONE: _write_fiftyone,
}


def _items(plan: Plan, report: Report) -> Iterator[_Item]:
    """The images one by one; each is counted when the next is asked for."""
    images = plan.selection.images
    names = unique_file_names([image.path for image in images])
    for done, (image, name, split) in enumerate(zip(images, names, plan.splits, strict=True), 1):
        yield _Item(image, name, split)
        report(done, len(images))


def _boxes(image: LabelledImage) -> fo.Detections:
    return fo.Detections(detections=[_box(label) for label in image.labels])


def _shapes(image: LabelledImage) -> fo.Detections | fo.Polylines:
    """The labels with their outlines if they have any, else as boxes."""
    if isinstance(image.labels[0], fo.Polyline):
        return fo.Polylines(polylines=image.labels)
    return _boxes(image)


def _label_for(exporter: foud.LabeledImageDatasetExporter, image: LabelledImage) -> fo.Label:
    """The labels of an image in a form that the exporter takes.

    Raises:
        InputError: It takes none that these labels can have.
    """
    wanted = exporter.label_cls if isinstance(exporter.label_cls, list | tuple) else [exporter.label_cls]
    kinds = tuple(kind for kind in wanted if isinstance(kind, type))
    first = image.labels[0]
    is_class = isinstance(first, fo.Classification) and (not kinds or fo.Classification in kinds)
    label = first if is_class else _shapes(image)
    if kinds and not isinstance(label, kinds):
        taken = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(f"{type(exporter).__name__} takes {taken}, not {type(label).__name__}.")
    return label


def _box(label: Label) -> fo.Detection:
    """The label as a box; a class becomes one around the whole image, a shape one around its points."""
    if isinstance(label, fo.Detection):
        return label
    if isinstance(label, fo.Polyline):
        box = label.to_detection()
        box.confidence = label.confidence
        return box
    return fo.Detection(label=label.label, bounding_box=[0, 0, 1, 1], confidence=label.confidence)


def _metadata(plan: Plan) -> dict[str, fo.ImageMetadata | None]:
    """Sample id → what the dataset knows of the size of its image."""
    ids = [image.sample_id for image in plan.selection.images]
    known = flat_samples(dataset_of(plan.samples)).select(ids).values(["id", "metadata"])
    return {key: value if value and value.width else None for key, value in zip(*known, strict=True)}


def _read_metadata(path: str) -> fo.ImageMetadata:
    try:
        return fo.ImageMetadata.build_for(path)
    except Exception as error:  # every kind of damage raises its own
        raise InputError(f"The size of {path} cannot be read: leave it out of the view.") from error


@contextlib.contextmanager
def _labelled_clone(plan: Plan) -> Iterator[fo.Dataset]:
    """A copy of the samples with the labels and split tags of the export, deleted afterwards."""
    images = plan.selection.images
    dataset = dataset_of(plan.samples)
    is_whole = plan.samples is dataset and len(images) == len(dataset)
    # A copy of a whole dataset also has its runs and saved views.
    ids = [image.sample_id for image in images]
    source = dataset if is_whole else flat_samples(dataset).select(ids, ordered=True)
    clone = source.clone()
    try:
        _set_labels(clone, plan)
        tag_splits(clone, ids, plan.splits)
        yield clone
    finally:
        clone.delete()


def _set_labels(clone: fo.Dataset, plan: Plan) -> None:
    """Write the labels that differ from those of the field, because of a correction or a left-out box."""
    kind = clone.get_field(plan.label_field).document_type
    path = label_path(clone, plan.label_field, "id")
    known = dict(zip(*clone.values(["id", path]), strict=True))
    changed = {}
    for image in plan.selection.images:
        ids = [label.id for label in image.labels]
        if ids != known[image.sample_id] and ids != [known[image.sample_id]]:
            changed[image.sample_id] = _wrapped(image.labels, kind)
    clone.set_values(plan.label_field, changed, key_field="id")


def _wrapped(labels: list[Label], kind: type[fo.Label]) -> fo.Label:
    if issubclass(kind, fo.Detections | fo.Polylines):
        return kind(**{label_list_name(kind): labels})
    return labels[0]


def tag_splits(dataset: fo.Dataset, ids: list[str], splits: list[str]) -> None:
    """Tag samples with their splits, and take away the tags that they had of other splits.

    Args:
        dataset: Dataset of the samples.
        ids: (n,) sample ids.
        splits: (n,) split of each; where it is "", tags stay as they are.
    """
    samples = flat_samples(dataset)
    for split in set(splits) - {""}:
        members = samples.select([key for key, own in zip(ids, splits, strict=True) if own == split])
        members.untag_samples([other for other in SPLITS if other != split])
        members.tag_samples(split)
