"""Images of more than 8 bits a pixel, shown in 8 bits as a person would want to see them.

Sensors rarely fill the whole range, and Pillow would clip all above 255 to white.
"""

import numpy as np
from PIL import Image

DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's names for pixels of 16 bits, whole numbers of 32 bits, and floating-point numbers."""

STEPS = (1, 256, 257)
"""Factors by which programs turn 8 bits into 16."""

SCALES = (1.0, 65_535.0)
"""White in images of fractions, and in those of 16 bits."""

LEAST_USED = 0.25
"""Share of its range that an image uses at least; what uses less was stored in a range made for more."""

PERCENTILES = (0.5, 99.5)
"""What becomes black and white: a hot or a dead pixel beyond them changes nothing."""

SAMPLED_SIDE = 1024
"""Rows and columns, about, that are looked at for the percentiles."""


def to_8_bit(image: Image.Image) -> Image.Image:
    """Show an image of `DEEP_MODES` in 8 bits.

    What was made from 8 bits becomes the same again, and what fills the range of its kind is scaled by that
    range. All else is stretched between two percentiles. Pixels that are not numbers become black.

    Raises:
        ValueError: No pixel is a finite number.
    """
    pixels = np.asarray(image)
    black, white = _range_of_8_bits(pixels) or _range_of_percentiles(pixels)
    grey = pixels.astype(np.float32)
    grey -= black
    grey *= 255 / max(white - black, 1e-12)
    np.nan_to_num(grey, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    np.clip(grey, 0, 255, out=grey)
    return Image.fromarray(np.rint(grey, out=grey).astype(np.uint8))


def _range_of_8_bits(pixels: np.ndarray) -> tuple[float, float] | None:
    """Black and white of pixels that were 8 bits once, None of others."""
    darkest, lightest = pixels.min(), pixels.max()
    for step in STEPS:
        is_inside = darkest >= 0 and LEAST_USED * 255 < lightest <= 255 * step
        if is_inside and (pixels % step == 0).all():
            return 0.0, 255.0 * step
    return None


def _range_of_percentiles(pixels: np.ndarray) -> tuple[float, float]:
    """Black and white of deep pixels: those of their kind if they fill its range, else percentiles."""
    every = max(1, min(pixels.shape) // SAMPLED_SIDE)
    some = pixels[::every, ::every]
    finite = some[np.isfinite(some)]
    if not finite.size:
        raise ValueError("its pixels are not finite numbers")
    black, white = np.percentile(finite, PERCENTILES)
    for scale in SCALES:
        if black >= 0 and white <= scale and white - black > LEAST_USED * scale:
            return 0.0, scale
    return float(black), float(white)
