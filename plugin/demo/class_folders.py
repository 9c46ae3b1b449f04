"""Embeds images in class folders: the name of the folder of an image is its true class."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..encoders.base import Encoder
from ..engine.errors import InputError


@dataclass(frozen=True)
class Photographs:
    """The readable images of a folder.

    Attributes:
        classes: (k,) class names, in alphabetical order.
        truth: (n,) true class numbers.
        vectors: (n, d) float32 unit rows.
        images_per_second: Throughput from file to vector, without the time to load the model.
    """

    classes: list[str]
    truth: np.ndarray
    vectors: np.ndarray
    images_per_second: float


def embed_folder(
    folder: Path, encoder: Encoder, progress: Callable[[int, int], None] | None = None
) -> Photographs:
    """Embed all images of a folder of class folders.

    Args:
        folder: Folder with one subfolder of images per class.
        encoder: Encoder of the images.
        progress: Called with (images done, images in all).

    Raises:
        InputError: The folder has no class folders with readable images.
    """
    files = class_files(folder)
    encoder.embed_images(files[:1])  # loads the model before the clock starts
    start = time.perf_counter()
    embedded = encoder.embed_images(files, progress)
    seconds = time.perf_counter() - start
    good = [row for row in range(len(files)) if row not in embedded.errors]
    if not good:
        raise InputError(f"None of the {len(files)} images in {folder} can be read: give another folder.")
    classes, truth = np.unique([files[row].parent.name for row in good], return_inverse=True)
    return Photographs(classes.tolist(), truth, embedded.vectors[good], len(files) / seconds)


def class_files(folder: Path) -> list[Path]:
    """Paths of the images in the class folders of a folder.

    Raises:
        InputError: There are none.
    """
    readable = Image.registered_extensions()
    files = sorted(path for path in folder.expanduser().glob("*/*") if path.suffix.lower() in readable)
    if not files:
        raise InputError(f"{folder} holds no images: give a folder with one folder of images per class.")
    return files
