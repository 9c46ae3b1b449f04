"""Numbers, plurals, durations and names in words, for every page, form and message.

Nothing here knows what the words are about.
"""

import html
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

LONGEST_IN_TITLE = 50

MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&:@])")
"""Marks of Markdown, and what addresses are known by, which it would make links of."""

NOT_UTF_8 = re.compile("[\ud800-\udfff]")
"""What Python makes of the bytes of a file name that are not UTF-8, and no file or database takes."""


def cut(name: str, longest: int = LONGEST_IN_TITLE) -> str:
    """A class name for a sentence or a line: without its middle where it is long."""
    name = " ".join(name.split())
    if len(name) <= longest:
        return name
    tail = (longest - 1) // 2
    return f"{name[: longest - 1 - tail]}…{name[-tail:]}"


def readable(path: str) -> str:
    """A path that can be printed and stored: bytes that are not UTF-8 are written as in "caf\\xe9.jpg"."""
    return NOT_UTF_8.sub(lambda byte: f"\\x{ord(byte[0]) & 0xFF:02x}", path)


def is_readable(path: str) -> bool:
    """Whether a path is UTF-8, so that files and databases can hold it."""
    return NOT_UTF_8.search(path) is None


def safe(text: str) -> str:
    """Text as it is, where plotly would take it for markup."""
    return html.escape(text, quote=False)


def plain(text: str) -> str:
    """Text as it is, where Markdown would take it for markup."""
    return MARKUP.sub(r"\\\1", text)


def sentence(words: str) -> str:
    """Words as a sentence begins."""
    return words[0].upper() + words[1:]


def percent(share: float) -> str:
    """A share as a person says it; nothing is 100% or 0% that is not."""
    rounded = f"{share:.0%}"
    if (rounded == "100%" and share < 1) or (rounded == "0%" and share > 0):
        return "over 99%" if share > 0.5 else "under 1%"
    return rounded


def counted(number: int, thing: str) -> str:
    """A number of things, e.g. "1 image" or "2,000 classes"."""
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing}{'es' if thing.endswith('s') else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    shown = ", ".join(map(cut, names[:most]))
    return f"{shown} and {more:,} more" if more > 0 else shown


def named_values(text: str) -> dict[str, str | float]:
    """Read names with values as a person types them, "cat: 0.9, dog: rare", or as JSON.

    Raises:
        ValueError: A part has no name with a value, or the JSON is damaged; its argument is that part.
    """
    if text.lstrip().startswith("{"):
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError):
            raise ValueError(text) from None
    pairs: dict[str, str | float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, colon, value = part.rpartition(":")
        if not colon:
            raise ValueError(part)
        pairs[name.strip()] = value.strip()
    return pairs


def duration(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def time_left(seconds: float | None) -> str:
    """The end of a sentence on work under way; "" where nothing tells how long it will take."""
    return "" if seconds is None else f", about {duration(seconds)} left"


def ago(moment: datetime) -> str:
    """How long a moment is past, in words."""
    past = max(datetime.now(timezone.utc) - moment, timedelta(0))
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count = past // length
        if count:
            return f"{counted(count, unit)} ago"
    return "just now"
