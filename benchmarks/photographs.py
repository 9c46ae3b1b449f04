"""Folders of class folders, embedded: what the benchmarks on real images start from.

The name of the folder that an image lies in is its true class.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fiftyone_autolabel.plugin.demo import demo_photos
from fiftyone_autolabel.plugin.encoders.base import Encoder
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from PIL import Image


@dataclass(frozen=True)
class Photographs:
    """The readable images of a folder.

    Attributes:
        classes: (k,) class names, in alphabetical order.
        truth: (n,) true class numbers.
        vectors: (n, d) float32 unit rows.
        images_per_second: From the file to the vector, the loading of the model left out.
    """

    classes: list[str]
    truth: np.ndarray
    vectors: np.ndarray
    images_per_second: float


def embed_folder(folder: Path, encoder: Encoder) -> Photographs:
    """Embed all images of a folder of class folders."""
    readable = Image.registered_extensions()
    files = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in readable)
    if not files:
        raise SystemExit(f"{folder} holds no images: give a folder with one folder of images per class.")
    encoder.embed_images(files[:1])  # loads the model before the clock starts
    start = time.perf_counter()
    embedded = encoder.embed_images(files)
    seconds = time.perf_counter() - start
    good = [row for row in range(len(files)) if row not in embedded.errors]
    classes, truth = np.unique([files[row].parent.name for row in good], return_inverse=True)
    return Photographs(classes.tolist(), truth, embedded.vectors[good], len(files) / seconds)


def demo_folder() -> Path:
    """The folder of the demo's photos, made if need be."""
    folder = default_cache_folder() / "demo"
    demo_photos(folder)
    return folder
