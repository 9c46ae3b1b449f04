"""Reviewed labels as a dataset keeps them: read them, write them, take them back.

A reviewed label is the class that a person approved or gave, with auto-label or outside of it: in the App's
Annotate tab, or in Python. Reviewed labels anchor every later run, and no run overwrites them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timezone

import fiftyone as fo
import numpy as np

from .documents import Document
from .edits import label_of_run
from .fields import FieldNames, declare_reviews
from .labels import Labels, labels_of


def read_reviews(dataset: fo.Dataset, names: FieldNames) -> dict[str, str]:
    """The reviewed labels of a dataset, of its samples or of its objects if they are what is labelled.

    A label counts too that was edited outside auto-label, or whose sample or object is only tagged
    "approved", as can be done by hand in the App.

    Args:
        dataset: Dataset with or without reviews.
        names: Fields of the run.

    Returns:
        Sample id, or object id → class name.
    """
    return reviews_of(labels_of(dataset, names))


def reviews_of(labels: Labels) -> dict[str, str]:
    """The same of the labels of a dataset."""
    given = labels.values("corrected", "label")
    return labels.tagged() | {one: name for one, (name,) in given.items()} | labels.edited()


def open_contradictions(
    dataset: fo.Dataset, names: FieldNames, found: dict[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """Of reviewed labels that similar images contradict, those that nobody has looked at again.

    A review that was changed or withdrawn since counts no more, nor one that gives the same class once more.

    Args:
        dataset: Dataset of the reviews.
        names: Fields of the run.
        found: Sample id, or object id → reviewed class, class that similar images speak for.
    """
    if not found:
        return {}
    reviews = read_reviews(dataset, names)
    given = labels_of(dataset, names).values("corrected", "label", "before")
    confirmed = {one for one, (name, before) in given.items() if name == before}
    return {one: pair for one, pair in found.items() if reviews.get(one) == pair[0] and one not in confirmed}


def anchors_of(reviews: dict[str, str], ids: Iterable[str], classes: Iterable[str]) -> np.ndarray:
    """Reviewed labels as the engine takes them.

    Args:
        reviews: Sample id → class name.
        ids: n sample ids.
        classes: k class names.

    Returns:
        (n,) int64 class numbers, -1 for samples without a review, or with one of another class.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(reviews.get(one), -1) for one in ids], np.int64)


def new_action() -> str:
    """What `undo_action` knows the reviews of one action by; later ones sort behind earlier ones."""
    return datetime.now(timezone.utc).isoformat()


def keep_reviews(labels: Labels, reviews: dict[str, str], action: str = "") -> None:
    """Write reviews, and show them in the fields of the run.

    Args:
        labels: Labels of a dataset whose fields for reviews are declared.
        reviews: Id → class name.
        action: From `new_action`; "" for reviews that are not undone.
    """
    now, earlier = labels.read("label", reviews), labels.read("corrected", reviews)
    labels.put(
        {
            one: {
                "corrected": _review(name, earlier.get(one), now.get(one, {})) | {"action": action},
                "label": now.get(one, {}) | {"label": name, "confidence": 1.0},
            }
            for one, name in reviews.items()
        }
    )


def restore_labels(labels: Labels, ids: Iterable[str]) -> None:
    """Remove reviews and show the labels of the run; a review that is only a tag changed none."""
    reviews = labels.read("corrected", ids)
    now = labels.read("label", reviews)
    labels.put(
        {
            one: {
                "corrected": None,
                "label": now.get(one, {})
                | {"label": review.get("run_label"), "confidence": review.get("run_confidence")},
            }
            for one, review in reviews.items()
        }
    )


def adopt_edits(dataset: fo.Dataset, names: FieldNames) -> Collection[str]:
    """Keep labels that were edited outside auto-label as reviews.

    Args:
        dataset: Dataset of the labels, locked.
        names: Fields of the run.

    Returns:
        Ids of the samples or objects whose labels were edited.
    """
    labels = labels_of(dataset, names)
    edits = labels.edited()
    if edits:
        declare_reviews(dataset, names)
        keep_reviews(labels, edits)
        labels.untag(edits)
    return edits.keys()


def latest_action(labels: Labels) -> tuple[str, list[str]]:
    """The last approval or correction, "" if there is none, and ids of the samples or objects it was of."""
    actions = {one: action for one, (action,) in labels.values("corrected", "action").items() if action}
    latest = max(actions.values(), default="")
    return latest, [one for one, action in actions.items() if action == latest]


def undo_action(labels: Labels) -> list[str]:
    """Take back the reviews of the latest action, and bring back those that it replaced.

    Returns:
        Ids of the samples or objects of that action.
    """
    undone = labels.read("corrected", latest_action(labels)[1])
    replaced = {one: review["before"] for one, review in undone.items() if review.get("before") is not None}
    restore_labels(labels, undone)
    labels.untag(undone)
    keep_reviews(labels, replaced)
    labels.tag([one for one, name in replaced.items() if name == undone[one].get("run_label")])
    return list(undone)


def _review(name: str, earlier: Document | None, label: Document) -> Document:
    """A review that keeps the label and confidence of the run, however often it is changed."""
    if earlier is None:
        of_run = {"run_label": label_of_run(label), "run_confidence": label.get("confidence")}
    else:
        of_run = {"run_label": earlier.get("run_label"), "run_confidence": earlier.get("run_confidence")}
    before = earlier["label"] if earlier else None
    return {"label": name, "given": name, "before": before, "confidence": None} | of_run
