"""The story of an export: choose, split, write, check, and put it in its place.

The operator, the command line and Python all call `export_labels`.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from ..dataset import Samples, dataset_of, flat_samples, read_vectors, settle
from ..encoders.registry import load_encoder
from ..engine.errors import InputError
from ..engine.progress import Progress, ShowProgress
from ..system.progress_bars import shown_progress
from ..system.targets import check_target, new_folder
from ..system.versions import package_versions
from .clone import tag_splits
from .exported import WHOLE, Exported
from .formats import write_format
from .options import ExportOptions, Format, ImageMode, OwnFormat, check_options, check_takes_sets
from .plan import Plan
from .selection import (
    LabelledImage,
    Selection,
    check_collection,
    has_sets,
    select_images,
    showing_labels,
)
from .splits import SPLITS, near_duplicate_groups, stratified_split

Embeddings = str | np.ndarray
KIND = "export"
SPLIT_TAGS = {split: split for split in SPLITS} | {"validation": "val"}
"""Tag → split; FiftyOne's zoo says "validation"."""

STAGES = {
    "embed": "Embedding images",
    "compare": "Comparing images",
    "copy": "Writing files",
    "check": "Adding checksums",
}
"""Stage of an export, in order → what to call it where its progress is shown."""


def export_labels(
    samples: Samples,
    folder: str | os.PathLike[str],
    format: str | type,
    *,
    options: ExportOptions | None = None,
    embeddings: Embeddings | None = None,
    progress: ShowProgress = None,
) -> Exported:
    """Write the labels of a dataset or view, with their images, for other programs to read.

    The export is there complete or not at all. Samples without a label are left out and counted.

    Args:
        samples: Dataset, view, or view of object patches.
        folder: Folder to make; a name that ends in ".zip" makes one file instead.
        format: "folders", "yolo-classification", "yolo-detection", "coco", "csv", "hugging-face",
            "webdataset", "label-studio" or "fiftyone"; or a class of exporters, derived from
            `fiftyone.utils.data.LabeledImageDatasetExporter`, which also brings in the images.
        options: Which labels, which splits, and what to do with the images.
        embeddings: Embeddings used to find near-duplicates: a vector field, a brain key, or an (n, d) array
            in the order of `samples`. By default the images are embedded by the encoder "auto", whose
            cache knows them from an earlier run.
        progress: True for progress bars, False for none, None for bars unless FiftyOne's setting
            `show_progress_bars` is off; or a function that is called with (stage, done, total), stage one of
            `STAGES`.

    Returns:
        What was exported.

    Raises:
        InputError: Something given cannot be used, or the disk refuses; the message says what, and what was
            at `folder` before is still there.
    """
    with shown_progress(progress, STAGES) as report:
        return _export(flat_samples(samples), folder, format, options or ExportOptions(), embeddings, report)


def _export(
    samples: Samples,
    folder: str | os.PathLike[str],
    format: str | type,
    options: ExportOptions,
    embeddings: Embeddings | None,
    report: Progress,
) -> Exported:
    chosen = check_options(format, options)
    check_collection(samples, options.label_field)
    samples = showing_labels(samples, options.label_field)
    if has_sets(samples, options.label_field):
        check_takes_sets(chosen)
    settle(dataset_of(samples))
    selection = select_images(samples, options)
    _check_selection(selection, chosen, options)
    target = check_target(folder, options.overwrite, KIND)
    _check_images_stay(target, flat_samples(dataset_of(samples)).values("filepath"))

    tagged = {} if options.new_splits or not options.shares(chosen) else _tagged_splits(samples)
    splits = _split(samples, selection, chosen, options, embeddings, tagged, report)
    plan = Plan(samples, selection, splits, chosen, options)
    if chosen.is_folders and selection.has_boxes:
        plan = plan.of_crops()
    exported = _describe(plan, target, sum(image.sample_id in tagged for image in selection.images))
    facts = {"dataset": dataset_of(samples).name, **exported.facts()}
    # An exporter class puts its images where it likes, so there are no places.
    placed = list(zip(plan.places, plan.selection.images, strict=False))
    facts["sources"] = {where: os.path.abspath(image.path) for where, image in placed}
    facts["objects"] = {where: _object(image) for where, image in placed if image.part}
    facts["settings"] = asdict(options) | {"splits": options.shares(chosen)}
    facts["versions"] = package_versions("fiftyone")
    check = partial(report, "check")
    with new_folder(target, KIND, overwrite=options.overwrite, facts=facts, progress=check) as staging:
        write_format(plan, staging, partial(report, "copy"))
    if options.write_split_tags:
        tag_splits(dataset_of(samples), [image.sample_id for image in selection.images], splits)
    return exported


def _check_selection(selection: Selection, chosen: Format | OwnFormat, options: ExportOptions) -> None:
    """Check that the labels suit the format, and that the images are there.

    Raises:
        InputError: They do not, or are not.
    """
    if chosen.is_folders and selection.has_boxes and options.images != ImageMode.COPY:
        raise InputError("Objects are cut out of their images, which no link can do: leave images at 'copy'.")
    if options.images == ImageMode.NONE:
        return
    missing = [image.path for image in selection.images if not os.path.isfile(image.path)]
    if missing:
        raise InputError(
            f"{len(missing)} images are missing, the first is {missing[0]}: leave them out of the view."
        )


def _check_images_stay(target: Path, images: list[str]) -> None:
    """Check that an export does not take the place of images that the dataset has.

    Raises:
        InputError: Images lie there.
    """
    if target.exists() and any(Path(path).resolve().is_relative_to(target) for path in images):
        raise InputError(f"Images of the dataset lie in {target}: choose another folder.")


def _split(
    samples: Samples,
    selection: Selection,
    chosen: Format | OwnFormat,
    options: ExportOptions,
    embeddings: Embeddings | None,
    tagged: dict[str, str],
    report: Progress,
) -> list[str]:
    """Name of the split of every image, "" for none; that of its tag, if it has one.

    Raises:
        InputError: The embeddings cannot be used, or there are too few images for the splits.
    """
    images, shares = selection.images, options.shares(chosen)
    if shares is None:
        return [""] * len(images)
    groups = np.arange(len(images))
    if options.near_duplicates is not None:
        vectors = _vectors(samples, images, embeddings, partial(report, "embed"))
        groups = near_duplicate_groups(vectors, options.near_duplicates, partial(report, "compare"))
    number = {name: position for position, name in enumerate(selection.classes)}
    labels = np.array([number[label.label] for image in images for label in image.labels])
    counts = [len(image.labels) for image in images]
    tags = [tagged.get(image.sample_id) for image in images]
    fixed = {group: SPLITS.index(tag) for group, tag in zip(groups.tolist(), tags, strict=True) if tag}
    of_group = stratified_split(labels, np.repeat(groups, counts), shares, options.seed, fixed)
    splits = [tag or SPLITS[of_group[group]] for group, tag in zip(groups, tags, strict=True)]
    for name, share in zip(SPLITS, shares, strict=True):
        if share and name not in splits:
            raise InputError(
                f"There are too few images, or groups of near-duplicates, for {share:.0%} of them in {name}: "
                "give it a larger share, or 0, or make new splits where the images have tags of splits."
            )
    return splits


def _tagged_splits(samples: Samples) -> dict[str, str]:
    """Sample id → split, of those with the tag of one split."""
    tagged = {}
    for key, tags in zip(*flat_samples(dataset_of(samples)).values(["id", "tags"]), strict=True):
        own = {SPLIT_TAGS[tag] for tag in tags if tag in SPLIT_TAGS}
        if len(own) == 1:
            tagged[key] = own.pop()
    return tagged


def _vectors(
    samples: Samples,
    images: list[LabelledImage],
    embeddings: Embeddings | None,
    report: Callable[[int, int], None],
) -> np.ndarray:
    """(n, d) vectors of the images; zeros or NaN where an image has none.

    Raises:
        InputError: There are none, or not as many as samples.
    """
    if embeddings is None:
        return load_encoder().embed_images([image.path for image in images], report).vectors
    if isinstance(embeddings, str):
        ids = [image.sample_id for image in images]
        return read_vectors(samples, embeddings, ids)
    if np.ndim(embeddings) != 2 or len(embeddings) != len(samples):
        raise InputError(
            f"The embeddings have the shape {np.shape(embeddings)}: give one row for each of the "
            f"{len(samples)} samples."
        )
    return embeddings[[image.row for image in images]]


def _object(image: LabelledImage) -> dict:
    """What leads from a crop back to its object."""
    return {"id": image.labels[0].id, "sample_id": image.sample_id, "bounding_box": image.box}


def _describe(plan: Plan, target: Path, kept_splits: int) -> Exported:
    images = Counter(split or WHOLE for split in plan.splits)
    labels = {split or WHOLE: dict.fromkeys(plan.classes, 0) for split in plan.used_splits}
    for image, split in zip(plan.selection.images, plan.splits, strict=True):
        for label in image.labels:
            labels[split or WHOLE][label.label] += 1
    return Exported(
        target,
        plan.chosen.value,
        {split: images[split] for split in labels},
        labels,
        plan.classes,
        plan.selection.left_out,
        plan.selection.missing_labels,
        kept_splits,
        plan.folders if plan.chosen.is_folders else {},
    )
