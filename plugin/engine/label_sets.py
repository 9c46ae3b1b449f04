"""The classes of an image that may have several, as one text and as a row of numbers.

As one text, such as "cat|dog", a set is reviewed, audited and compared like the class of any other image.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .errors import InputError

SEPARATOR = "|"


def set_text(classes: Iterable[str]) -> str:
    """Classes in alphabetical order as one text, "" for none."""
    return SEPARATOR.join(sorted({*classes}))


def classes_in(text: str) -> list[str]:
    """The classes in such a text."""
    return text.split(SEPARATOR) if text else []


def all_classes(texts: Iterable[str]) -> list[str]:
    """The classes in several such texts, in alphabetical order."""
    return sorted({name for text in texts for name in classes_in(text)})


def check_class_names(classes: Iterable[str]) -> None:
    """Check that names can stand in such a text.

    Raises:
        InputError: One cannot.
    """
    for name in classes:
        if SEPARATOR in name:
            raise InputError(
                f"The name of the class {name!r} contains {SEPARATOR!r}, which separates the classes of an "
                "image with several labels: rename it."
            )


def membership(sets: Mapping[str, str], ids: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Which classes each image has.

    Args:
        sets: Id → set as a text; classes that are not known are passed over.
        ids: n ids.
        classes: k class names.

    Returns:
        (n, k) int8: 1 for a class of the image, 0 for another one, and -1 where the set is not known.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    found = np.full((len(ids), len(classes)), -1, np.int8)
    for row, one in enumerate(ids):
        if one in sets:
            found[row] = 0
            found[row, [numbers[name] for name in classes_in(sets[one]) if name in numbers]] = 1
    return found
