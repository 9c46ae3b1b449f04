"""Parts of images: a box in an image file, and reading the file once for all of its boxes.

A box is cut from the image as the App shows it, upright.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from ..engine.errors import InputError

MARGIN = 0.1
"""What is shown around a box by default, as a share of its width and height on every side."""


def check_margin(margin: float) -> None:
    """Check what is to be shown around objects.

    Raises:
        InputError: It is not a share.
    """
    if not 0 <= margin <= 1:
        raise InputError(f"The margin is a share of the box from 0 to 1, not {margin!r}.")


@dataclass(frozen=True)
class ImageCrop:
    """A box in an image file.

    Attributes:
        path: The file.
        box: (left, top, width, height) as shares of the width and height of the image; what lies outside the
            image is left out.
        margin: What is added on every side, as a share of the box's width or height.
    """

    path: str
    box: tuple[float, float, float, float]
    margin: float = 0.0

    @property
    def region(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) with the margin, in [0, 1].

        Raises:
            ValueError: No part of the box is in the image.
        """
        left, top, width, height = self.box
        if not all(map(math.isfinite, self.box)) or width <= 0 or height <= 0:
            raise ValueError("its box has no area")
        if left >= 1 or top >= 1 or left + width <= 0 or top + height <= 0:
            raise ValueError("its box lies outside the image")
        wide, high = self.margin * width, self.margin * height
        corners = (left - wide, top - high, left + width + wide, top + height + high)
        return tuple(min(max(corner, 0.0), 1.0) for corner in corners)

    def cut(self, image: Image.Image) -> Image.Image:
        """Cut the region, at least one pixel, out of the whole image.

        Raises:
            ValueError: No part of the box is in the image.
        """
        left, top, right, bottom = self.region
        columns, rows = _pixels(left, right, image.width), _pixels(top, bottom, image.height)
        return image.crop((columns[0], rows[0], columns[1], rows[1]))


class SharedImage:
    """An image that is opened when its first crop is asked for, and closed after its last."""

    def __init__(self, open_whole: Callable[[], Image.Image], crops: int) -> None:
        """Promise a number of crops; nothing is opened yet.

        Args:
            open_whole: Opens the image.
            crops: How often `cut` will be called, by whatever threads.
        """
        self._open, self._left = open_whole, crops
        self._whole: Image.Image | None = None
        self._error: Exception | None = None
        self._lock = threading.Lock()

    def cut(self, crop: ImageCrop) -> Image.Image:
        """Return the next crop.

        Raises:
            Exception: What opening the image raised, or `ImageCrop.cut`.
        """
        with self._lock:
            whole = self._opened()
            self._left -= 1
            if not self._left:
                self._whole = None
        return crop.cut(whole)

    def _opened(self) -> Image.Image:
        if self._error:
            raise self._error
        if self._whole is None:
            try:
                self._whole = self._open()
            except Exception as error:  # every kind of damage raises its own
                self._error = error
                raise
        return self._whole


def are_of_one_file(one: object, other: object) -> bool:
    """Whether two images are crops of the same file."""
    return isinstance(one, ImageCrop) and isinstance(other, ImageCrop) and one.path == other.path


def _pixels(start: float, end: float, size: int) -> tuple[int, int]:
    """First pixel of a stretch, and the one after its last."""
    first = min(round(start * size), size - 1)
    return first, max(round(end * size), first + 1)
