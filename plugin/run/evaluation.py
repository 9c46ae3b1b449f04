"""How good labels are by a ground truth, of images or of objects in them.

The truth is only ever read here: no run sees it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.metrics import accuracy, area_under_risk_coverage, expected_calibration_error
from ..report.summarising import reliability_bins
from ..report.summary import ReliabilityBin
from ..wording import counted, listed, percent

if TYPE_CHECKING:
    from ..dataset import Samples


@dataclass(frozen=True)
class ClassScore:
    """How well one class is labelled.

    Attributes:
        name: The class.
        precision: Share of the images with this label that are of the class, in [0, 1].
        recall: Share of the images of the class that have this label, in [0, 1].
        f1: Harmonic mean of both, in [0, 1].
        images: Images, or objects, of the class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True, repr=False)
class Evaluation(Displayed):
    """Labels against a ground truth.

    Attributes:
        key: Key of the evaluation on the dataset, and of the field, or attribute of the objects, that tells
            which labels are right.
        label_field: The labels.
        truth_field: The ground truth.
        noun: What the labels are of: "image" or "object".
        n_images: Images, or objects, with both, which all else is about.
        n_left_out: Those that lack either.
        accuracy: Share of labels that are right, in [0, 1].
        accuracy_unreviewed: The same for labels that no person gave or approved; None if there are none.
        n_reviewed: Labels that a person gave or approved.
        expected_accuracy: Mean confidence, what the run expected of itself; None without confidence.
        calibration_error: Expected calibration error over 15 bins, in [0, 1]; None without confidence.
        risk: Area under the risk-coverage curve, in [0, 1]; None without confidence.
        reliability: Bins that hold any label, by confidence; empty without confidence.
        classes: One score per class, in alphabetical order.
        confusions: (true class, label) → images or objects, wrong labels only, most frequent first.
    """

    key: str
    label_field: str
    truth_field: str
    noun: str
    n_images: int
    n_left_out: int
    accuracy: float
    accuracy_unreviewed: float | None
    n_reviewed: int
    expected_accuracy: float | None
    calibration_error: float | None
    risk: float | None
    reliability: tuple[ReliabilityBin, ...]
    classes: tuple[ClassScore, ...]
    confusions: dict[tuple[str, str], int]

    def _lines(self) -> list[str]:
        compared = f"{self.label_field!r} against {self.truth_field!r} on {counted(self.n_images, self.noun)}"
        lines = [f"{compared}: {percent(self.accuracy)} right"]
        if self.expected_accuracy is not None:
            lines.append(f"{percent(self.expected_accuracy)} were expected to be right")
        pairs = [f"{true} as {label} {count:,}" for (true, label), count in self.confusions.items()]
        if pairs:
            lines.append(f"Most frequent errors: {listed(pairs)}")
        return [*lines, "Next: .classes for precision and recall, .confusions, .reliability"]


def evaluate(
    samples: "Samples", truth_field: str, label_field: str = "auto_label", *, key: str | None = None
) -> Evaluation:
    """Compare labels with a ground truth.

    The evaluation is stored on the dataset, where FiftyOne's Model Evaluation panel and
    `dataset.load_evaluation_results` find it. Objects that a run labelled are compared by their ids, and get
    an attribute that tells which labels are right, "tp" or "fp"; of fields with one object per image that is
    all that is stored. An earlier evaluation of the same key is replaced.

    Args:
        samples: Dataset or view; images or objects without a label or without a true class are left out.
        truth_field: Classification field with the true classes; of objects the field that they are from.
        label_field: Classification field with the labels; or the field of objects that a run labelled.
        key: Key of the evaluation; "<label field>_evaluation" if None.

    Raises:
        InputError: A field cannot be evaluated, nothing has both, or the key is a field of the user's.
    """
    from ..dataset import (
        dataset_of,
        evaluate_images,
        evaluate_objects,
        evaluated_names,
        flat_samples,
        is_reviewed,
        settle,
    )

    samples, key = flat_samples(samples), key or evaluation_key(label_field)
    check_evaluation(samples, truth_field, label_field, key)
    settle(dataset_of(samples))
    names = evaluated_names(dataset_of(samples), label_field)
    pairs = (evaluate_objects if names.objects else evaluate_images)(samples, truth_field, names, key)
    if not pairs.ids:
        raise InputError(
            f"No {names.noun} here has both {label_field!r} and {truth_field!r}: label some, or choose "
            "another view or slice."
        )
    reviewed, right = is_reviewed(dataset_of(samples), names, pairs.ids), pairs.right
    return Evaluation(
        key,
        label_field,
        truth_field,
        names.noun,
        n_images=len(right),
        n_left_out=pairs.n_left_out,
        accuracy=accuracy(pairs.labels, pairs.true),
        accuracy_unreviewed=None if reviewed.all() else float(right[~reviewed].mean()),
        n_reviewed=int(reviewed.sum()),
        **_of_confidence(pairs.confidence, right),
        classes=_class_scores(pairs.true, pairs.labels),
        confusions=_confusions(pairs.true[~right], pairs.labels[~right]),
    )


def evaluation_key(label_field: str) -> str:
    """Key of the evaluation of a label field where none is given."""
    return f"{label_field}_evaluation"


def check_evaluation(samples: "Samples", truth_field: str, label_field: str, key: str) -> None:
    """Check what is to be evaluated, without evaluating it.

    Raises:
        InputError: A field cannot be evaluated, both are the same, or the key is a field of the user's.
    """
    from ..dataset import check_images, check_labelled_objects, dataset_of, evaluated_names, flat_samples

    samples = flat_samples(samples)
    if truth_field == label_field:
        raise InputError(f"{label_field!r} cannot be its own ground truth: choose another field.")
    if not key.isidentifier() or key.startswith("_"):
        raise InputError(f"{key!r} cannot be the key of an evaluation: use letters, digits and underscores.")
    is_of_objects = evaluated_names(dataset_of(samples), label_field).objects
    check = check_labelled_objects if is_of_objects else check_images
    check(samples, truth_field, label_field, key)


def _of_confidence(confidence: list[float | None], right: np.ndarray) -> dict[str, Any]:
    """What the confidence was worth; nothing where a label has none, as those of other tools may."""
    values = np.array([np.nan if one is None else one for one in confidence], np.float64)
    if np.isnan(values).any():
        return {"expected_accuracy": None, "calibration_error": None, "risk": None, "reliability": ()}
    return {
        "expected_accuracy": float(values.mean()),
        "calibration_error": expected_calibration_error(values, right),
        "risk": area_under_risk_coverage(values, right),
        "reliability": reliability_bins(values, right),
    }


def _class_scores(true: np.ndarray, labels: np.ndarray) -> tuple[ClassScore, ...]:
    from sklearn.metrics import precision_recall_fscore_support

    names = sorted({*true.tolist(), *labels.tolist()})
    scores = precision_recall_fscore_support(true, labels, labels=names, zero_division=0)
    return tuple(
        ClassScore(name, float(precision), float(recall), float(f1), int(images))
        for name, precision, recall, f1, images in zip(names, *scores, strict=True)
    )


def _confusions(true: np.ndarray, labels: np.ndarray) -> dict[tuple[str, str], int]:
    pairs = Counter(zip(true.tolist(), labels.tolist(), strict=True))
    return dict(sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])))
