"""Vectors that a person already has, from arrays or .npy files, behind the protocol of an encoder.

Nothing is computed; what cannot be right is refused before anything else begins.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..engine.errors import InputError
from ..engine.rows import Rows, computed
from ..engine.vectors import row_chunks, unit_rows
from .base import Encoder, ImageEmbeddings, Progress
from .lookup import fingerprint
from .opening import ImageLike, name_of

Vectors = np.ndarray | str | os.PathLike[str]

ROWS_PER_CHUNK = 65_536


class PrecomputedImages:
    """Image vectors in the order of the images.

    A .npy file stays on disk and is read in chunks; where it is large, whenever a chunk is needed.
    """

    name = "precomputed"

    def __init__(self, image_vectors: Vectors) -> None:
        """Check the vectors as far as that is possible without reading them all.

        Args:
            image_vectors: (n, d) numbers, one row per image, of any length; or a .npy file of them. A row
                of zeros or with NaN or infinity is an error of that image alone.

        Raises:
            InputError: A file cannot be read, or the vectors have a shape or type that cannot be.
        """
        self._images = matrix_of(image_vectors, "image vectors")
        self.dimension = self._images.shape[1]
        self.version = _version(image_vectors, self._images)

    @property
    def count(self) -> int:
        """Number n of vectors."""
        return len(self._images)

    def check_count(self, images: int) -> None:
        """Check that there is a vector for every image.

        Raises:
            InputError: There are not as many images as vectors.
        """
        if images != len(self._images):
            raise InputError(
                f"There are {images} images but {len(self._images)} image vectors; "
                "give one vector per image, in the same order."
            )

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Return the vector of every image; the images themselves are not opened.

        Raises:
            InputError: There are not as many images as vectors.
        """
        self.check_count(len(images))
        errors: dict[int, str] = {}
        for rows in row_chunks(len(images), ROWS_PER_CHUNK):
            unusable = _unusable(_as_float32(self._images[rows]))
            for row in np.flatnonzero(unusable) + rows.start:
                errors[int(row)] = _describe(images[row], row)
            if progress:
                progress(rows.stop, len(images))
        return ImageEmbeddings(computed(self.dimension, self._images, self._usable), errors)

    def _usable(self, rows: Rows) -> np.ndarray:
        """(m, d) float32 unit rows; zeros where a vector cannot be used."""
        raw = _as_float32(self._images[rows])
        raw[_unusable(raw)] = 0
        return unit_rows(raw)


class PrecomputedEncoder(PrecomputedImages):
    """Image vectors in the order of the images, beside text vectors or another encoder's text tower."""

    def __init__(self, image_vectors: Vectors, text: Vectors | Encoder) -> None:
        """Check that the vectors can belong together.

        Args:
            image_vectors: As for `PrecomputedImages`.
            text: (k, d) finite numbers, one row per class, none of them zero; or a .npy file of them; or
                the encoder whose image tower made the image vectors.

        Raises:
            InputError: A file cannot be read, or vectors have a shape, type, length or value that cannot be.
        """
        super().__init__(image_vectors)
        self._text = text if hasattr(text, "embed_texts") else _TextVectors(text)
        if self._text.dimension != self.dimension:
            raise InputError(
                f"The image vectors have {self.dimension} numbers each and the text vectors "
                f"{self._text.dimension}; take both from the same model."
            )
        self.version = f"{self.version} {self._text.version}"
        self.logit_scale = self._text.logit_scale
        self.prompt_templates = self._text.prompt_templates

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return the text vectors as (k, d) float32 unit rows, or those of the encoder given as `text`.

        Raises:
            InputError: There are not as many texts as vectors.
        """
        return self._text.embed_texts(texts)


class _TextVectors:
    """One given vector per class, in place of a text tower."""

    logit_scale = None
    prompt_templates = ("{}",)

    def __init__(self, vectors: Vectors) -> None:
        matrix = matrix_of(vectors, "text vectors")
        raw = _as_float32(matrix)
        unusable = np.flatnonzero(_unusable(raw))
        if len(unusable):
            raise InputError(
                f"The text vectors in the rows {unusable.tolist()} (from 0) are zero or not finite; "
                "give every class a vector."
            )
        self._vectors = unit_rows(raw)
        self.dimension = raw.shape[1]
        self.version = _version(vectors, matrix)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        if len(texts) != len(self._vectors):
            raise InputError(
                f"There are {len(texts)} class names but {len(self._vectors)} text vectors; "
                "give one vector per class, in the same order."
            )
        return self._vectors.copy()


def matrix_of(vectors: Vectors, what: str) -> np.ndarray:
    """The (n, d) real numbers of an array or a .npy file, which stays on disk.

    Raises:
        InputError: The file cannot be read, or the numbers have another shape or type; `what` names them.
    """
    is_file = isinstance(vectors, str | os.PathLike)
    matrix = _load(vectors, what) if is_file else _as_array(vectors, what)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InputError(f"The {what} have the shape {matrix.shape}; give one row of numbers for each.")
    if not (np.issubdtype(matrix.dtype, np.integer) or np.issubdtype(matrix.dtype, np.floating)):
        raise InputError(f"The {what} are of the type {matrix.dtype}; give real numbers.")
    return matrix


def _as_array(vectors: object, what: str) -> np.ndarray:
    try:
        return np.asarray(vectors)
    except ValueError as error:
        raise InputError(f"The {what} differ in length: give as many numbers for each.") from error


def _load(path: str | os.PathLike[str], what: str) -> np.ndarray:
    if not os.path.isfile(path):  # to open a pipe may wait for ever
        raise InputError(f"There is no file {os.fspath(path)} with {what}; check the path.")
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy runs Python's tokenizer on a damaged header
        raise InputError(
            f"The file {os.fspath(path)} with {what} cannot be read; "
            "save a plain array of numbers, and no Python objects, with numpy.save."
        ) from error
    if not isinstance(loaded, np.ndarray):
        raise InputError(f"The file {os.fspath(path)} holds several arrays; save the {what} alone as .npy.")
    return loaded


def _as_float32(matrix: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and that is reported
        return np.array(matrix, np.float32)


def _unusable(raw: np.ndarray) -> np.ndarray:
    return ~np.isfinite(raw).all(axis=1) | ~raw.any(axis=1)


def _describe(image: ImageLike, row: int) -> str:
    return f"Cannot use the vector of {name_of(image)}: row {row} of the image vectors is zero or not finite"


def _version(vectors: Vectors, matrix: np.ndarray) -> str:
    if isinstance(vectors, str | os.PathLike):
        return fingerprint(Path(vectors))
    return hashlib.sha256(np.ascontiguousarray(matrix)).hexdigest()[:12]
