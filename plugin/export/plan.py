"""What an export writes: images with labels, their splits, classes and places.

Every format reads it, and none changes it.
"""

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath

from ..dataset import Samples
from .names import safe_folder_names, unique_file_names
from .options import ExportOptions, Format, ImageMode, OwnFormat
from .selection import LabelledImage, Selection
from .splits import SPLITS

IMAGES_PER_SHARD = 10_000


@dataclass(frozen=True)
class Plan:
    """Everything that is to be written.

    Attributes:
        samples: The collection that the images are from.
        selection: Images and labels.
        splits: (n,) split of each image, "" for none.
        chosen: Which layout.
        options: How to export.
    """

    samples: Samples
    selection: Selection
    splits: list[str]
    chosen: Format | OwnFormat
    options: ExportOptions

    def of_crops(self) -> "Plan":
        """The same with every object as an image, in the split of the image that it is cut from."""
        of_objects = [
            (replace(image, labels=[label], part=number), split)
            for image, split in zip(self.selection.images, self.splits, strict=True)
            for number, label in enumerate(image.labels, 1)
        ]
        images, splits = map(list, zip(*of_objects, strict=True))
        return replace(self, selection=replace(self.selection, images=images), splits=splits)

    @property
    def mode(self) -> ImageMode:
        """How images come into the export."""
        return ImageMode(self.options.images)

    @cached_property
    def used_splits(self) -> list[str]:
        """The splits that have images, in their usual order; only "" where there are none."""
        used = set(self.splits)
        return [split for split in ("", *SPLITS) if split in used]

    @cached_property
    def folders(self) -> dict[str, str]:
        """Class → name of its folder, in the order in which readers number them: by name."""
        folders = safe_folder_names(self.selection.classes)
        if self.options.classes and list(folders.values()) != sorted(folders.values()):
            width = len(str(len(folders) - 1))
            return {name: f"{i:0{width}}-{folder}" for i, (name, folder) in enumerate(folders.items())}
        return dict(sorted(folders.items(), key=lambda pair: pair[1]))

    @cached_property
    def classes(self) -> list[str]:
        """Class names in the order of their ids."""
        return list(self.folders) if self.chosen.is_folders else self.selection.classes

    @cached_property
    def places(self) -> list[str]:
        """(n,) path of each image below the export, with forward slashes; none of an exporter class."""
        if isinstance(self.chosen, OwnFormat):
            return []
        images = self.selection.images
        is_tar, so_far = self.chosen == Format.WEBDATASET, Counter()
        names = unique_file_names([_tar_name(image.name) if is_tar else image.name for image in images])
        places = []
        for image, split, name in zip(images, self.splits, names, strict=True):
            places.append(PurePath(*self._parts(image, split, so_far[split]), name).as_posix())
            so_far[split] += 1
        return places

    def _parts(self, image: LabelledImage, split: str, number: int) -> tuple[str, ...]:
        """Where an image is that has so many before it in its split."""
        if self.chosen == Format.WEBDATASET:
            return (f"{split or 'data'}-{number // IMAGES_PER_SHARD:06}.tar",)
        if self.chosen.is_folders:
            return split, self.folders[image.labels[0].label]
        if self.chosen == Format.YOLO_DETECTION:
            return "images", split
        if self.chosen == Format.HUGGING_FACE:
            return (split,)
        return (split, "data") if self.chosen == Format.COCO else ("data",)


def _tar_name(name: str) -> str:
    """A name for WebDataset, which takes all up to the first dot for the key, and the rest for the kind."""
    stem, extension = os.path.splitext(name)
    kind = extension.lower().replace(".jpeg", ".jpg") or ".jpg"
    return stem.replace(".", "_") + kind
