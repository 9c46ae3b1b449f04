"""From encoders and images to the matrices that the engine takes.

An image that cannot be read costs only itself, whichever encoder fails on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..encoders.base import ImageLike
from ..encoders.prompts import class_prototypes
from ..engine.errors import InputError
from .inputs import Prompts, Towers

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Embedded:
    """Vectors of the m of n images that could be read, and why the others have none.

    Attributes:
        rows: (m,) which of the n images they are.
        X: (m, d) float32 unit rows, the images.
        T: (k, d) float32 unit rows, the classes.
        V: (m, v) float32 unit rows, the images by the second encoder; None without one.
        errors: Which of the n images has no vectors → why, in their order.
    """

    rows: np.ndarray
    X: np.ndarray
    T: np.ndarray
    V: np.ndarray | None
    errors: dict[int, str]

    @property
    def geometry(self) -> np.ndarray:
        """The vectors in which clusters and neighbours are found."""
        return self.X if self.V is None else self.V


def embed(towers: Towers, prompts: Prompts, images: Sequence[ImageLike], report: Progress) -> Embedded:
    """Vectors of the classes and of the images that every encoder can read.

    Args:
        towers: One or two encoders.
        prompts: Classes and templates.
        images: n images.
        report: Called with ("embed", done, total); two encoders count every image twice.

    Raises:
        InputError: No image can be read.
    """
    n = len(images)
    in_all = n * len(towers.of_images)
    report("embed", 0, in_all)
    T = class_prototypes(towers.encoder, prompts.classes, prompts.templates)
    views: list[np.ndarray] = []
    errors: dict[int, str] = {}
    for tower in towers.of_images:

        def embedded(done: int, _: int, before: int = n * len(views)) -> None:
            report("embed", before + done, in_all)

        found = tower.embed_images(images, embedded)
        views.append(found.vectors)
        errors = found.errors | errors
    if len(errors) == n:
        raise InputError(f"None of the {n} images can be used. The first: {errors[min(errors)]}")
    readable = np.array([row for row in range(n) if row not in errors])
    if errors:
        views = [vectors[readable] for vectors in views]
    return Embedded(
        rows=readable,
        X=views[0],
        T=T,
        V=views[1] if towers.second else None,
        errors={row: errors[row] for row in sorted(errors)},
    )
