"""Remarks on the class counts of a run that its expected accuracy does not show.

Form, command line and Python show them beside the expected accuracy.
"""

from collections.abc import Mapping

from ..wording import counted, cut

MOST_NAMES = 5


def remarks(counts: Mapping[str, int], noun: str = "image") -> list[str]:
    """Sentences on a single class, on one class that got everything, and on classes without labels.

    Args:
        counts: Class → number of images with that label.
        noun: "image" or "object".

    Returns:
        At most one sentence, which says what to do.
    """
    total = sum(counts.values())
    empty = [name for name, count in counts.items() if not count]
    if len(counts) == 1:
        return [
            f"With one class every {noun} gets that label, so the expected accuracy is unknown: add the "
            "other classes that occur, or review the labels."
        ]
    if total > 1 and len(empty) == len(counts) - 1:
        (name,) = set(counts) - set(empty)
        return [
            f"All {total:,} {noun}s are labelled {cut(name)!r}, one of {len(counts):,} classes: review some "
            "of them, and describe the other classes."
        ]
    if empty:
        return [f"{counted(len(empty), 'class')} without {noun}s: {_listed(empty)}."]
    return []


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    shown = ", ".join(map(cut, names[:MOST_NAMES]))
    return f"{shown} and {more:,} more" if more > 0 else shown
