"""The layouts of files, written by FiftyOne's exporters where they write labels.

Images are put in place here: FiftyOne's exporters make no hard links, and name an image that is called
like another `a-2.jpg` without looking whether there is such an image.
"""

import contextlib
import csv
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

import fiftyone as fo
import fiftyone.utils.coco as fouc
import fiftyone.utils.data as foud
import fiftyone.utils.yolo as fouy
import PIL.Image
import yaml

from ..dataset import dataset_of, flat_samples
from ..encoders.crops import ImageCrop
from ..encoders.opening import open_image, upright_size
from ..engine.errors import InputError
from .clipping import box_around
from .clone import labelled_clone
from .label_studio import labelling_config, task
from .options import Format, ImageMode, OwnFormat
from .plan import Plan
from .selection import LabelledImage

CLASSES_NAME = "classes.json"
COLUMNS = ("filepath", "label", "confidence", "split", "sample_id")
BOX_COLUMNS = ("x", "y", "width", "height")

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that spreadsheets take for a formula."""

JPEG_QUALITY = 95

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class _Item:
    """An image in its place below the export, with forward slashes."""

    image: LabelledImage
    where: str
    split: str

    @property
    def name(self) -> str:
        return PurePath(self.where).name


def write_format(plan: Plan, folder: Path, report: Report) -> None:
    """Write an export into an empty folder.

    Args:
        plan: What to write.
        folder: Where to.
        report: Called with (images done, images in all).

    Raises:
        InputError: An image cannot be read.
        OSError: A file cannot be written, or an image is gone.
    """
    if isinstance(plan.chosen, OwnFormat):
        _write_with(plan, folder, report)
        return
    _WRITERS[plan.chosen](plan, folder, report)
    text = json.dumps({"classes": plan.classes}, ensure_ascii=False, indent=2)
    (folder / CLASSES_NAME).write_text(text + "\n", encoding="utf-8")


def _place(source: str, target: Path, mode: ImageMode) -> None:
    """Copy or link a file; for `ImageMode.NONE` nothing happens."""
    if mode == ImageMode.NONE:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode == ImageMode.COPY:
        shutil.copyfile(source, target)
    elif mode == ImageMode.SYMLINK:
        os.stat(source)  # a link to nothing can be made too
        target.symlink_to(os.path.abspath(source))
    else:
        os.link(os.path.realpath(source), target)


def _place_crop(crop: ImageCrop, target: Path, opened: Callable[[str], PIL.Image.Image]) -> None:
    """Write an object as an image; FiftyOne's exporter of patches does not turn images upright.

    Raises:
        InputError: The image cannot be read.
    """
    try:
        cut = crop.cut(opened(crop.path))
    except Exception as error:  # every kind of damage raises its own
        raise InputError(f"{crop.path} cannot be read ({error}): leave it out of the view.") from error
    cut.save(target, quality=JPEG_QUALITY)


def _write_folders(plan: Plan, folder: Path, report: Report) -> None:
    # Readers number the classes by their folders, so every split has all of them, with images or without.
    for split in plan.used_splits:
        for name in plan.folders.values():
            (folder / split / name).mkdir(parents=True)
    for _ in _items(plan, folder, report):
        pass


def _write_yolo_detection(plan: Plan, folder: Path, report: Report) -> None:
    with contextlib.ExitStack() as stack:
        exporters = {
            split: stack.enter_context(
                fouy.YOLOv5DatasetExporter(str(folder), split=split, classes=plan.classes, export_media=False)
            )
            for split in plan.used_splits
        }
        for item in _items(plan, folder, report):
            exporters[item.split].export_sample(item.name, _boxes(item.image))
    description = {split: f"images/{split}" for split in plan.used_splits}
    description["names"] = dict(enumerate(plan.classes))
    text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")


def _write_coco(plan: Plan, folder: Path, report: Report) -> None:
    metadata = _metadata(plan)
    with contextlib.ExitStack() as stack:
        exporters = {
            split: stack.enter_context(
                fouc.COCODetectionDatasetExporter(
                    str(folder / split), classes=plan.classes, export_media=False, extra_attrs=False
                )
            )
            for split in plan.used_splits
        }
        for item in _items(plan, folder, report):
            size = _size(item.image, metadata)
            exporters[item.split].export_sample(item.name, _shapes(item.image), metadata=size)
    if plan.mode == ImageMode.NONE:
        for split in plan.used_splits:
            _name_by_sources(folder / split / "labels.json", plan, split)


def _name_by_sources(labels: Path, plan: Plan, split: str) -> None:
    """Give images that stay where they are their paths as names, which FiftyOne's exporter cannot."""
    read = json.loads(labels.read_text(encoding="utf-8"))
    sources = [one.path for one, own in zip(plan.selection.images, plan.splits, strict=True) if own == split]
    for entry, source in zip(read["images"], sources, strict=True):
        entry["file_name"] = os.path.abspath(source)
    labels.write_text(json.dumps(read), encoding="utf-8")


def _write_csv(plan: Plan, folder: Path, report: Report) -> None:
    has_boxes = plan.selection.has_boxes
    cell = _harmless if plan.options.spreadsheet else str
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS + (BOX_COLUMNS if has_boxes else ()))
        for item in _items(plan, folder, report):
            # Where FiftyOne's reader looks for it: in the folder "data", or at an absolute path.
            where = cell(os.path.abspath(item.image.path) if plan.mode == ImageMode.NONE else item.name)
            for label in item.image.labels:
                row = (where, cell(label.label), label.confidence, item.split, item.image.sample_id)
                writer.writerow(row + (tuple(box_around(label).bounding_box) if has_boxes else ()))


def _write_hugging_face(plan: Plan, folder: Path, report: Report) -> None:
    known = _metadata(plan)
    with contextlib.ExitStack() as stack:
        files = {}
        for split in plan.used_splits:
            (folder / split).mkdir(exist_ok=True)
            rows = folder / split / "metadata.jsonl"
            files[split] = stack.enter_context(rows.open("w", encoding="utf-8"))
        for item in _items(plan, folder, report):
            row = {"file_name": item.name, **_described(plan, item.image, known)}
            files[item.split].write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_webdataset(plan: Plan, folder: Path, report: Report) -> None:
    known, ids = _metadata(plan), {name: number for number, name in enumerate(plan.classes)}
    with contextlib.ExitStack() as stack:
        shards: dict[Path, tarfile.TarFile] = {}
        for item in _items(plan, folder, report, is_placed=False):
            path = (folder / item.where).parent
            if path not in shards:
                shards[path] = stack.enter_context(tarfile.open(path, "w"))
            said = _described(plan, item.image, known) | {"source": os.path.abspath(item.image.path)}
            parts = {"json": json.dumps(said, ensure_ascii=False).encode()}
            if "label" in said:
                parts["cls"] = str(ids[said["label"]]).encode()
            stem, _, kind = item.name.rpartition(".")
            # A reader gathers what follows one another under the same key.
            for extension, data in {kind: Path(item.image.path).read_bytes(), **parts}.items():
                entry = tarfile.TarInfo(f"{stem}.{extension}")
                entry.size = len(data)
                shards[path].addfile(entry, io.BytesIO(data))


def _described(plan: Plan, image: LabelledImage, known: dict[str, fo.ImageMetadata]) -> dict:
    """Its sample, and its class, classes or objects, in values that go through JSON."""
    first = image.labels[0]
    if plan.selection.has_sets:
        columns = {"labels": [one.label for one in image.labels]}
        columns["confidences"] = [one.confidence for one in image.labels]
        return {"sample_id": image.sample_id, **columns}
    if isinstance(first, fo.Classification):
        return {"sample_id": image.sample_id, "label": first.label, "confidence": first.confidence}
    return {"sample_id": image.sample_id, **_objects(image, known)}


def _objects(image: LabelledImage, known: dict[str, fo.ImageMetadata]) -> dict:
    """The boxes as the examples of `datasets` have them: upper left corner and size in pixels."""
    size = _size(image, known)
    scale = (size.width, size.height) * 2
    boxes = [box_around(label) for label in image.labels]
    return {
        "objects": {
            "bbox": [[x * side for x, side in zip(box.bounding_box, scale, strict=True)] for box in boxes],
            "categories": [box.label for box in boxes],
            "confidence": [box.confidence for box in boxes],
        }
    }


def _write_label_studio(plan: Plan, folder: Path, report: Report) -> None:
    known, tasks = _metadata(plan), []
    for item in _items(plan, folder, report):
        size = _size(item.image, known)
        where = os.path.abspath(item.image.path) if plan.mode == ImageMode.NONE else f"data/{item.name}"
        boxes = [box_around(label) for label in item.image.labels] if plan.selection.has_boxes else None
        tasks.append(
            task(
                where,
                item.image.sample_id,
                boxes or item.image.labels,
                size=(size.width, size.height),
                split=item.split,
                model=plan.options.label_field,
            )
        )
    (folder / "tasks.json").write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")
    config = labelling_config(plan.classes, plan.selection.has_boxes)
    (folder / "labels.xml").write_text(config, encoding="utf-8")


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _write_fiftyone(plan: Plan, folder: Path, report: Report) -> None:
    places = {item.image.sample_id: str(folder / "data" / item.name) for item in _items(plan, folder, report)}
    has_images = plan.mode != ImageMode.NONE
    with labelled_clone(plan) as clone:
        if has_images:
            clone.set_values("filepath", places, key_field="id")
        # Paths below `rel_dir` become relative to it; all others, of masks for example, stay as they are.
        root = str(folder) if has_images else None
        with foud.FiftyOneDatasetExporter(str(folder), export_media=False, rel_dir=root) as exporter:
            exporter.export_samples(clone, progress=False)


def _write_with(plan: Plan, folder: Path, report: Report) -> None:
    metadata, make = _metadata(plan), plan.chosen.exporter
    with contextlib.ExitStack() as stack:
        exporters = {split: stack.enter_context(make(str(folder / split))) for split in plan.used_splits}
        for each in exporters.values():
            each.log_collection(plan.samples)
        images = plan.selection.images
        for done, (image, split) in enumerate(zip(images, plan.splits, strict=True), 1):
            each, size = exporters[split], None
            if each.requires_image_metadata:
                size = _size(image, metadata)
            each.export_sample(image.path, _label_for(plan, each, image), metadata=size)
            report(done, len(images))


_WRITERS = {
    Format.FOLDERS: _write_folders,
    Format.YOLO_CLASSIFICATION: _write_folders,
    Format.YOLO_DETECTION: _write_yolo_detection,
    Format.COCO: _write_coco,
    Format.CSV: _write_csv,
    Format.HUGGING_FACE: _write_hugging_face,
    Format.WEBDATASET: _write_webdataset,
    Format.LABEL_STUDIO: _write_label_studio,
    Format.FIFTYONE: _write_fiftyone,
}


def _items(plan: Plan, folder: Path, report: Report, is_placed: bool = True) -> Iterator[_Item]:
    """The images one by one, each put in its place if asked for, and counted when the next is."""
    images, opened = plan.selection.images, lru_cache(maxsize=1)(open_image)
    for done, (image, where, split) in enumerate(zip(images, plan.places, plan.splits, strict=True), 1):
        if image.part:
            crop = ImageCrop(image.path, image.box, plan.options.margin)
            _place_crop(crop, folder / where, opened)
        elif is_placed:
            _place(image.path, folder / where, plan.mode)
        yield _Item(image, where, split)
        report(done, len(images))


def _boxes(image: LabelledImage) -> fo.Detections:
    return fo.Detections(detections=[box_around(label) for label in image.labels])


def _shapes(image: LabelledImage) -> fo.Detections | fo.Polylines:
    """The labels with their outlines if they have any, else as boxes."""
    if isinstance(image.labels[0], fo.Polyline):
        return fo.Polylines(polylines=image.labels)
    return _boxes(image)


def _label_for(plan: Plan, exporter: foud.LabeledImageDatasetExporter, image: LabelledImage) -> fo.Label:
    """The labels of an image in a form that the exporter takes.

    Raises:
        InputError: It takes none that these labels can have.
    """
    wanted = exporter.label_cls if isinstance(exporter.label_cls, list | tuple) else [exporter.label_cls]
    kinds = tuple(kind for kind in wanted if isinstance(kind, type))
    if plan.selection.has_sets:
        label = fo.Classifications(classifications=image.labels)
    else:
        first = image.labels[0]
        is_class = isinstance(first, fo.Classification) and (not kinds or fo.Classification in kinds)
        label = first if is_class else _shapes(image)
    if kinds and not isinstance(label, kinds):
        taken = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(f"{type(exporter).__name__} takes {taken}, not {type(label).__name__}.")
    return label


def _metadata(plan: Plan) -> dict[str, fo.ImageMetadata]:
    """Sample id → what the dataset knows of the size of its image."""
    known = flat_samples(dataset_of(plan.samples)).values(["id", "metadata"])
    return {key: value for key, value in zip(*known, strict=True) if value and value.width}


def _size(image: LabelledImage, known: dict[str, fo.ImageMetadata]) -> fo.ImageMetadata:
    """Width and height of an image as it is shown; what FiftyOne knows is that for JPEG alone.

    Raises:
        InputError: The image cannot be read, and its size is not known.
    """
    metadata = known.get(image.sample_id)
    if metadata and metadata.mime_type == "image/jpeg":
        return metadata
    try:
        width, height = upright_size(image.path)
        metadata = metadata or fo.ImageMetadata.build_for(image.path)
        metadata.width, metadata.height = width, height
    except Exception as error:  # every kind of damage raises its own
        if metadata is None:
            message = f"The size of {image.path} cannot be read: leave it out of the view."
            raise InputError(message) from error
    return metadata
