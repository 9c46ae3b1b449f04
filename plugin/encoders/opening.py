"""Anything image-like as an upright 8-bit RGB image.

Only regular files are opened, and large images wait for one another instead of filling the memory.
"""

import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from ..wording import readable
from .crops import ImageCrop
from .depth import DEEP_MODES, to_8_bit
from .memory import MemoryBudget

ImageLike = str | os.PathLike[str] | ImageCrop | Image.Image | np.ndarray

DIGEST = "file_digest"
"""Where the `info` of an opened image has the digest of the bytes that it was decoded from."""

DECODING = MemoryBudget(1 << 30)
BYTES_PER_PIXEL = 8
"""What an image takes while it is decoded and converted; Pillow keeps RGB in 4 bytes."""

_CHUNK_BYTES = 1 << 20
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation in EXIF → how to put the image upright."""


def open_image(image: ImageLike, decoded_side: int | None = None) -> Image.Image:
    """Open anything image-like as an upright 8-bit RGB image.

    Transparent pixels become white, and images of more than 8 bits a pixel are shown as `to_8_bit` says. An
    animation gives its first frame. The `info` of the image of a file has its digest, see `file_digest`.

    Args:
        image: A path, a crop, a PIL image, or an array of shape (height, width[, channels]).
        decoded_side: If given, a file may be decoded at a fraction of its size, as long as no side gets
            shorter than this; for a JPEG of 12 megapixels that takes a quarter of the time, and for any
            large image a fraction of the memory. Crops are always cut from the full size: small ones need
            it.

    Raises:
        OSError: The file is missing, is not a regular file, or is not an image that Pillow can read.
        TypeError: The array's shape or dtype is not that of an image.
        ValueError: The pixels are not finite numbers, or no part of a crop is in its image.
    """
    if isinstance(image, ImageCrop):
        return image.cut(open_image(image.path))
    if isinstance(image, Image.Image):
        upright = _upright_rgb(image)
        upright = upright.copy() if upright is image else upright
        upright.info = {}
        return upright
    if isinstance(image, np.ndarray):
        single_channel = image.ndim == 3 and image.shape[2] == 1
        return _upright_rgb(Image.fromarray(image[..., 0] if single_channel else image))
    with _regular_file(image) as file, DECODING.hold(_bytes_to_decode(file, decoded_side)):
        file.seek(0)
        return _decoded(file.read(), decoded_side)


def file_digest(path: str | os.PathLike[str]) -> bytes:
    """Digest of the content of a regular file.

    Raises:
        OSError: The file is missing or is not a regular file.
    """
    with _regular_file(path) as file:
        return _digest(iter(partial(file.read, _CHUNK_BYTES), b""))


def upright_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Width and height in pixels of an image file as it is shown, upright; the pixels are not read.

    Raises:
        OSError: The file is missing, is not a regular file, or is not an image that Pillow can read.
    """
    with _regular_file(path) as file, _opened(file) as image:
        return image.size[::-1] if _orientation(image) in (5, 6, 7, 8) else image.size


def file_of(image: ImageLike) -> str | None:
    """Path of the file that an image or a crop is in, None without one."""
    if isinstance(image, ImageCrop):
        return image.path
    return os.fspath(image) if isinstance(image, str | os.PathLike) else None


def name_of(image: ImageLike) -> str:
    """What to call an image in a sentence."""
    file = file_of(image)
    if file is None:
        return "the given image"
    return f"an object in {readable(file)}" if isinstance(image, ImageCrop) else readable(file)


def _regular_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file; to open a pipe may wait for ever, and a device may do anything."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("it is not a regular file")
    return open(path, "rb")


def _bytes_to_decode(file: BinaryIO, decoded_side: int | None) -> int:
    """Memory for a file and its pixels; a progressive JPEG keeps those of its full size."""
    with _opened(file) as image:
        if decoded_side and "progressive" not in image.info:
            image.draft(None, (decoded_side, decoded_side))
        return os.fstat(file.fileno()).st_size + BYTES_PER_PIXEL * image.width * image.height


def _decoded(data: bytes, decoded_side: int | None) -> Image.Image:
    with _opened(io.BytesIO(data)) as image:
        if decoded_side:
            image.draft(None, (decoded_side, decoded_side))
        upright = _upright_rgb(image, decoded_side)
    # The old ones speak of the image as it was, and may be damaged: libraries would turn it once more.
    upright.info = {DIGEST: _digest([data])}
    return upright


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Image.Image]:
    """Open an image without reading its pixels.

    Raises:
        OSError: It is not an image that Pillow can read.
    """
    start = file.read(12)
    is_heif = start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS
    if is_heif:
        _register_heif()
    try:
        with Image.open(file) as image:
            yield image
    except UnidentifiedImageError as error:
        what = "a HEIC image: install pillow-heif to read it" if is_heif else "not an image that can be read"
        raise OSError(f"it is {what}") from error


@cache
def _register_heif() -> None:
    """Let Pillow read HEIC where the package for that is installed."""
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()


def _digest(chunks: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256(b"file")
    for chunk in chunks:
        digest.update(chunk)
    return digest.digest()


def _orientation(image: Image.Image) -> int:
    """Orientation by EXIF, 1 where there is none or it is damaged: the pixels are good all the same.

    What stands behind the pixels of a PNG does not count, as it does not in browsers: Pillow's own method
    would decode them all to look for it.
    """
    if image.format == "TIFF":  # Pillow turns those itself
        return 1
    try:
        return Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # every kind of damage raises its own
        return 1


def _upright_rgb(image: Image.Image, least_side: int | None = None) -> Image.Image:
    """The same image if there is nothing to change."""
    turn = _TURNS.get(_orientation(image))
    image.load()
    if image.mode in DEEP_MODES:
        image = to_8_bit(image)
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    factor = min(image.size) // least_side if least_side else 1
    if factor > 1:
        image = image.reduce(factor)
    if turn is not None:
        image = image.transpose(turn)
    if mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")
