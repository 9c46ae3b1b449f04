"""Vectors are computed once: a cache around any encoder, and the folder where it lives.

An image is known by its content, a crop also by its place in it: to move or copy files costs nothing.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from .base import (
    DECODING_THREADS,
    Encoder,
    ImageEmbeddings,
    ImageLike,
    KnowsNames,
    Progress,
    open_image,
)
from .crops import ImageCrop, are_of_one_file
from .vector_store import VectorStore

CACHE_FOLDER_VARIABLE = "FIFTYONE_AUTOLABEL_CACHE"

# Part of every key: raise it when `open_image` begins to show the models other pixels.
PIXELS_VERSION = "1"

_CHUNK_BYTES = 1 << 20


def default_cache_folder() -> Path:
    """The folder named by FIFTYONE_AUTOLABEL_CACHE, else the operating system's cache folder for us."""
    named = os.environ.get(CACHE_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("fiftyone-autolabel", appauthor=False)


class CachedEncoder:
    """An encoder that remembers on disk what another one computed.

    Vectors are kept batch by batch, so that an interrupted run continues where it stopped. Failures are
    not kept. Equal images are embedded once. Without a folder to write to it warns once and only embeds.

    Attributes:
        encoder: The encoder that computes what is not known yet.
    """

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        """Wrap an encoder.

        Args:
            encoder: Its `name` and `version` decide which vectors it may share with earlier runs.
            folder: Where the cache lives; `default_cache_folder()` if None.
        """
        self.encoder = encoder
        self.name = encoder.name
        self.version = encoder.version
        self.dimension = encoder.dimension
        self.logit_scale = encoder.logit_scale
        self.prompt_templates = encoder.prompt_templates
        if isinstance(encoder, KnowsNames):
            self.name_reliability, self.nearest_names = encoder.name_reliability, encoder.nearest_names
        path = (folder or default_cache_folder()) / "vectors" / _file_name(encoder)
        self._store = VectorStore(path, encoder.dimension)
        # Several batches at once, so that the encoder can decode one while it computes another.
        self._chunk_size = 8 * getattr(encoder, "batch_size", 32)

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images, computing only what no earlier run computed.

        Args:
            images: Paths, crops, PIL images or arrays, as for `BatchEncoder.embed_images`.
            progress: Called with (images done, images in all); a known image counts as done.

        Returns:
            Unit rows in the order of `images`, with the reason for each image that has none.
        """
        vectors = np.zeros((len(images), self.dimension), np.float32)
        errors: dict[int, str] = {}
        for rows in self._chunks(images):
            start, chunk = rows.start, [images[row] for row in rows]

            def report(done: int, start: int = start) -> None:
                if progress:
                    progress(start + done, len(images))

            part = self._embed_chunk(chunk, report)
            vectors[start : start + len(chunk)] = part.vectors
            errors |= {start + row: error for row, error in part.errors.items()}
            report(len(chunk))
        return ImageEmbeddings(vectors, errors)

    def unknown_texts(self, texts: Sequence[str]) -> list[str]:
        """The texts that no earlier run computed."""
        keys = _text_keys(texts)
        known = self._store.get(keys)
        return [text for key, text in zip(keys, texts, strict=True) if key not in known]

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as (k, d) float32 unit rows, computing only what no earlier run computed."""
        keys = _text_keys(texts)
        known = self._store.get(keys)
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if unknown:
            computed = dict(zip(unknown, self.encoder.embed_texts(list(unknown.values())), strict=True))
            self._store.put(computed)
            known |= computed
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dimension), np.float32)

    def _chunks(self, images: Sequence[ImageLike]) -> Iterator[range]:
        """Rows of the images, so many at a time, but all crops of a file together: it is opened once."""
        start = 0
        while start < len(images):
            end = min(start + self._chunk_size, len(images))
            while end < len(images) and are_of_one_file(images[end - 1], images[end]):
                end += 1
            yield range(start, end)
            start = end

    def _embed_chunk(self, images: list[ImageLike], report: Callable[[int], None]) -> ImageEmbeddings:
        keys = _image_keys(images)
        vectors = self._store.get(list({*keys} - {None}))
        unknown = {key: row for row, key in enumerate(keys) if key and key not in vectors}
        already_known = sum(key in vectors for key in keys)
        result = ImageEmbeddings(np.zeros((len(images), self.dimension), np.float32), {})
        self._compute(images, list(unknown.values()), result, lambda done, _: report(already_known + done))
        fresh = {key: result.vectors[row] for key, row in unknown.items() if row not in result.errors}
        self._store.put(fresh)
        vectors |= fresh
        for row, key in enumerate(keys):
            if key in vectors:
                result.vectors[row] = vectors[key]
        # Those without a key, and those equal to an image that failed, whose error names only that image.
        remaining = [row for row, key in enumerate(keys) if key not in vectors and row not in result.errors]
        self._compute(images, remaining, result)
        return result

    def _compute(
        self,
        images: list[ImageLike],
        rows: list[int],
        result: ImageEmbeddings,
        progress: Progress | None = None,
    ) -> None:
        """Write the vectors and the errors of some of the images into their rows of the result."""
        computed = self.encoder.embed_images([images[row] for row in rows], progress)
        result.vectors[rows] = computed.vectors
        result.errors.update({rows[i]: error for i, error in computed.errors.items()})


def _file_name(encoder: Encoder) -> str:
    identity = f"{encoder.name}\n{encoder.version}\n{PIXELS_VERSION}"
    readable = re.sub(r"[^\w.-]+", "-", encoder.name)[-60:].strip("-.")
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.sqlite3"


def _text_keys(texts: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(b"text" + text.encode()).digest() for text in texts]


def _image_keys(images: Sequence[ImageLike]) -> list[bytes | None]:
    """Digests of what the images show, None for those that cannot be read; a file of crops is read once."""
    files = {image.path for image in images if isinstance(image, ImageCrop)}
    with ThreadPoolExecutor(DECODING_THREADS) as pool:
        of_file = dict(zip(files, pool.map(partial(_image_key, {}), files), strict=True))
        return list(pool.map(partial(_image_key, of_file), images))


def _image_key(of_file: dict[str, bytes | None], image: ImageLike) -> bytes | None:
    """Digest of a file's bytes, of those and a region, or of the upright RGB pixels of anything else."""
    try:
        if isinstance(image, ImageCrop):
            return _crop_key(of_file[image.path], image)
        return _pixels_key(image) if isinstance(image, Image.Image | np.ndarray) else _file_key(image)
    except Exception:  # whatever is wrong with the image, the encoder will report it
        return None


def _crop_key(file: bytes | None, crop: ImageCrop) -> bytes | None:
    return file and hashlib.sha256(file + f"crop {crop.region}".encode()).digest()


def _file_key(path: str | os.PathLike[str]) -> bytes:
    digest = hashlib.sha256(b"file")
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()


def _pixels_key(image: Image.Image | np.ndarray) -> bytes:
    upright = open_image(image)
    digest = hashlib.sha256(f"pixels {upright.size}".encode())
    digest.update(upright.tobytes())
    return digest.digest()
