"""Labels by their confidence: a view of them, and how many of them are right.

A view with thresholds by class shows the same labels as an export with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.audit import Estimate, estimate_accuracy
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.thresholds import MinimumConfidence, check_minimum, check_named, within
from ..report.measured import basis
from ..wording import counted, percent
from .audit import audited_labels

if TYPE_CHECKING:
    import fiftyone as fo

    from ..export.options import ExportOptions


@dataclass(frozen=True, repr=False)
class SelectedLabels(Displayed):
    """The labels of a run with a confidence in a range.

    Attributes:
        view: Samples, or objects one by one, that have them now.
        count: How many labels of the run they were.
        total: Labels of the run in all.
        expected_accuracy: Share of them that is expected to be right, in [0, 1]; None if there are none.
        measured: Share that is right by an audit; None if none of them was audited.
        noun: What the labels are of: "image" or "object".
    """

    view: "fo.DatasetView"
    count: int
    total: int
    expected_accuracy: float | None
    measured: Estimate | None
    noun: str

    def _lines(self) -> list[str]:
        return [str(self)]

    def __str__(self) -> str:
        """How many labels there are, and how many of them are right, in a sentence."""
        said = f"{self.count:,} of {counted(self.total, self.noun)} have such a confidence"
        if self.expected_accuracy is None:
            return f"{said}."
        said += f": {percent(self.expected_accuracy)} of their labels are expected to be right"
        if self.measured:
            said += f", measured {percent(self.measured.accuracy)} ({basis(self.measured, self.noun)})"
        return f"{said}."

    def to_dict(self) -> dict[str, Any]:
        """The same in values that go through JSON, without the view."""
        measured = self.measured and vars(self.measured)
        return {
            "count": self.count,
            "total": self.total,
            "expected_accuracy": self.expected_accuracy,
            "measured": measured and dict(measured),
        }


def what_is_kept(dataset: "fo.Dataset", options: "ExportOptions") -> SelectedLabels | None:
    """What the minimum confidence of an export keeps of all labels of a run; None where there is neither.

    Also None where an image may have several labels, of which an export takes one by one.
    """
    from ..dataset import reviewable_fields, run_of

    if not options.minimum_confidence or options.label_field not in reviewable_fields(dataset):
        return None
    if run_of(dataset, options.label_field).label_fields.multilabel:
        return None
    return select_by_confidence(dataset, options.minimum_confidence, label_field=options.label_field)


def select_by_confidence(
    dataset: "fo.Dataset",
    minimum_confidence: MinimumConfidence = 0.0,
    maximum_confidence: float = 1.0,
    label_field: str = "auto_label",
    *,
    save_as: str | None = None,
) -> SelectedLabels:
    """Find the labels with a confidence in a range, and how many of them are right.

    The accuracies are of the labels as the run gave them. Reviewed labels have a confidence of 1 in the view.

    Args:
        dataset: Dataset of the run.
        minimum_confidence: Least confidence, in [0, 1]: one number, or a mapping from classes to numbers,
            with 0 for the others.
        maximum_confidence: Largest confidence, in [0, 1].
        label_field: Field that a run wrote.
        save_as: Name to save the view under, None to save none.

    Raises:
        InputError: No run wrote the field, a threshold is not a confidence or of no class, or a person has
            saved a view under that name.
    """
    from ..dataset import known_classes, load_outcome, run_of, save_named_view, settle, view_by_confidence

    check_minimum(minimum_confidence)
    if not 0 <= maximum_confidence <= 1:
        raise InputError(f"The maximum confidence is {maximum_confidence}: give one from 0 to 1.")
    settle(dataset)
    run = run_of(dataset, label_field)
    if run.label_fields.multilabel and isinstance(minimum_confidence, Mapping):
        raise InputError(
            f"In {label_field!r} the confidence is of all labels of an image together: give one number, or "
            "thresholds by class to an export."
        )
    check_named(minimum_confidence, known_classes(dataset, label_field))
    view = view_by_confidence(dataset, run.label_fields, minimum_confidence, maximum_confidence)
    if save_as is not None:
        save_named_view(dataset, save_as, view)
    outcome, bounds = load_outcome(dataset, run.key), (minimum_confidence, maximum_confidence)
    is_meant = within(outcome.confidence, outcome.labels, outcome.classes, *bounds)
    is_known, measured = outcome.review_rank == 0, None
    if audited := audited_labels(dataset, run):
        is_meant_too = within(audited.confidence, audited.labels, outcome.classes, *bounds)
        measured = estimate_accuracy(
            audited.right,
            audited.weights * is_meant_too,
            int(np.sum(is_meant & ~is_known)),
            int(np.sum(is_meant & is_known)),
        )
    return SelectedLabels(
        view=view,
        count=int(is_meant.sum()),
        total=len(is_meant),
        expected_accuracy=float(outcome.confidence[is_meant].mean()) if is_meant.any() else None,
        measured=measured,
        noun=run.noun,
    )
