"""What can be exported, and how: the formats and their options.

Values that cannot be are refused when the options are made.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ..encoders.crops import MARGIN, check_margin
from ..engine.errors import InputError
from ..engine.thresholds import MinimumConfidence, check_minimum
from ..wording import named_values

if TYPE_CHECKING:
    from fiftyone.utils.data import LabeledImageDatasetExporter


class Format(str, Enum):
    """A layout of files, by the name that a user gives.

    Attributes:
        FOLDERS: One folder of images per class; objects are cut out of their images.
        YOLO_CLASSIFICATION: The same below `train`, `val` and `test`.
        YOLO_DETECTION: Images, a text file of boxes for each, and `dataset.yaml`.
        COCO: Images and one `labels.json`.
        CSV: Images and one `labels.csv`.
        HUGGING_FACE: An image folder for the library `datasets`: images and `metadata.jsonl` beside them.
        WEBDATASET: Images with their labels in .tar files, for trainers that stream.
        LABEL_STUDIO: Images, and tasks with predictions for the annotation tool Label Studio.
        FIFTYONE: FiftyOne's own, with every field of the samples; files that fields name, such as masks,
            stay where they are.
    """

    FOLDERS = "folders"
    YOLO_CLASSIFICATION = "yolo-classification"
    YOLO_DETECTION = "yolo-detection"
    COCO = "coco"
    CSV = "csv"
    HUGGING_FACE = "hugging-face"
    WEBDATASET = "webdataset"
    LABEL_STUDIO = "label-studio"
    FIFTYONE = "fiftyone"

    @property
    def needs_splits(self) -> bool:
        """Whether Ultralytics, which reads no data set without train and val, is the reader."""
        return self in (Format.YOLO_CLASSIFICATION, Format.YOLO_DETECTION)

    @property
    def is_folders(self) -> bool:
        """Whether the folder of an image is its label."""
        return self in (Format.FOLDERS, Format.YOLO_CLASSIFICATION)


OF_SETS = (Format.COCO, Format.CSV, Format.HUGGING_FACE, Format.WEBDATASET, Format.FIFTYONE)
"""Formats with room for several classes of an image."""


@dataclass(frozen=True)
class OwnFormat:
    """A layout that an exporter writes, of FiftyOne or your own.

    Attributes:
        exporter: Its class; made once for every split, with the folder to write into.
    """

    exporter: "type[LabeledImageDatasetExporter]"
    needs_splits = False
    is_folders = False

    @property
    def value(self) -> str:
        """Name of the layout."""
        return self.exporter.__name__


class ImageMode(str, Enum):
    """How images come into the export."""

    COPY = "copy"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    NONE = "none"


USUAL_SHARES = (0.8, 0.1, 0.1)


@dataclass(frozen=True)
class ExportOptions:
    """How to export.

    Attributes:
        label_field: Classification or boxes. The label that a person gave instead, if any, wins.
        minimum_confidence: Leave out labels with a lower confidence, in [0, 1]: one number, or a mapping from
            classes to numbers, with 0 for the others. What a person approved or corrected stays.
        approved_only: Leave out what no person approved or corrected.
        complete_only: Leave out images of which a box is left out: a detector would learn it as background.
        classes: Class names in the order of their ids. None for the order of the run, with further classes
            of the label field by name behind it. Readers number folders by name, so folders begin with the
            id where the classes that are given here are in another order.
        margin: What is shown around an object that is cut out for a class folder, as a share of its width and
            height on every side, from 0 to 1; twice this is FiftyOne's `alpha`.
        images: "copy", "symlink", "hardlink" or "none".
        splits: Shares of train, val and test; they are divided by their sum. None for no splits, which
            for YOLO means 0.8, 0.1, 0.1.
        new_splits: Split all images anew. Otherwise those with a tag "train", "val" or "test" stay there.
        seed: Seed of the random split.
        near_duplicates: Keep images on one side of the splits if the cosine of their embeddings is at least
            this, in (0, 1]. None to split them like any others. Of vectors of the encoder "offline",
            0.95 finds most copies that were compressed, scaled, mirrored or slightly cropped, and few other
            pairs. OpenCLIP needs 0.98: at 0.95 it takes much of a uniform set, say of satellite photos, for
            one group.
        write_split_tags: Tag the samples with "train", "val" and "test", and untag what was so before.
        spreadsheet: Whether a spreadsheet is to open `labels.csv`: texts that it would take for formulas get
            an apostrophe in front.
        overwrite: Replace an earlier export.
    """

    label_field: str = "auto_label"
    minimum_confidence: MinimumConfidence = 0.0
    approved_only: bool = False
    complete_only: bool = False
    classes: tuple[str, ...] | None = None
    margin: float = MARGIN
    images: str = "copy"
    splits: tuple[float, float, float] | None = None
    new_splits: bool = False
    seed: int = 0
    near_duplicates: float | None = None
    write_split_tags: bool = False
    spreadsheet: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            InputError: One of them cannot be.
        """
        check_minimum(self.minimum_confidence)
        if self.classes is not None:
            object.__setattr__(self, "classes", _distinct(self.classes))
        check_margin(self.margin)
        if self.images not in [mode.value for mode in ImageMode]:
            raise InputError(f"Images can be {_listed(ImageMode)}, not {self.images!r}.")
        if self.splits is not None:
            object.__setattr__(self, "splits", _normalised(self.splits))
        if not (isinstance(self.seed, int) and self.seed >= 0):
            raise InputError(f"The seed is {self.seed!r}: give a whole number from 0.")
        if self.near_duplicates is not None and not 0 < self.near_duplicates <= 1:
            raise InputError(
                f"The cosine of near-duplicates is {self.near_duplicates}: give one above 0 and up to 1."
            )

    def shares(self, chosen: Format | OwnFormat) -> tuple[float, float, float] | None:
        """Shares of train, val and test in a format, None for no splits."""
        return self.splits or (USUAL_SHARES if chosen.needs_splits else None)


def check_options(name: str | type, options: ExportOptions) -> Format | OwnFormat:
    """Find a format and check that the options suit it.

    Args:
        name: Name of a format, or an exporter class.
        options: How to export.

    Raises:
        InputError: There is no such format, or an option makes no sense with it.
    """
    chosen = _own_format(name, options) if isinstance(name, type) else _named_format(name)
    shares = options.shares(chosen)
    if (chosen.is_folders or chosen == Format.HUGGING_FACE) and options.images == ImageMode.NONE:
        raise InputError(f"The format {name!r} needs the images: copy or link them, or choose 'csv'.")
    if chosen == Format.WEBDATASET and options.images != ImageMode.COPY:
        raise InputError("The format 'webdataset' holds the images themselves: leave images at 'copy'.")
    if chosen.needs_splits and not shares[1]:
        raise InputError(f"The format {name!r} needs images in val: give it a share above 0.")
    if options.spreadsheet and chosen != Format.CSV:
        raise InputError("Only the format 'csv' can be written for a spreadsheet.")
    if shares is None and options.near_duplicates is not None:
        raise InputError("Near-duplicates only matter where there are splits: give shares, e.g. 80, 10, 10.")
    if shares is None and options.write_split_tags:
        raise InputError("There are no splits to write as tags: give shares, e.g. 80, 10, 10.")
    return chosen


def check_takes_sets(chosen: Format | OwnFormat) -> None:
    """Check that a format has room for several classes of an image.

    Raises:
        InputError: It has not.
    """
    if isinstance(chosen, Format) and chosen not in OF_SETS:
        listed = ", ".join(repr(one.value) for one in OF_SETS)
        raise InputError(
            f"The format {chosen.value!r} has one class an image, and here an image may have several: choose "
            f"one of {listed}."
        )


def _named_format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError:
        raise InputError(f"There is no export format {name!r}: choose {_listed(Format)}.") from None


def _own_format(exporter: type, options: ExportOptions) -> OwnFormat:
    from fiftyone.utils.data import LabeledImageDatasetExporter

    if not issubclass(exporter, LabeledImageDatasetExporter):
        raise InputError(
            f"{exporter.__name__} exports no labelled images: derive it from "
            "fiftyone.utils.data.LabeledImageDatasetExporter."
        )
    if options.images != ImageMode.COPY:
        raise InputError(f"What becomes of the images is up to {exporter.__name__}: leave images at 'copy'.")
    return OwnFormat(exporter)


def parse_classes(text: str | None) -> tuple[str, ...] | None:
    """Read class names as a person types them, with commas or on lines; None if nothing is typed."""
    names = [name.strip() for name in (text or "").replace("\n", ",").split(",")]
    return tuple(name for name in names if name) or None


def parse_confidence(text: str | float | None) -> MinimumConfidence:
    """Read minimum confidences as a person types them: "0.8", or "cat: 0.9, dog: 0.6"; 0 if nothing is typed.

    Raises:
        InputError: That is not what is typed.
    """
    if text is None or not str(text).strip():
        return 0.0
    text = str(text)
    try:
        if ":" not in text:
            return float(text)
        return {name: float(each) for name, each in named_values(text).items()}
    except (ValueError, TypeError):
        raise InputError(
            f"Give minimum confidences like 0.8, or like 'cat: 0.9, dog: 0.6', not {text!r}."
        ) from None


def confidence_text(minimum: MinimumConfidence) -> str:
    """The same as a text that `parse_confidence` reads."""
    return json.dumps(dict(minimum), ensure_ascii=False) if isinstance(minimum, Mapping) else str(minimum)


def parse_splits(text: str | None) -> tuple[float, float, float] | None:
    """Read shares as a person types them, e.g. "80, 10, 10"; None if nothing is typed.

    Raises:
        InputError: They are not three possible numbers.
    """
    if not text or not text.strip():
        return None
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"Give shares of train, val and test like 80, 10, 10, not {text!r}.") from None
    return _normalised(shares)


def _distinct(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str) or not classes or not all(isinstance(one, str) and one for one in classes):
        raise InputError(f"Give the classes as a list of names, not {classes!r}.")
    if twice := [name for name, count in Counter(classes).items() if count > 1]:
        raise InputError(f"The class {twice[0]!r} is given twice: give it once.")
    return tuple(classes)


def _normalised(shares: tuple[float, ...]) -> tuple[float, float, float]:
    shares = tuple(shares)
    if len(shares) != 3 or not all(0 <= share < float("inf") for share in shares) or not shares[0]:
        raise InputError(
            "Give three shares, of train, val and test, none below 0 and that of train above 0, "
            f"not {', '.join(str(share) for share in shares)}."
        )
    return tuple(share / sum(shares) for share in shares)


def _listed(choices: type[Enum]) -> str:
    names = [repr(choice.value) for choice in choices]
    return f"{', '.join(names[:-1])} or {names[-1]}"
