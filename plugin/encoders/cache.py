"""Vectors are computed once: a cache around any encoder, and the folder where it lives.

An image is known by its content, a crop also by its place in it: to move or copy files costs nothing.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from .base import DECODING_THREADS, Encoder, ImageEmbeddings, KnowsNames, Progress
from .crops import ImageCrop, are_of_one_file
from .opening import ImageLike, file_digest, file_of, open_image
from .vector_store import VectorStore

CACHE_FOLDER_VARIABLE = "FIFTYONE_AUTOLABEL_CACHE"

# Part of every key: raise it when `open_image` begins to show the models other pixels.
PIXELS_VERSION = "2"


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

    def release(self) -> None:
        """End the workers of an encoder on Ray; any other encoder has none."""
        getattr(self.encoder, "release", lambda: None)()

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
        unknown = list({key: row for row, key in enumerate(keys) if key and key not in vectors}.values())
        already_known = sum(key in vectors for key in keys)
        result = ImageEmbeddings(np.zeros((len(images), self.dimension), np.float32), {})
        self._compute(images, unknown, result, lambda done, _: report(already_known + done))
        fresh = {}
        for row, key in _keys_as_decoded(images, keys, unknown, result).items():
            keys[row] = key
            if key:
                fresh[key] = result.vectors[row]
        self._store.put(fresh)
        vectors |= fresh
        for row, key in enumerate(keys):
            if key in vectors:
                result.vectors[row] = vectors[key]
        # Those without a key, and those equal to an image that failed, whose error names only that image.
        remaining = [row for row in sorted({*range(len(keys))} - {*unknown}) if keys[row] not in vectors]
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
        result.digests.update({rows[i]: digest for i, digest in computed.digests.items()})


def _file_name(encoder: Encoder) -> str:
    identity = f"{encoder.name}\n{encoder.version}\n{PIXELS_VERSION}"
    readable = re.sub(r"[^\w.-]+", "-", encoder.name)[-60:].strip("-.")
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.sqlite3"


def _text_keys(texts: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(b"text" + text.encode()).digest() for text in texts]


def _keys_as_decoded(
    images: Sequence[ImageLike], keys: Sequence[bytes | None], rows: Sequence[int], computed: ImageEmbeddings
) -> dict[int, bytes | None]:
    """Row → key of what its vector is of, as a file may have been replaced since `keys` were made.

    Where the encoder does not tell what it decoded, the key is None if the file is not the same any more.
    """
    good = [row for row in rows if row not in computed.errors]
    now = _image_keys([images[row] for row in good], [computed.digests.get(row) for row in good])
    return {
        row: key if row in computed.digests or key == keys[row] else None
        for row, key in zip(good, now, strict=True)
    }


def _image_keys(
    images: Sequence[ImageLike], digests: Sequence[bytes | None] | None = None
) -> list[bytes | None]:
    """Keys of what images show, None for those that cannot be read; every file is read once.

    Args:
        images: n images.
        digests: (n,) digests of their files as far as they are known.
    """
    known = digests or [None] * len(images)
    files = {file_of(image) for image, digest in zip(images, known, strict=True) if digest is None} - {None}
    with ThreadPoolExecutor(DECODING_THREADS) as pool:
        of_file = dict(zip(files, pool.map(_digest, files), strict=True))

        def key(image: ImageLike, digest: bytes | None) -> bytes | None:
            return _image_key(image, digest or of_file.get(file_of(image)))

        return list(pool.map(key, images, known))


def _image_key(image: ImageLike, digest: bytes | None) -> bytes | None:
    """Digest of a file, of that and a region, or of the upright RGB pixels of anything else."""
    if not isinstance(image, ImageCrop | Image.Image | np.ndarray):
        return digest
    try:
        if isinstance(image, ImageCrop):
            return digest and hashlib.sha256(digest + f"crop {image.region}".encode()).digest()
        upright = open_image(image)
        return hashlib.sha256(f"pixels {upright.size}".encode() + upright.tobytes()).digest()
    except Exception:  # whatever is wrong with the image, the encoder will report it
        return None


def _digest(path: str) -> bytes | None:
    try:
        return file_digest(path)
    except (OSError, ValueError):  # ValueError: a null character; the encoder will report it
        return None
