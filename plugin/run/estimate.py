"""What a run would cost, from short measurements on this machine.

A few images go through the encoders, and vectors made up for it through the engine; nothing is kept.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..encoders.base import ImageLike
from ..encoders.cache import CachedEncoder
from ..encoders.precomputed import PrecomputedImages
from ..engine.config import Settings
from ..engine.refinement import bytes_needed, refine
from .embedding import Towers
from .inputs import Inputs
from .names import vocabulary

SAMPLED_IMAGES = 24
SAMPLED_TEXTS = 32
SAMPLED_VECTORS, SAMPLED_FOR_DENSITY = (750, 3_000), (1_500, 6_000)
"""Numbers of vectors that time is extrapolated from; that of HDBSCAN begins to grow later."""

NOISE = 1.0


@dataclass(frozen=True)
class Cost:
    """What a run is expected to cost.

    Attributes:
        images: Number of images.
        classes: Number of classes.
        encoder: Name of the encoder, "precomputed" for vectors that were given.
        settings: Settings of the run, with nothing left automatic.
        embed_seconds: Time to embed the images; those that the cache has take next to none of it.
        refine_seconds: Time to cluster and refine.
        suggest_seconds: Time to read names for clusters that fit no class; 0 where the cache has them.
        memory: Most bytes needed at a time, beside the encoders.
    """

    images: int
    classes: int
    encoder: str
    settings: Settings
    embed_seconds: float
    refine_seconds: float
    suggest_seconds: float
    memory: int

    @property
    def seconds(self) -> float:
        """Time of the whole run."""
        return self.embed_seconds + self.refine_seconds + self.suggest_seconds


def estimate_cost(towers: Towers, inputs: Inputs, images: Sequence[ImageLike]) -> Cost:
    """Measure what is needed to say what a run would cost.

    Args:
        towers: The encoders, past whose cache is measured; or vectors that were given.
        inputs: Classes, prompt templates and settings.
        images: n images.
    """
    n, k = len(images), len(inputs.classes)
    settings = inputs.settings.resolved(n, k)
    vectors = 4 * sum(tower.dimension for tower in towers.of_images)
    dimension = towers.of_images[-1].dimension
    return Cost(
        images=n,
        classes=k,
        encoder=towers.encoder.name,
        settings=settings,
        embed_seconds=_embed_seconds(towers, images),
        refine_seconds=refine_seconds(n, k, dimension, settings),
        suggest_seconds=0.0 if settings.clustering == "none" else _suggest_seconds(towers, inputs),
        memory=n * vectors + bytes_needed(n, dimension, k),
    )


def _embed_seconds(towers: Towers, images: Sequence[ImageLike]) -> float:
    """Time of all images, from some that are spread over them."""
    some = [images[row] for row in np.linspace(0, len(images) - 1, SAMPLED_IMAGES).astype(int)]
    seconds = 0.0
    for tower in towers.of_images:
        if isinstance(tower, PrecomputedImages):
            continue
        tower = tower.encoder if isinstance(tower, CachedEncoder) else tower
        tower.embed_images(some[:1])  # models load parts of themselves when they are first used
        start = time.perf_counter()
        tower.embed_images(some)
        seconds += time.perf_counter() - start
    return seconds * len(images) / len(some)


def _suggest_seconds(towers: Towers, inputs: Inputs) -> float:
    """Time to read the vocabulary, as far as the cache does not have it.

    A tower that cannot read it takes none: no names are suggested then.
    """
    tower = towers.text_encoder
    if tower is None:
        return 0.0
    texts = list(vocabulary(tower, inputs).values())
    if isinstance(tower, CachedEncoder):
        texts, tower = tower.unknown_texts(texts), tower.encoder
    some = texts[:SAMPLED_TEXTS]
    if not some:
        return 0.0
    try:
        tower.embed_texts(some[:1])
        start = time.perf_counter()
        tower.embed_texts(some)
    except Exception:  # one's own may know its classes only
        return 0.0
    return (time.perf_counter() - start) * len(texts) / len(some)


def refine_seconds(n: int, k: int, dimension: int, settings: Settings) -> float:
    """Time to cluster and refine, from that of two smaller numbers of images."""
    sizes = SAMPLED_FOR_DENSITY if settings.clustering == "hdbscan" else SAMPLED_VECTORS
    small, large = (min(n, size) for size in sizes)
    X, T = _made_up(large, k, dimension)
    first, second = (_seconds(X[:small], T, settings) for _ in range(2))
    short, long = min(first, second), _seconds(X, T, settings)  # the first loads libraries
    return _extrapolated(n, (small, large), (short, long))


def _extrapolated(n: int, sizes: tuple[int, int], seconds: tuple[float, float]) -> float:
    """Time of n images from those of two smaller numbers of them.

    What grows faster than they do goes on like that, up to their square. Else some of the time is that of the
    classes, and what remains grows with the images.
    """
    (small, large), (short, long) = sizes, seconds
    if n == large:
        return long
    growth = math.log(long / short) / math.log(large / small)
    if growth > 1:
        return long * (n / large) ** min(growth, 2.0)
    return long + max(long - short, 0.0) / (large - small) * (n - large)


def _seconds(X: np.ndarray, T: np.ndarray, settings: Settings) -> float:
    start = time.perf_counter()
    refine(X, T, settings=settings)
    return time.perf_counter() - start


def _made_up(n: int, k: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Images around the directions of the classes, and the classes."""
    rng = np.random.default_rng(0)
    T = rng.normal(size=(k, dimension)).astype(np.float32)
    X = T[np.arange(n) % k] + NOISE * rng.normal(size=(n, dimension)).astype(np.float32)
    return X, T
