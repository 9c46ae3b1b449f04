"""The protocol that every encoder speaks, and the batching that they share.

A subclass of `BatchEncoder` says how one image becomes an array and how a batch becomes vectors.
"""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from ..engine.display import Displayed
from ..engine.rows import Matrix
from ..engine.vectors import unit_rows
from .crops import ImageCrop, SharedImage, are_of_one_file
from .lookup import reason
from .opening import DIGEST, ImageLike, name_of, open_image

Progress = Callable[[int, int], None]

DECODING_THREADS = min(16, max(4, os.cpu_count() or 4))

logger = logging.getLogger("fiftyone_autolabel")


@dataclass(frozen=True, repr=False)
class ImageEmbeddings(Displayed):
    """Vectors of a list of images, and what went wrong with those that have none.

    Attributes:
        vectors: (n, d) float32 unit rows in the order of the images; zeros where an image failed.
        errors: row of a failed image → one sentence that names the image and the reason.
        digests: row of the image of a file, or of a crop → digest of the file as it was decoded, see
            `opening.file_digest`. An encoder that cannot tell leaves it out.
    """

    vectors: Matrix
    errors: dict[int, str]
    digests: dict[int, bytes] = field(default_factory=dict)


class ImageTower(Protocol):
    """Images to vectors, which need not share a space with any text.

    Attributes:
        name: What the user asked for, with the model, e.g. "openclip:ViT-B-32/openai".
        version: Changes whenever the vectors would; part of the cache key.
        dimension: Length d of the vectors.
    """

    name: str
    version: str
    dimension: int

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images; a bad image costs only itself. `progress(done, total)` is called per batch."""


class Encoder(ImageTower, Protocol):
    """Two towers into one space: `embed_images(a) @ embed_texts(b).T` are cosines.

    Attributes:
        logit_scale: Factor from cosine to logit that the model was trained with, None if it has none. It is
            recorded for users and sets nothing by itself: 1 / logit_scale is the natural `temperature` of
            `method="prototype"`.
        prompt_templates: Templates with one `{}` for a class name that suit the text tower.
    """

    logit_scale: float | None
    prompt_templates: tuple[str, ...]

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as (k, d) float32 unit rows."""


@runtime_checkable
class KnowsNames(Protocol):
    """What an encoder has beside if its text tower can tell which names it knows; CLIP's cannot."""

    def name_reliability(self, texts: Sequence[str]) -> np.ndarray:
        """Chance that images of a class are recognised by its name, that of a lucky guess left out.

        Args:
            texts: k names or descriptions.

        Returns:
            (k,) float32 in [0, 1]; among m classes, ρ means that ρ + (1 − ρ)/m of the images are recognised.
        """

    def nearest_names(self, texts: Sequence[str]) -> list[str]:
        """The name that the text tower knows and takes each of k texts for."""


class BatchEncoder(ABC):
    """An encoder that runs batch by batch while the next batch is being decoded in threads.

    A subclass sets the attributes of `Encoder` and implements the three abstract methods.
    """

    name: str
    version: str
    dimension: int
    logit_scale: float | None = None
    prompt_templates: tuple[str, ...] = ("{}",)
    batch_size: int = 32
    # Twice the 336 pixels of the larger models: what a JPEG is decoded beyond that, resizing throws away.
    decoded_side: int = 672

    @abstractmethod
    def preprocess(self, image: Image.Image) -> Any:
        """Turn one RGB image into the model's input, usually an array."""

    @abstractmethod
    def forward_images(self, batch: Any) -> np.ndarray:
        """Run the image tower on what `collate` returned and return (b, d) vectors of any length."""

    @abstractmethod
    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Run the text tower on one batch and return (b, d) vectors of any length."""

    def collate(self, inputs: list[Any]) -> Any:
        """Join the inputs of a batch into what `forward_images` takes: by default a (b, …) array."""
        return np.stack(inputs)

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images batch by batch.

        A batch on which the model fails, say for want of memory, is run again image by image, and each
        image that fails alone is an error of that image. To tell a model that is broken from images that it
        cannot take, a plain grey image goes first.

        Args:
            images: Paths, crops, PIL images, or (height, width[, 3 or 4]) uint8 arrays. A file is opened
                once for all of its crops that follow one another.
            progress: Called with (images done, images in all) after every batch.

        Returns:
            Unit rows in the order of `images`, with the reason for each image that has none.

        Raises:
            Exception: What the model raises where it fails on a batch and on the plain image too.
        """
        result = ImageEmbeddings(np.zeros((len(images), self.dimension), np.float32), {})
        for rows, inputs in self._decoded_batches(images, result.digests):
            failures = self._embed_batch(rows, inputs, result.vectors)
            result.errors.update((row, _describe_failure(images[row], failures[row])) for row in failures)
            if progress:
                progress(rows.stop, len(images))
        return result

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts batch by batch as (k, d) float32 unit rows."""
        texts = list(texts)
        batches = [texts[i : i + self.batch_size] for i in range(0, len(texts), self.batch_size)]
        if not batches:
            return np.zeros((0, self.dimension), np.float32)
        return unit_rows(np.concatenate([self.forward_texts(batch) for batch in batches]))

    def _decoded_batches(
        self, images: Sequence[ImageLike], digests: dict[int, bytes]
    ) -> Iterator[tuple[range, list]]:
        """Yield (rows, inputs or exceptions) per batch, decoding one batch ahead; note digests by row."""
        starts = range(0, len(images), self.batch_size)
        batches = [range(start, min(start + self.batch_size, len(images))) for start in starts]
        shared = _shared_images(images)

        def load(row: int) -> Any:
            whole = shared.pop(row, None)
            opened = whole.cut(images[row]) if whole else open_image(images[row], self.decoded_side)
            if DIGEST in opened.info:
                digests[row] = opened.info[DIGEST]
            return self.preprocess(opened)

        with ThreadPoolExecutor(DECODING_THREADS) as pool:

            def submit(rows: range) -> list[Future]:
                return [pool.submit(load, row) for row in rows]

            upcoming = submit(batches[0]) if batches else []
            for position, rows in enumerate(batches):
                current = upcoming
                upcoming = submit(batches[position + 1]) if position + 1 < len(batches) else []
                yield rows, [future.exception() or future.result() for future in current]

    def _embed_batch(self, rows: range, inputs: list[Any], vectors: np.ndarray) -> dict[int, Exception]:
        """Write the vectors of one batch into their rows, and return the failure of every other row."""
        failed = {row: item for row, item in zip(rows, inputs, strict=True) if isinstance(item, Exception)}
        decoded = [row for row in rows if row not in failed]
        outcomes = self._outcomes([inputs[row - rows.start] for row in decoded])
        embedded = dict(zip(decoded, outcomes, strict=True))
        failed |= {row: item for row, item in embedded.items() if isinstance(item, Exception)}
        good = [row for row in decoded if row not in failed]
        if good:
            vectors[good] = unit_rows(np.stack([embedded[row] for row in good]))
        return failed

    def _outcomes(self, inputs: list[Any]) -> list[np.ndarray | Exception]:
        """Return the vector or the failure of each input."""
        if not inputs:
            return []
        try:
            return self._forward(inputs)
        except Exception as error:  # torch, onnxruntime and CUDA each have their own
            logger.info(
                "The model fails on a batch of %d (%s); it is run image by image.", len(inputs), reason(error)
            )
        # Not in the handler: the error would keep the memory of the whole batch alive.
        self._forward([self.preprocess(Image.new("RGB", (64, 64), "grey"))])
        return [self._outcome_alone(item) for item in inputs]

    def _outcome_alone(self, item: Any) -> np.ndarray | Exception:
        try:
            return self._forward([item])[0]
        except Exception as error:
            return RuntimeError(f"the model fails on it ({reason(error)})")

    def _forward(self, inputs: list[Any]) -> list[np.ndarray | Exception]:
        raw = np.asarray(self.forward_images(self.collate(inputs)))
        no_vector = ValueError("the model returned no finite vector for it, or all zeros")
        return [vector if np.isfinite(vector).all() and vector.any() else no_vector for vector in raw]


def _shared_images(images: Sequence[ImageLike]) -> dict[int, SharedImage]:
    """Row of every crop → the image that it shares with the crops of the same file before and after it."""
    shared: dict[int, SharedImage] = {}
    ends = [row for row, pair in enumerate(pairwise(images), 1) if not are_of_one_file(*pair)]
    for start, end in pairwise([0, *ends, len(images)]):
        if start < end and isinstance(images[start], ImageCrop):
            whole = SharedImage(partial(open_image, images[start].path), end - start)
            shared |= dict.fromkeys(range(start, end), whole)
    return shared


def _describe_failure(image: ImageLike, error: Exception) -> str:
    return f"Cannot read {name_of(image)}: {reason(error)}"
