"""From encoders and images to the matrices that the engine takes.

Unreadable images are reported and skipped, whichever encoder fails on them.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from ..encoders.base import Encoder, ImageTower
from ..encoders.cache import CachedEncoder
from ..encoders.opening import ImageLike, file_of, name_of
from ..encoders.precomputed import PrecomputedEncoder, PrecomputedImages, Vectors, matrix_of
from ..encoders.prompts import class_prototypes
from ..encoders.registry import choose_encoder, load_encoder
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.progress import Progress, silent
from ..engine.rows import Matrix, take
from ..wording import is_readable
from .inputs import Inputs

logger = logging.getLogger("fiftyone_autolabel")


class Items(Protocol):
    """What is labelled: images, or objects in them."""

    @property
    def ids(self) -> list[str]:
        """(n,) ids, under which they are written."""

    @property
    def images(self) -> Sequence[ImageLike]:
        """(n,) what the encoders look at."""

    def vectors(self, source: str) -> np.ndarray:
        """Vectors by the name of where they are kept, (n, d) float32; rows of NaN where there are none."""

    def clusters(self, source: str) -> np.ndarray:
        """Clusters by the name of where they are kept, (n,) int64; negative where there are none."""


@dataclass(frozen=True)
class Towers:
    """What makes the vectors of a run.

    Attributes:
        encoder: Images and class names into one space.
        reason: Why that encoder was taken, one sentence; "" when it was asked for by name.
        second: Second encoder, of the images alone, where the geometry is looked at; None without one.
        text_encoder: What embeds the class names; None where their vectors were given.
    """

    encoder: Encoder
    reason: str
    second: ImageTower | None
    text_encoder: Encoder | None

    @property
    def of_images(self) -> list[ImageTower]:
        """The one or two that embed images, the first beside the texts."""
        return [self.encoder] if self.second is None else [self.encoder, self.second]

    def release(self) -> None:
        """End the workers of encoders on Ray, whose cores or GPUs others may use then."""
        for tower in self.of_images:
            if isinstance(tower, CachedEncoder):
                tower.release()

    def named(self) -> dict[str, str]:
        """Names and versions, as saved prototypes keep them.

        Vectors that were given are by the text encoder's model, in a version that nobody knows.
        """
        is_given = isinstance(self.encoder, PrecomputedEncoder)
        return {
            "encoder": (self.text_encoder or self.encoder).name,
            "encoder_version": "" if is_given else self.encoder.version,
            "second_encoder": self.second.name if self.second else "",
            "second_encoder_version": self.second.version if self.second else "",
        }


@dataclass(frozen=True, repr=False)
class EmbeddedImages(Displayed):
    """Vectors of the m of n images that every image tower could read.

    Attributes:
        rows: (m,) which of the n images they are.
        views: One (m, d) float32 matrix of unit rows per tower.
        errors: Which of the n images has no vectors → why, in their order.
    """

    rows: np.ndarray
    views: list[Matrix]
    errors: dict[int, str]

    def require_some(self) -> None:
        """Check that there is an image to work with.

        Raises:
            InputError: No image could be read.
        """
        if len(self.rows) == 0:
            n, first = len(self.errors), self.errors[min(self.errors)]
            raise InputError(f"None of the {n} images can be used. The first: {first}")


@dataclass(frozen=True, repr=False)
class Embedded(Displayed):
    """Vectors of the images that could be read, and of the classes; m of n images, k classes.

    Attributes:
        rows: (m,) which of the n images they are.
        X: (m, d) float32 unit rows, the images.
        T: (k, d) float32 unit rows, the classes.
        V: (m, v) float32 unit rows, the images by the second encoder; None without one.
        errors: Which of the n images has no vectors → why, in their order.
    """

    rows: np.ndarray
    X: Matrix
    T: np.ndarray
    V: Matrix | None
    errors: dict[int, str]

    @property
    def geometry(self) -> Matrix:
        """The vectors in which clusters and neighbours are found."""
        return self.X if self.V is None else self.V


def embed(towers: Towers, inputs: Inputs, images: Sequence[ImageLike], report: Progress) -> Embedded:
    """Vectors of the classes and of the images that every encoder can read.

    Args:
        towers: One or two encoders.
        inputs: Classes and prompt templates.
        images: n images.
        report: Called with ("embed", done, total); two encoders count every image twice.

    Raises:
        InputError: No image can be read.
    """
    report("embed", 0, len(images) * len(towers.of_images))
    T = class_prototypes(towers.encoder, inputs.classes, inputs.prompt_templates)
    found = embed_images(towers.of_images, images, report)
    found.require_some()
    return Embedded(found.rows, found.views[0], T, found.views[1] if towers.second else None, found.errors)


def embed_images(
    towers: Sequence[ImageTower], images: Sequence[ImageLike], report: Progress
) -> EmbeddedImages:
    """Vectors of images by one image tower after the other.

    A file whose name no result can hold is an error of that image alone, whichever tower reads it.

    Args:
        towers: One image tower or more.
        images: n images.
        report: Called with ("embed", done, total), where total is n per tower.
    """
    n, total = len(images), len(images) * len(towers)
    views: list[Matrix] = []
    errors = {
        row: f"Cannot use {name_of(image)}: its name is not UTF-8; rename it"
        for row, image in enumerate(images)
        if not is_readable(file_of(image) or "")
    }
    report("embed", 0, total)
    for number, tower in enumerate(towers):

        def count(done: int, _: int, before: int = n * number) -> None:
            report("embed", before + done, total)

        found = tower.embed_images(images, count)
        views.append(found.vectors)
        errors = found.errors | errors
    rows = np.array([row for row in range(n) if row not in errors], np.int64)
    if errors:
        views = [take(vectors, rows) for vectors in views]
    return EmbeddedImages(rows, views, {row: errors[row] for row in sorted(errors)})


def load_towers(inputs: Inputs, items: Items, report: Progress = silent) -> Towers:
    """Load the encoders, or take the vectors that are given in their place.

    Args:
        inputs: Encoders or vectors.
        items: What is labelled, which may keep the vectors.
        report: Called with ("load", 0, 1) and then ("load", 1, 1) where there is an encoder to load.

    Raises:
        InputError: They do not go together, or one of them cannot be loaded.
    """
    are_given = inputs.embeddings is not None and inputs.text_embeddings is not None
    if are_given and inputs.second_encoder is None:
        return _towers(inputs, items)
    report("load", 0, 1)
    towers = _towers(inputs, items)
    report("load", 1, 1)
    return towers


def _towers(inputs: Inputs, items: Items) -> Towers:
    if inputs.embeddings is None:
        tower, reason = load_tower(inputs.encoder, "embed_texts")
        return Towers(tower, reason, _load_second(inputs, items), tower)
    vectors = given_vectors(items, inputs.embeddings)
    matrix_of(vectors, "image vectors")  # a missing file is refused before an encoder is loaded
    if inputs.text_embeddings is not None:
        tower, reason, text_encoder = PrecomputedEncoder(vectors, inputs.text_embeddings), "", None
        tower.embed_texts(inputs.class_names)  # checks before any work that there is one per class
    else:
        text_encoder, reason = load_tower(inputs.encoder, "embed_texts")
        tower = PrecomputedEncoder(vectors, text_encoder)
    tower.check_count(len(items.ids))
    return Towers(tower, reason, _load_second(inputs, items), text_encoder)


def load_tower(encoder: str | ImageTower, must_have: str) -> tuple[Encoder, str]:
    """An encoder by its name, or the object itself.

    Args:
        encoder: Name, or an object that embeds.
        must_have: Method that the object needs.

    Returns:
        The encoder, and why it is another than the first choice; "" where it is the first.

    Raises:
        InputError: It is neither, or its weights cannot be had.
    """
    if hasattr(encoder, must_have):
        return cast(Encoder, encoder), ""
    if not isinstance(encoder, str):
        raise InputError(f"Give the name of an encoder or an encoder object, not {encoder!r}.")
    choice = choose_encoder(encoder)
    if choice.reason:
        logger.warning(choice.reason)
    return load_encoder(choice.spec), choice.reason


def given_vectors(items: Items, vectors: Vectors) -> Vectors:
    """The vectors of a field or a brain run; arrays and .npy files as they are."""
    if not isinstance(vectors, str) or vectors.endswith(".npy"):
        return vectors
    return items.vectors(vectors)


def _load_second(inputs: Inputs, items: Items) -> ImageTower | None:
    if inputs.second_embeddings is not None:
        given = PrecomputedImages(given_vectors(items, inputs.second_embeddings))
        given.check_count(len(items.ids))
        return given
    if inputs.second_encoder is None:
        return None
    tower, _ = load_tower(inputs.second_encoder, "embed_images")
    # One that embeds only texts fails here, and not after the first encoder has done its work.
    tower.embed_images([np.full((64, 64, 3), 128, np.uint8)])
    return tower
