"""What a person should look at next, as an order of the samples and as saved views.

Reviewed samples are left out, whatever the order.
"""

from collections.abc import Sequence
from enum import Enum

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError
from ..engine.results import Refinement
from ..engine.review import review_order
from .fields import declare_reviews
from .internals import Samples, dataset_of
from .labels import labels_of
from .lock import WriteLock
from .reviews import fields_of_run

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


def review_view(
    samples: Samples, label_field: str = "auto_label", order: str = Order.SUGGESTED
) -> fo.DatasetView:
    """Labelled samples, or objects one by one, without a review, those to review first in front.

    Args:
        samples: Dataset or view.
        label_field: Field that a run wrote.
        order: "suggested": most informative first; "worst": least confidence first.

    Raises:
        InputError: No run wrote that field, or there is no such order.
    """
    if order not in list(Order):
        raise InputError(f"There is no order {order!r}: choose {' or '.join(one.value for one in Order)}.")
    names, dataset = fields_of_run(samples, label_field), dataset_of(samples)
    if not dataset.has_sample_field(names.corrected):  # deleted by a person: runs declare it
        with WriteLock(dataset) as lock:
            declare_reviews(lock.dataset, names)
    labels = labels_of(dataset, names)
    path = labels.path("review_rank" if order == Order.SUGGESTED else "confidence")
    return labels.unreviewed(samples).exists(path).sort_by(path)


def review_next(
    samples: Samples,
    count: int = 24,
    label_field: str = "auto_label",
    order: str = Order.SUGGESTED,
    drawn: Sequence[str] = (),
) -> fo.DatasetView:
    """What a person should look at next, samples or objects; they stay in the view when they are reviewed.

    Args:
        samples: Dataset or view.
        count: Most samples, at least 1.
        label_field: Field that a run wrote.
        order: As for `review_view`.
        drawn: Ids of unreviewed samples or objects that take the last places, whatever the order.

    Raises:
        InputError: No run wrote that field, there is no such order, or the count is below 1.
    """
    if count < 1:
        raise InputError(f"Ask for at least 1 sample, not {count}.")
    page = review_view(samples, label_field, order).limit(count)
    labels = labels_of(dataset_of(samples), fields_of_run(samples, label_field))
    others = [one for one in labels.ids(page) if one not in drawn]
    return labels.view([*others[: count - len(drawn)], *drawn])


def save_review_views(dataset: fo.Dataset, label_field: str) -> list[str]:
    """Save what there is to review as views of the dataset, under names that begin with the label field.

    FiftyOne keeps what a view of patches showed when it was saved, until it is reloaded.

    Returns:
        Their names; a view that a person saved under one of them is left as it is, and not among them.
    """
    saved = []
    for order, name in _names_of_views(label_field).items():
        if dataset.has_saved_view(name) and not _is_ours(dataset, name):
            continue
        view = review_view(dataset, label_field, order)
        dataset.save_view(name, view, description=VIEW_NOTE, overwrite=True)
        saved.append(name)
    return saved


def delete_review_views(dataset: fo.Dataset, label_field: str) -> None:
    """Delete the views that `save_review_views` saved, and none of a person's."""
    for name in (*_names_of_views(label_field).values(), audit_view_name(label_field)):
        if dataset.has_saved_view(name) and _is_ours(dataset, name):
            dataset.delete_saved_view(name)


def save_audit_view(dataset: fo.Dataset, label_field: str, view: fo.DatasetView) -> None:
    """Save what waits for an audit as a view of the dataset; one of a person's is left as it is."""
    name = audit_view_name(label_field)
    if not dataset.has_saved_view(name) or _is_ours(dataset, name):
        dataset.save_view(name, view, description=VIEW_NOTE, overwrite=True)


def audit_view_name(label_field: str) -> str:
    """Name of the saved view of what waits for an audit."""
    return f"{label_field} audit"


def _names_of_views(label_field: str) -> dict[Order, str]:
    return {Order.SUGGESTED: f"{label_field} review first", Order.WORST: f"{label_field} worst first"}


def _is_ours(dataset: fo.Dataset, view: str) -> bool:
    return dataset.get_saved_view_info(view)["description"] == VIEW_NOTE
