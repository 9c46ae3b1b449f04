"""What a person should look at next, as an order of the samples and as saved views.

Reviewed samples are left out, whatever the order.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError
from ..engine.results import Refinement
from ..engine.review import review_order
from ..engine.thresholds import MinimumConfidence
from .fields import FieldNames
from .internals import Samples, dataset_of
from .labels import labels_of
from .patches import one_by_one
from .reading import flat_samples

VIEW_NOTE = "Kept up to date by auto-label"
"""Description of the saved views, by which those of the user's are told apart."""


class Order(str, Enum):
    """What to look at first."""

    SUGGESTED = "suggested"
    WORST = "worst"


def review_ranks(refinement: Refinement) -> np.ndarray:
    """Place of every image in the order in which a person should look.

    Returns:
        (n,) int64 from 1, what to look at first; 0 for images whose label is known.
    """
    clusters = refinement.clusters["micro"].assignments
    order = review_order(
        refinement.confidence,
        refinement.labels,
        refinement.explanation.second_labels,
        clusters,
        refinement.is_known,
    )
    ranks = np.zeros(len(refinement.labels), np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def unreviewed_in_order(samples: Samples, names: FieldNames, order: Order) -> fo.DatasetView:
    """Labelled samples, or objects one by one, without a review, those to review first in front."""
    labels = labels_of(dataset_of(samples), names)
    path = labels.path("review_rank" if order == Order.SUGGESTED else "confidence")
    return labels.unreviewed(samples).exists(path).sort_by(path)


def view_by_confidence(
    dataset: fo.Dataset, names: FieldNames, minimum: MinimumConfidence, maximum: float
) -> fo.DatasetView:
    """Samples, or objects one by one, whose confidence lies from the minimum of its class to the maximum."""
    samples, labels = flat_samples(dataset), labels_of(dataset, names)
    shown = one_by_one(samples, names.label) if names.objects else samples.exists(names.labelled)
    confidence, of_class = fo.ViewField(labels.path("confidence")), fo.ViewField(f"{names.label}.label")
    is_meant = confidence <= maximum
    if not isinstance(minimum, Mapping):
        return shown.match(is_meant & (confidence >= minimum))
    for name, least in minimum.items():
        is_meant &= (of_class != fo.ViewField.literal(name)) | (confidence >= least)
    return shown.match(is_meant)


def save_named_view(dataset: fo.Dataset, name: str, view: fo.DatasetView) -> None:
    """Save a view under a name that a person chose; one that auto-label saved there is replaced.

    Raises:
        InputError: A person saved a view under that name.
    """
    if dataset.has_saved_view(name) and not _is_ours(dataset, name):
        raise InputError(f"There is a saved view {name!r} already: choose another name.")
    dataset.save_view(name, view, description=VIEW_NOTE, overwrite=True)


def save_review_views(dataset: fo.Dataset, names: FieldNames) -> list[str]:
    """Save what there is to review as views of the dataset, under names that begin with the label field.

    FiftyOne keeps what a view of patches showed when it was saved, until it is reloaded.

    Returns:
        Their names; a view that a person saved under one of them is left as it is, and not among them.
    """
    orders = _names_of_views(names.label).items()
    return [
        name
        for order, name in orders
        if _save_unless_taken(dataset, name, unreviewed_in_order(dataset, names, order))
    ]


def delete_review_views(dataset: fo.Dataset, label_field: str) -> None:
    """Delete the views that `save_review_views` saved, and none of a person's."""
    names = (audit_view_name(label_field), contradictions_view_name(label_field))
    for name in (*_names_of_views(label_field).values(), *names):
        if dataset.has_saved_view(name) and _is_ours(dataset, name):
            dataset.delete_saved_view(name)


def save_audit_view(dataset: fo.Dataset, label_field: str, view: fo.DatasetView) -> None:
    """Save what waits for an audit as a view of the dataset; one of a person's is left as it is."""
    _save_unless_taken(dataset, audit_view_name(label_field), view)


def save_contradictions_view(dataset: fo.Dataset, names: FieldNames, ids: Sequence[str]) -> None:
    """Save the reviewed labels that similar images contradict as a view; without any there is none."""
    name = contradictions_view_name(names.label)
    if ids:
        _save_unless_taken(dataset, name, labels_of(dataset, names).view(ids))
    elif dataset.has_saved_view(name) and _is_ours(dataset, name):
        dataset.delete_saved_view(name)


def audit_view_name(label_field: str) -> str:
    """Name of the saved view of what waits for an audit."""
    return f"{label_field} audit"


def contradictions_view_name(label_field: str) -> str:
    """Name of the saved view of reviewed labels that similar images contradict."""
    return f"{label_field} contradictions"


def _save_unless_taken(dataset: fo.Dataset, name: str, view: fo.DatasetView) -> bool:
    """Save a view, unless a person saved one under its name."""
    is_free = not dataset.has_saved_view(name) or _is_ours(dataset, name)
    if is_free:
        dataset.save_view(name, view, description=VIEW_NOTE, overwrite=True)
    return is_free


def _names_of_views(label_field: str) -> dict[Order, str]:
    return {Order.SUGGESTED: f"{label_field} review first", Order.WORST: f"{label_field} worst first"}


def _is_ours(dataset: fo.Dataset, view: str) -> bool:
    return dataset.get_saved_view_info(view)["description"] == VIEW_NOTE
