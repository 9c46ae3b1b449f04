"""What a run works from: classes and prompts, encoders or given vectors, and clusters of one's own.

All of it is checked here, before any work starts.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from ..encoders.base import Encoder, ImageLike, ImageTower
from ..encoders.descriptions import ClassDescription, Classes, read_classes
from ..encoders.precomputed import PrecomputedEncoder, PrecomputedImages, Vectors
from ..encoders.prompts import check_templates
from ..encoders.registry import choose_encoder, load_encoder
from ..engine.errors import InputError
from ..engine.validation import check_clusters

GivenClusters = str | np.ndarray | Callable[[np.ndarray], np.ndarray]

logger = logging.getLogger("fiftyone_autolabel")


class Items(Protocol):
    """What is labelled: images, or objects in them.

    Attributes:
        ids: (n,) ids, under which they are written.
        images: (n,) what the encoders look at.
    """

    ids: list[str]
    images: Sequence[ImageLike]

    def vectors(self, source: str) -> np.ndarray:
        """Vectors by the name of where they are kept, (n, d) float32; rows of NaN where there are none."""

    def clusters(self, source: str) -> np.ndarray:
        """Clusters by the name of where they are kept, (n,) int64; negative where there are none."""


@dataclass(frozen=True)
class Prompts:
    """The text side of a run.

    Attributes:
        classes: k classes with their descriptions.
        templates: Prompt templates; the encoder's own if None.
    """

    classes: list[ClassDescription]
    templates: list[str] | None

    @property
    def names(self) -> list[str]:
        """(k,) labels."""
        return [one.name for one in self.classes]


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


@dataclass(frozen=True)
class OwnClusters:
    """Micro-clusters that a person gave.

    Attributes:
        name: What the record of the run calls them: the field, the function, or "array".
        source: (n,) whole numbers, negative for none; or a function from (m, d) unit rows to (m,) such.
    """

    name: str
    source: np.ndarray | Callable[[np.ndarray], np.ndarray]

    def of(self, rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Clusters of some of the images, given which they are and their vectors."""
        return self.source(vectors) if callable(self.source) else self.source[rows]


def read_prompts(
    classes: Classes, templates: Sequence[str] | None, text_embeddings: Vectors | None
) -> Prompts:
    """Check classes and prompt templates.

    Raises:
        InputError: Either is unusable, or text embeddings make them pointless.
    """
    prompts = Prompts(read_classes(classes), None if templates is None else check_templates(templates))
    is_prompted = prompts.templates is not None or any(one.descriptions for one in prompts.classes)
    if text_embeddings is not None and is_prompted:
        raise InputError(
            "Text embeddings stand in for all prompts: leave out either them, or the prompt templates and "
            "the descriptions of classes."
        )
    return prompts


def load_towers(
    items: Items,
    prompts: Prompts,
    encoder: str | Encoder,
    embeddings: Vectors | None,
    text_embeddings: Vectors | None,
    second_encoder: str | ImageTower | None,
    second_embeddings: Vectors | None,
) -> Towers:
    """Load the encoders, or take the vectors that are given in their place.

    Raises:
        InputError: They do not go together, or one of them cannot be loaded.
    """
    if text_embeddings is not None and embeddings is None:
        raise InputError("Text embeddings need image embeddings from the same model: give embeddings too.")
    if second_encoder is not None and second_embeddings is not None:
        raise InputError("Give second_encoder or second_embeddings, not both: either is the second encoder.")
    second = partial(_load_second, items, second_encoder, second_embeddings)
    if embeddings is None:
        tower, reason = load_tower(encoder, "embed_texts")
        return Towers(tower, reason, second(), tower)
    vectors = _given_vectors(items, embeddings)
    if text_embeddings is not None:
        tower, reason, text_encoder = PrecomputedEncoder(vectors, text_embeddings), "", None
        tower.embed_texts(prompts.names)  # says before any work that they are not one per class
    else:
        text_encoder, reason = load_tower(encoder, "embed_texts")
        tower = PrecomputedEncoder(vectors, text_encoder)
    tower.check_count(len(items.ids))
    return Towers(tower, reason, second(), text_encoder)


def names_of(**arguments: object) -> dict[str, str]:
    """What a record needs to find the arguments of a run again.

    Args:
        **arguments: Arguments of a run by name; those that are None are left out.

    Returns:
        Argument → the name, field, brain key or file that was given; "" for arrays and other objects, which
        no record can bring back.
    """
    return {name: _name_of(value) for name, value in arguments.items() if value is not None}


def read_own_clusters(items: Items, clusters: GivenClusters) -> OwnClusters:
    """Read clusters from a field, or check those of an array.

    Raises:
        InputError: There is no such field, or there is not one whole number per image.
    """
    if callable(clusters):
        return OwnClusters(getattr(clusters, "__name__", repr(clusters)), clusters)
    if not isinstance(clusters, str):
        return OwnClusters("array", check_clusters(clusters, len(items.ids)))
    return OwnClusters(clusters, items.clusters(clusters))


def _name_of(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        return ""
    name = os.fspath(value)
    # A run may be made again from another folder.
    return str(Path(name).resolve()) if name.endswith(".npy") else name


def _load_second(
    items: Items, encoder: str | ImageTower | None, embeddings: Vectors | None
) -> ImageTower | None:
    if embeddings is not None:
        given = PrecomputedImages(_given_vectors(items, embeddings))
        given.check_count(len(items.ids))
        return given
    if encoder is None:
        return None
    tower, _ = load_tower(encoder, "embed_images")
    # One that embeds only texts says so here, and not after the first encoder has done its work.
    tower.embed_images([np.full((64, 64, 3), 128, np.uint8)])
    return tower


def _given_vectors(items: Items, vectors: Vectors) -> Vectors:
    """The vectors of a field or a brain run; arrays and .npy files as they are."""
    if not isinstance(vectors, str) or vectors.endswith(".npy"):
        return vectors
    return items.vectors(vectors)


def load_tower(encoder: str | ImageTower, must_have: str) -> tuple[Encoder, str]:
    """An encoder by its name, or the object itself.

    Args:
        encoder: Name, or an object that embeds.
        must_have: Method without which an object is none.

    Returns:
        The encoder, and why it is another than the first choice; "" where it is the first.

    Raises:
        InputError: It is neither, or its weights cannot be had.
    """
    if hasattr(encoder, must_have):
        return encoder, ""
    if not isinstance(encoder, str):
        raise InputError(f"Give the name of an encoder or an encoder object, not {encoder!r}.")
    choice = choose_encoder(encoder)
    if choice.reason:
        logger.warning(choice.reason)
    return load_encoder(choice.spec), choice.reason


@dataclass(frozen=True)
class RunInputs:
    """What a run works from.

    Attributes:
        classes: k classes with their descriptions; none where nothing is labelled.
        prompt_templates: Templates that the names and descriptions go through.
        encoder: What makes the vectors of images and classes.
        second_encoder: Second encoder of the images, None without one.
        clusters: What to call the micro-clusters that were given, None if they are computed.
        sources: Argument of `auto_label` → its value as a text, "" for what no text can bring back; with
            them the run can be made again.
        margin: What was shown around every object, as a share of its box; None for whole images.
    """

    classes: Sequence[ClassDescription]
    prompt_templates: Sequence[str]
    encoder: ImageTower
    second_encoder: ImageTower | None = None
    clusters: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    margin: float | None = None

    @property
    def class_names(self) -> list[str]:
        """(k,) labels."""
        return [one.name for one in self.classes]

    def described(self) -> dict:
        """The same in values that go through JSON."""
        second = self.second_encoder
        return {
            "classes": self.class_names,
            "descriptions": [list(one.descriptions) for one in self.classes],
            "prompt_templates": list(self.prompt_templates),
            "encoder": self.encoder.name,
            "encoder_version": self.encoder.version,
            "second_encoder": second.name if second else None,
            "second_encoder_version": second.version if second else None,
            "clusters": self.clusters,
            "inputs": self.sources,
            "margin": self.margin,
        }
