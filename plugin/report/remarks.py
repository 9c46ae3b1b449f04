"""Remarks on a run that its expected accuracy does not show: its class counts, and contradicted reviews.

Form, command line and Python show them beside the expected accuracy.
"""

from collections.abc import Mapping

from ..wording import counted, cut, listed


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
        return [f"{counted(len(empty), 'class')} without {noun}s: {listed(empty)}."]
    return []


def contradiction_remarks(count: int, view: str) -> list[str]:
    """A sentence on reviewed labels that similar images contradict, if there are any.

    Args:
        count: How many they are.
        view: Name of the saved view that shows them.
    """
    if not count:
        return []
    verb = "contradicts" if count == 1 else "contradict"
    return [
        f"{counted(count, 'reviewed label')} {verb} similar images: look at the saved view {view!r}, and "
        "correct the wrong ones."
    ]
