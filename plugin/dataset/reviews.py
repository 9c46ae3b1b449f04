"""Reviews of labels: approve, correct and withdraw, for images or objects in them.

A reviewed label is the class that a person approved or gave. Reviewed labels anchor every later run, and no
run overwrites them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from .documents import Document
from .fields import FieldNames, declare_reviews
from .internals import Samples, dataset_of, label_path
from .labels import Labels, labels_of
from .lock import WriteLock
from .patches import check_objects, is_patches, shown_field
from .reading import check_samples, flat_samples
from .record import completed_runs, latest_run
from .schema import RunRecord


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
        samples: Dataset or view; where objects are labelled, those that it shows are meant, e.g. the patches
            of a patches view.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    names = fields_of_run(samples, label_field)
    with WriteLock(dataset_of(samples)) as lock:
        declare_reviews(lock.dataset, names)
        labels = labels_of(lock.dataset, names)
        ids = labels.ids(samples)
        now, earlier = labels.read("label", ids), labels.read("corrected", ids)
        approved = {one: now[one]["label"] for one in now if now[one].get("label") and one not in earlier}
        _keep(labels, approved, now, earlier)
        labels.tag(approved)
        labels.refresh(samples, approved)
    n_unlabelled = len(ids) - len(approved) - len(earlier)
    return Reviewed(list(approved), {"reviewed before": len(earlier), "without a label": n_unlabelled})


def correct(samples: Samples, class_name: str, label_field: str = "auto_label") -> Reviewed:
    """Give samples, or objects, another class than the run did; it shows in the label field at once.

    Args:
        samples: Dataset or view, with or without labels; of objects, those that it shows are meant.
        class_name: The class of all of them; a known class, or a description of
            one, in any case of letters, stands for that class.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field, or the name is blank.
    """
    names = fields_of_run(samples, label_field)
    given = class_name.strip()
    if not given:
        raise InputError("The class name is blank: give the class of these samples.")
    known = _described_by(dataset_of(samples), label_field) | {
        name.casefold(): name for name in known_classes(samples, label_field)
    }
    with WriteLock(dataset_of(samples)) as lock:
        declare_reviews(lock.dataset, names)
        labels = labels_of(lock.dataset, names)
        ids = labels.ids(samples)
        reviews = dict.fromkeys(ids, known.get(given.casefold(), given))
        _keep(labels, reviews, labels.read("label", ids), labels.read("corrected", ids))
        labels.untag(ids)
        labels.refresh(samples, ids)
    return Reviewed(ids, {})


def withdraw(samples: Samples, label_field: str = "auto_label") -> Reviewed:
    """Take back the reviews of samples, or objects.

    The label and confidence return that they had before the first review; later runs keep reviewed labels.

    Args:
        samples: Dataset or view; of objects, those that it shows are meant.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    names = fields_of_run(samples, label_field)
    with WriteLock(dataset_of(samples)) as lock:
        labels = labels_of(lock.dataset, names)
        ids, reviews = labels.ids(samples), read_reviews(lock.dataset, names)
        reviewed = [one for one in ids if one in reviews]
        _restore(labels, reviewed)
        labels.untag(reviewed)
        labels.refresh(samples, reviewed)
    return Reviewed(reviewed, {"not reviewed": len(ids) - len(reviewed)})


def read_reviews(dataset: fo.Dataset, names: FieldNames) -> dict[str, str]:
    """The reviewed labels of a dataset, of its samples or of its objects if they are what is labelled.

    A label counts too whose sample or object is only tagged "approved", as can be done by hand in the App.

    Args:
        dataset: Dataset with or without reviews.
        names: Fields of the run.

    Returns:
        Sample id, or object id → class name.
    """
    labels = labels_of(dataset, names)
    given = labels.values("corrected", "label")
    return labels.tagged() | {one: name for one, (name,) in given.items()}


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


def fields_of_run(samples: Samples, label_field: str) -> FieldNames:
    """Names of the fields that go with a label field; see `run_of`."""
    return run_of(samples, label_field).label_fields


def run_of(samples: Samples, label_field: str) -> RunRecord:
    """The run that wrote a label field last.

    Raises:
        InputError: No run wrote that field, or the samples do not show what it is of.
    """
    samples, run = flat_samples(samples), latest_run(dataset_of(samples), label_field)
    if run and run.fields.objects:
        check_objects(samples, label_field)
    else:
        check_samples(samples)
    if run is None:
        known = reviewable_fields(samples)
        advice = f"choose {' or '.join(known)}." if known else "run Auto-label first."
        raise InputError(f"No run wrote a label field {label_field!r}: {advice}")
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


def _described_by(dataset: fo.Dataset, label_field: str) -> dict[str, str]:
    """Description → class that it describes, for which it stands."""
    run = latest_run(dataset, label_field)
    described = zip(run.classes, run.descriptions, strict=True)
    return {text.casefold(): name for name, texts in described for text in texts}


def _keep(
    labels: Labels, reviews: dict[str, str], now: dict[str, Document], earlier: dict[str, Document]
) -> None:
    """Write reviews, and show them in the fields of the run."""
    labels.put(
        {
            one: {
                "corrected": _review(name, earlier.get(one), now.get(one, {})),
                "label": now.get(one, {}) | {"label": name, "confidence": 1.0},
            }
            for one, name in reviews.items()
        }
    )


def _restore(labels: Labels, ids: list[str]) -> None:
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


def _review(name: str, earlier: Document | None, label: Document) -> Document:
    """A review that keeps the label and confidence of the run, however often it is changed."""
    if earlier is None:
        of_run = {"run_label": label.get("label"), "run_confidence": label.get("confidence")}
    else:
        of_run = {"run_label": earlier.get("run_label"), "run_confidence": earlier.get("run_confidence")}
    return {"label": name, "confidence": None} | of_run
