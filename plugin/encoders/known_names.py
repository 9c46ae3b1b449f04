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
    return _of_classes(_of_phrases(encoder, read_classes(classes)))


def unknown_names(encoder: Encoder | None, classes: Classes) -> list[UnknownName]:
    """The classes that a text tower does not know, in the order given; none where it cannot tell.

    Args:
        encoder: Reads the class names; None where their vectors were given.
        classes: k classes.
    """
    described = read_classes(classes)
    return _unknown(encoder, described, _of_phrases(encoder, described))


def name_warnings(encoder: Encoder | None, classes: Classes) -> list[str]:
    """What is wrong with the class names for a text tower, in a sentence or two each; empty where nothing is.

    Args:
        encoder: Reads the class names; None where their vectors were given, and nothing needs to be read.
        classes: k classes.

    Raises:
        InputError: The classes are unusable.
    """
    described = read_classes(classes)
    return _warnings(encoder, described, _of_phrases(encoder, described))


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


def reliability_with_warnings(encoder: Encoder | None, classes: Classes) -> np.ndarray | None:
    """`class_reliability`, after what `name_warnings` says was logged; the names are read once for both."""
    described = read_classes(classes)
    reliability = _of_phrases(encoder, described)
    for warning in _warnings(encoder, described, reliability):
        logger.warning(warning)
    return _of_classes(reliability)


def _warnings(
    encoder: Encoder | None, classes: list[ClassDescription], reliability: list[np.ndarray] | None
) -> list[str]:
    if encoder is None:
        return []
    codes, warnings = _codes(classes), code_warnings(classes)
    unknown = [one for one in _unknown(encoder, classes, reliability) if one.name not in codes]
    if unknown:
        taken = [f"{one.name} (taken for {one.taken_for})" for one in unknown]
        warnings.append(
            f"The {encoder.name} encoder does not know: {_listed(taken)}. Describe them, name them "
            "differently, or use OpenCLIP."
        )
    return warnings


def _unknown(
    encoder: Encoder | None, classes: list[ClassDescription], reliability: list[np.ndarray] | None
) -> list[UnknownName]:
    if reliability is None or not isinstance(encoder, KnowsNames):
        return []
    pairs = zip(classes, reliability, strict=True)
    unknown = [(one, of_phrases) for one, of_phrases in pairs if of_phrases.max() < UNKNOWN_BELOW]
    best = [spoken(one.phrases[of_phrases.argmax()]) for one, of_phrases in unknown]
    return [
        UnknownName(one.name, taken_for, float(of_phrases.max()))
        for (one, of_phrases), taken_for in zip(unknown, encoder.nearest_names(best), strict=True)
    ]


def _codes(classes: list[ClassDescription]) -> list[str]:
    return [one.name for one in classes if all(is_code(phrase) for phrase in one.phrases)]


def _of_classes(reliability: list[np.ndarray] | None) -> np.ndarray | None:
    """(k,) reliability of the best name or description of each class."""
    if reliability is None:
        return None
    return np.array([of_phrases.max() for of_phrases in reliability], np.float32)


def _of_phrases(encoder: Encoder | None, classes: list[ClassDescription]) -> list[np.ndarray] | None:
    """Reliability of the name and of every description of each class; None where the encoder cannot tell."""
    if not isinstance(encoder, KnowsNames):
        return None
    reliability = encoder.name_reliability([spoken(phrase) for one in classes for phrase in one.phrases])
    starts = np.cumsum([0, *(len(one.phrases) for one in classes)])
    return [reliability[start:end] for start, end in pairwise(starts)]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
