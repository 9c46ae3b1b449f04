"""Results that show themselves in a few lines, in a console and in a notebook, however many images they hold.

Arrays are shown by type and shape, long collections by their length.
"""

import html
import textwrap
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 100
MOST_ITEMS = 4
LONGEST_TEXT = 60
COLLECTIONS = (tuple, list, set, frozenset, dict)


class Displayed:
    """Base of dataclasses with `repr=False`; by default it shows what is not empty, each in a few words."""

    def __repr__(self) -> str:
        """A few lines."""
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        """The same for a notebook, the first line in bold."""
        first, *rest = (html.escape(line, quote=False) for line in self._lines())
        return "<br>".join([f"<b>{first}</b>", *rest])

    def _lines(self) -> list[str]:
        """The first says what it is."""
        shown: Any = self  # a dataclass
        named = ((each.name, getattr(self, each.name)) for each in fields(shown))
        values = ", ".join(f"{name}={in_short(value)}" for name, value in named if not _is_empty(value))
        return textwrap.wrap(f"{type(self).__name__}({values})", WIDTH, subsequent_indent="    ")


def in_short(value: object) -> str:
    """A value in a few words."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, COLLECTIONS):
        is_short = len(value) <= MOST_ITEMS and all(_is_plain(item) for item in _parts(value))
        return _cut(repr(value)) if is_short else f"{type(value).__name__} of {len(value):,}"
    return _cut(repr(value)) if _is_plain(value) else type(value).__name__


def _is_empty(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 0
    return isinstance(value, COLLECTIONS) and not value


def _parts(value: Any) -> list[object]:
    return [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | np.number | Path)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
