"""Reviews of labels: approve, correct and withdraw, for images or objects in them, page by page.

A run that somebody else writes is waited for, one that died is completed, and edits made outside count.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import fiftyone as fo

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.label_sets import check_class_names, classes_in, set_text
from ..wording import is_readable
from .documents import IDS_PER_QUERY
from .fields import FieldNames, declare_reviews
from .internals import Samples, dataset_of, label_path
from .labels import Labels, labels_of
from .lock import WriteLock
from .patches import check_objects, is_patches, shown_field
from .reading import as_samples, check_samples, flat_samples
from .record import completed_runs, latest_run
from .review_views import Order, unreviewed_in_order
from .reviews import keep_reviews, new_action, restore_labels, reviews_of
from .schema import RunRecord
from .settling import settle


@dataclass(frozen=True, repr=False)
class Reviewed(Displayed):
    """What came of approving, correcting or withdrawing.

    Attributes:
        sample_ids: Samples, or objects, that it was done to.
        passed_over: Why others were left as they are → their number, which may be 0.
    """

    sample_ids: list[str]
    passed_over: dict[str, int]

    def _lines(self) -> list[str]:
        passed = "".join(f", {count:,} {why}" for why, count in self.passed_over.items() if count)
        return [f"Reviewed: {len(self.sample_ids):,}{passed}", "Next: refine_with_corrections(dataset)"]


def approve(samples: Samples, label_field: str = "auto_label") -> Reviewed:
    """Approve the labels that samples, or objects, have now.

    They are tagged too, so that the App shows and filters them. Reviewed labels stay as they are: after the
    wrong labels of a view have been corrected, all of the view can be approved.

    Args:
        samples: Dataset, view or single sample; where objects are labelled, those that it shows are meant,
            e.g. the patches of a patches view.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    samples = as_samples(samples)
    with locked_labels(samples, label_field) as labels:
        ids = labels.ids(samples)
        now, earlier = labels.read("label", ids), labels.read("corrected", ids)
        approved = {one: now[one]["label"] for one in now if now[one].get("label") and one not in earlier}
        keep_reviews(labels, approved, new_action())
        labels.tag(approved)
        labels.refresh(samples, approved)
    n_unlabelled = len(ids) - len(approved) - len(earlier)
    return Reviewed(list(approved), {"reviewed before": len(earlier), "without a label": n_unlabelled})


def correct(samples: Samples, class_name: str | Sequence[str], label_field: str = "auto_label") -> Reviewed:
    """Give samples, or objects, another class than the run did; it shows in the label field at once.

    Args:
        samples: Dataset, view or single sample, with or without labels; of objects, those that it shows are
            meant.
        class_name: The class of all of them; a known class, or a description of
            one, in any case of letters, stands for that class. Where an image may have several labels, all
            its classes: a list, empty for none, or a text like "cat|dog".
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field, or a name is blank.
    """
    samples = as_samples(samples)
    settle(dataset_of(samples))
    is_set = fields_of_run(samples, label_field).multilabel
    given = _checked_names(class_name, is_set)
    known = _described_by(run_of(samples, label_field)) | {
        name.casefold(): name for name in known_classes(samples, label_field)
    }
    names = [known.get(name.casefold(), name) for name in given]
    with locked_labels(samples, label_field) as labels:
        ids = labels.ids(samples)
        keep_reviews(labels, dict.fromkeys(ids, set_text(names) if is_set else names[0]), new_action())
        labels.untag(ids)
        labels.refresh(samples, ids)
    return Reviewed(ids, {})


def _checked_names(class_name: str | Sequence[str], is_set: bool) -> list[str]:
    """The class that was given; where an image may have several, all of them.

    Raises:
        InputError: A name is blank or not a text, or there are several where there can be but one.
    """
    given = classes_in(class_name) or [""] if is_set and isinstance(class_name, str) else class_name
    listed = list(given) if is_set and isinstance(given, Sequence) else [given]
    names = [name.strip() if isinstance(name, str) else "" for name in listed]
    if not all(name and is_readable(name) for name in names):
        raise InputError("The class name is blank or not a text: give the class of these samples.")
    if is_set:
        check_class_names(names)
    return names


def withdraw(samples: Samples, label_field: str = "auto_label") -> Reviewed:
    """Take back the reviews of samples, or objects.

    The label and confidence return that they had before the first review; later runs keep reviewed labels.

    Args:
        samples: Dataset, view or single sample; of objects, those that it shows are meant.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    samples = as_samples(samples)
    with locked_labels(samples, label_field) as labels:
        ids, reviews = labels.ids(samples), reviews_of(labels)
        reviewed = [one for one in ids if one in reviews]
        restore_labels(labels, reviewed)
        labels.untag(reviewed)
        labels.refresh(samples, reviewed)
    return Reviewed(reviewed, {"not reviewed": len(ids) - len(reviewed)})


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
    dataset = dataset_of(samples)
    settle(dataset)
    names = fields_of_run(samples, label_field)
    if not dataset.has_sample_field(names.corrected):  # deleted by a person: runs declare it
        with WriteLock(dataset) as lock:
            declare_reviews(lock.dataset, names)
    return unreviewed_in_order(samples, names, order)


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
        count: Most samples, from 1 to 100,000.
        label_field: Field that a run wrote.
        order: As for `review_view`.
        drawn: Ids of unreviewed samples or objects that take the last places, whatever the order.

    Raises:
        InputError: No run wrote that field, there is no such order, or the count is out of range.
    """
    check_count(count)
    page = review_view(samples, label_field, order).limit(count)
    labels = labels_of(dataset_of(samples), fields_of_run(samples, label_field))
    others = [one for one in labels.ids(page) if one not in drawn]
    return labels.view([*others[: count - len(drawn)], *drawn])


def check_count(count: int) -> None:
    """Check how many labels to review at a time.

    Raises:
        InputError: There is no such page: a query holds no more ids.
    """
    if not 1 <= count <= IDS_PER_QUERY:
        raise InputError(f"Ask for 1 to {IDS_PER_QUERY:,} labels at a time, not {count:,}.")


def fields_of_run(samples: Samples, label_field: str) -> FieldNames:
    """Names of the fields that go with a label field; see `run_of`."""
    return run_of(samples, label_field).label_fields


def run_of(samples: Samples, label_field: str) -> RunRecord:
    """The run that wrote a label field last.

    Raises:
        InputError: No run wrote that field, or the samples do not show what it is of.
    """
    samples, run = flat_samples(samples), latest_run(dataset_of(samples), label_field)
    known = reviewable_fields(samples)
    if run is None and known:
        raise InputError(f"No run wrote a label field {label_field!r}: choose {' or '.join(known)}.")
    if run and run.fields.objects:
        check_objects(samples, label_field)
    else:
        check_samples(samples)
    if run is None:
        raise InputError(f"No run wrote a label field {label_field!r}: run Auto-label first.")
    return run


def reviewable_fields(samples: Samples) -> list[str]:
    """Label fields that runs wrote; in a patches view, those of the objects that it shows."""
    written = {run.fields.label: run.fields for run in completed_runs(dataset_of(samples))}
    if not is_patches(samples):
        return list(written)
    return [label for label, names in written.items() if names.objects and shown_field(samples, label)]


def known_classes(samples: Samples, label_field: str = "auto_label") -> list[str]:
    """Classes of the last run and of the reviews since.

    Raises:
        InputError: No run wrote that field, or the samples do not show what it is of.
    """
    dataset, names = dataset_of(samples), fields_of_run(samples, label_field)
    classes = latest_run(dataset, label_field).classes
    if not dataset.has_sample_field(names.corrected):
        return list(classes)
    given = flat_samples(dataset).distinct(label_path(dataset, names.corrected, "label"))
    return list(dict.fromkeys([*classes, *given]))


@contextmanager
def locked_labels(samples: Samples, label_field: str) -> Iterator[Labels]:
    """The labels of a run, to be reviewed while nobody else writes."""
    settle(dataset_of(samples))
    names = fields_of_run(samples, label_field)
    with WriteLock(dataset_of(samples)) as lock:
        declare_reviews(lock.dataset, names)
        yield labels_of(lock.dataset, names)


def _described_by(run: RunRecord) -> dict[str, str]:
    """Description → class that it describes, for which it stands."""
    described = zip(run.classes, run.descriptions, strict=True)
    return {text.casefold(): name for name, texts in described for text in texts}
