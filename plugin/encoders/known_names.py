"""What a text tower knows of the class names, asked before a run.

Names of which it knows nothing, and codes that nobody can read, are said in one sentence each.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .base import Encoder, KnowsNames
from .descriptions import ClassDescription, Classes, read_classes
from .prompts import is_code, spoken

UNKNOWN_BELOW = 0.5
"""Reliability under which images of a class are more often missed than recognised by its name."""

MOST_NAMED = 12

logger = logging.getLogger("fiftyone_autolabel")


@dataclass(frozen=True)
class UnknownName:
    """A class that the text tower does not know.

    Attributes:
        name: The class.
        taken_for: What the text tower takes it for, by the name or description that it knows best.
        reliability: Chance that images are recognised by it, in [0, 0.5).
    """

    name: str
    taken_for: str
    reliability: float


def class_reliability(encoder: Encoder | None, classes: Classes) -> np.ndarray | None:
    """How well a text tower knows each class: as well as the best of its name and descriptions.

    Args:
        encoder: Reads the class names; None where their vectors were given.
        classes: k classes.

    Returns:
        (k,) float32 in [0, 1]; None where the encoder cannot tell.
    """
    if not isinstance(encoder, KnowsNames):
        return None
    described = read_classes(classes)
    reliability = _of_phrases(encoder, described)
    return np.array([of_class.max() for of_class in reliability], np.float32)


def unknown_names(encoder: Encoder | None, classes: Classes) -> list[UnknownName]:
    """The classes that a text tower does not know, in the order given; none where it cannot tell.

    Args:
        encoder: Reads the class names; None where their vectors were given.
        classes: k classes.
    """
    if not isinstance(encoder, KnowsNames):
        return []
    described = read_classes(classes)
    pairs = zip(described, _of_phrases(encoder, described), strict=True)
    unknown = [(one, reliability) for one, reliability in pairs if reliability.max() < UNKNOWN_BELOW]
    best = [spoken(one.phrases[reliability.argmax()]) for one, reliability in unknown]
    return [
        UnknownName(one.name, taken_for, float(reliability.max()))
        for (one, reliability), taken_for in zip(unknown, encoder.nearest_names(best), strict=True)
    ]


def name_warnings(encoder: Encoder | None, classes: Classes) -> list[str]:
    """What is wrong with the class names for a text tower, in a sentence or two each; empty where nothing is.

    Args:
        encoder: Reads the class names; None where their vectors were given, and nothing needs to be read.
        classes: k classes.

    Raises:
        InputError: The classes are unusable.
    """
    if encoder is None:
        return []
    codes = _codes(read_classes(classes))
    unknown = [one for one in unknown_names(encoder, classes) if one.name not in codes]
    warnings = code_warnings(classes)
    if unknown:
        taken = [f"{one.name} (taken for {one.taken_for})" for one in unknown]
        warnings.append(
            f"The {encoder.name} encoder does not know: {_listed(taken)}. Describe them, name them "
            "differently, or use OpenCLIP."
        )
    return warnings


def code_warnings(classes: Classes) -> list[str]:
    """The same as far as it holds for every text tower: which names are codes; empty where none is.

    Args:
        classes: k classes.

    Raises:
        InputError: The classes are unusable.
    """
    codes = _codes(read_classes(classes))
    if not codes:
        return []
    return [
        f"A text encoder reads words, not codes: {_listed(codes)}. Describe these classes or name them in "
        "words."
    ]


def warn_of_names(encoder: Encoder | None, classes: Classes) -> None:
    """Log what `name_warnings` says."""
    for warning in name_warnings(encoder, classes):
        logger.warning(warning)


def _codes(classes: list[ClassDescription]) -> list[str]:
    return [one.name for one in classes if all(is_code(phrase) for phrase in one.phrases)]


def _of_phrases(encoder: KnowsNames, classes: list[ClassDescription]) -> list[np.ndarray]:
    """Reliability of the name and of every description of each class."""
    reliability = encoder.name_reliability([spoken(phrase) for one in classes for phrase in one.phrases])
    starts = np.cumsum([0, *(len(one.phrases) for one in classes)])
    return [reliability[start:end] for start, end in pairwise(starts)]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
