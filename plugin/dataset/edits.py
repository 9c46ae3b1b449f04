"""Tells labels that were edited outside auto-label: in the App's Annotate tab, or in Python.

A label keeps the class that the run gave beside the one that it shows, and a review the one that was given.
"""

from .documents import Document


def edited_class(label: Document, review: Document) -> str | None:
    """The class that somebody gave outside auto-label, None where nobody did.

    Where both the label and its review were edited, the label is what everybody sees, and wins.

    Args:
        label: The label, empty if there is none.
        review: Its review, empty if there is none.
    """
    now, kept = label.get("label"), review.get("label")
    if kept is None:
        return None if now is None or now == label_of_run(label) else now
    given = review.get("given") or kept
    if now not in (None, given):
        return now
    return kept if kept != given else None


def label_of_run(label: Document) -> str | None:
    """The class that a run gave, None if no run did."""
    if label.get("run_label") is not None:
        return label["run_label"]
    # Runs of version 0.1 kept no class beside the one that the label shows.
    return label.get("label") if label.get("margin") is not None else None
