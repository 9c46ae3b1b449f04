"""The protocol that every encoder speaks, and the batching that they share.

A subclass of `BatchEncoder` says how one image becomes an array and how a batch becomes vectors.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps

from ..engine.vectors import unit_rows

ImageLike = str | os.PathLike[str] | Image.Image | np.ndarray
Progress = Callable[[int, int], None]

DECODING_THREADS = 4


@dataclass(frozen=True)
class ImageEmbeddings:
    """Vectors of a list of images, and what went wrong with those that have none.

    Attributes:
        vectors: (n, d) float32 unit rows in the order of the images; zeros where an image failed.
        errors: row of a failed image → one sentence that names the image and the reason.
    """

    vectors: np.ndarray
    errors: dict[int, str]


class Encoder(Protocol):
    """Two towers into one space: `embed_images(a) @ embed_texts(b).T` are cosines.

    Attributes:
        name: What the user asked for, with the model, e.g. "openclip:ViT-B-32/openai".
        version: Changes whenever the vectors would; part of the cache key.
        dimension: Length d of the vectors.
        logit_scale: Factor from cosine to logit that the model was trained with, None if it has none.
        prompt_templates: Templates with one `{}` for a class name that suit the text tower.
    """

    name: str
    version: str
    dimension: int
    logit_scale: float | None
    prompt_templates: tuple[str, ...]

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images; a bad image costs only itself. `progress(done, total)` is called per batch."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as (k, d) float32 unit rows."""


class BatchEncoder(ABC):
    """An encoder that runs batch by batch while the next batch is being decoded in threads."""

    batch_size: int = 32

    @abstractmethod
    def preprocess(self, image: Image.Image) -> np.ndarray:
        """Turn one RGB image into the model's input array."""

    @abstractmethod
    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        """Run the image tower on (b, …) stacked inputs and return (b, d) vectors of any length."""

    @abstractmethod
    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Run the text tower on one batch and return (b, d) vectors of any length."""

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images batch by batch.

        Args:
            images: Paths, PIL images, or (height, width[, 3 or 4]) uint8 arrays.
            progress: Called with (images done, images in all) after every batch.

        Returns:
            Unit rows in the order of `images`, with the reason for each image that has none.
        """
        vectors = np.zeros((len(images), self.dimension), np.float32)
        errors: dict[int, str] = {}
        for rows, inputs in self._decoded_batches(images):
            good = [i for i, item in enumerate(inputs) if not isinstance(item, Exception)]
            errors |= {
                rows[i]: _describe_failure(images[rows[i]], item)
                for i, item in enumerate(inputs)
                if isinstance(item, Exception)
            }
            if good:
                batch = np.stack([inputs[i] for i in good])
                vectors[[rows[i] for i in good]] = unit_rows(self.forward_images(batch))
            if progress:
                progress(rows[-1] + 1, len(images))
        return ImageEmbeddings(vectors, errors)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts batch by batch as (k, d) float32 unit rows."""
        texts = list(texts)
        batches = [texts[i : i + self.batch_size] for i in range(0, len(texts), self.batch_size)]
        if not batches:
            return np.zeros((0, self.dimension), np.float32)
        return unit_rows(np.concatenate([self.forward_texts(batch) for batch in batches]))

    def _decoded_batches(self, images: Sequence[ImageLike]) -> Iterator[tuple[range, list]]:
        """Yield (rows, inputs or exceptions) per batch, decoding one batch ahead."""
        batches = [
            range(start, min(start + self.batch_size, len(images)))
            for start in range(0, len(images), self.batch_size)
        ]
        with ThreadPoolExecutor(DECODING_THREADS) as pool:

            def submit(rows: range) -> list[Future]:
                return [pool.submit(self._load, images[row]) for row in rows]

            upcoming = submit(batches[0]) if batches else []
            for rows, following in zip(batches, [*batches[1:], range(0)], strict=True):
                current, upcoming = upcoming, submit(following)
                yield rows, [future.exception() or future.result() for future in current]

    def _load(self, image: ImageLike) -> np.ndarray:
        return self.preprocess(open_image(image))


def open_image(image: ImageLike) -> Image.Image:
    """Open anything image-like as an upright RGB image.

    Raises:
        OSError: The file is missing or is no image that Pillow can read.
        ValueError: The array is not an image.
    """
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    elif not isinstance(image, Image.Image):
        image = Image.open(image)
    return ImageOps.exif_transpose(image).convert("RGB")


def _describe_failure(image: ImageLike, error: Exception) -> str:
    source = os.fspath(image) if isinstance(image, str | os.PathLike) else "the given image"
    return f"Cannot read {source}: {error}"
