"""Tells labels that were edited outside auto-label: in the App's Annotate tab, or in Python.

A label keeps the class that the run gave beside the one that it shows, a review the one that was given, and a
labelled object a digest of the shape that was copied.
"""

import hashlib
import json

from bson import json_util

from .documents import Document

SHAPE = ("bounding_box", "mask", "mask_path", "points", "closed", "filled")
"""Attributes of an object that say where it is."""


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


def shape_of(label: Document) -> Document:
    """Where an object is: the attributes of `SHAPE` that it has."""
    return {name: label[name] for name in SHAPE if name in label}


def digest_of_shape(label: Document) -> str:
    """What `is_moved` compares the shape of a labelled object with later."""
    # A browser sends 1.0 back as 1.
    shape = json.loads(json_util.dumps(shape_of(label)), parse_int=float)
    return hashlib.blake2b(json.dumps(shape, sort_keys=True).encode(), digest_size=8).hexdigest()


def is_moved(label: Document) -> bool:
    """Whether a labelled object is elsewhere than when it was copied: then somebody moved it there."""
    return label.get("copied_shape") not in (None, digest_of_shape(label))
