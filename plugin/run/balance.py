"""A rough idea of the class frequencies as a person gives it, and the numbers that the engine takes.

In words, counts or shares, for some classes or all of them.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from ..engine.errors import InputError
from ..wording import named_values

EQUAL = "equal"
WORDS = {"common": 3.0, "usual": 1.0, "rare": 1 / 3, "absent": 0.0}
"""Word → how many times as frequent as a class of which nothing is said."""

ClassBalance = str | Mapping[str, str | float]
"""Class → word, count or share; or "equal"; or either of them as a text, such as "cat: common, dog: rare"."""


def class_frequencies(balance: ClassBalance | None, classes: Sequence[str]) -> np.ndarray | None:
    """Frequencies of all classes; those of which nothing is said are usual.

    Args:
        balance: What a person said; None for nothing.
        classes: (k,) class names.

    Returns:
        (k,) numbers ≥ 0; None where nothing is said.

    Raises:
        InputError: A class is not one of `classes`, or what is said of it is neither a word nor a number.
    """
    if balance is None:
        return None
    said = _read(balance) if isinstance(balance, str) else balance
    unknown = [name for name in said if name not in classes]
    if unknown:
        raise InputError(f"The class balance names {unknown[0]!r}, which is not one of the classes.")
    numbers = {name: _number(name, value) for name, value in said.items() if str(value) not in WORDS}
    usual = float(np.mean(list(numbers.values()))) if numbers else 1.0
    known = {name: usual * WORDS[str(value)] for name, value in said.items() if str(value) in WORDS} | numbers
    frequencies = np.array([known.get(name, usual) for name in classes])
    if not frequencies.any():
        raise InputError("The class balance says that every class is absent: leave out those that occur.")
    return frequencies


def balance_text(balance: ClassBalance) -> str:
    """The same as a text, which a record keeps."""
    return balance if isinstance(balance, str) else json.dumps(dict(balance), ensure_ascii=False)


def _read(text: str) -> dict[str, str | float]:
    if text.strip() == EQUAL:
        return {}
    try:
        return named_values(text)
    except ValueError as error:
        raise InputError(
            f"The class balance has no word or number for {error.args[0]!r}: write, for example, "
            "'cat: common, dog: rare', or 'equal'."
        ) from None


def _number(name: str, value: str | float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number < np.inf:
        raise InputError(
            f"The class balance of {name!r} is {value!r}: give a count, a share, or one of "
            f"{', '.join(WORDS)}."
        )
    return number
