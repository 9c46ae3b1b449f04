"""How good labels are by a ground truth, kept as an evaluation of FiftyOne's, which its own panel shows.

The truth is only ever read here: no run sees it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .engine.errors import InputError
from .engine.metrics import accuracy, area_under_risk_coverage, expected_calibration_error
from .report.summarising import reliability_bins
from .report.summary import ReliabilityBin

if TYPE_CHECKING:
    from .dataset.reading import Samples


@dataclass(frozen=True)
class ClassScore:
    """How well one class is labelled.

    Attributes:
        name: The class.
        precision: Share of the images with this label that are of the class, in [0, 1].
        recall: Share of the images of the class that have this label, in [0, 1].
        f1: Harmonic mean of both, in [0, 1].
        images: Images of the class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True)
class Evaluation:
    """Labels against a ground truth.

    Attributes:
        key: Key of the evaluation on the dataset, and of the field that tells which labels are right.
        label_field: The labels.
        truth_field: The ground truth.
        n_images: Images with both, which all else is about.
        n_left_out: Images that lack either.
        accuracy: Share of labels that are right, in [0, 1].
        accuracy_unanswered: The same for labels that no person gave or approved; None if there are none.
        n_answered: Labels that a person gave or approved.
        expected_accuracy: Mean confidence, what the run expected of itself; None without confidence.
        calibration_error: Expected calibration error over 15 bins, in [0, 1]; None without confidence.
        risk: Area under the risk-coverage curve, in [0, 1]; None without confidence.
        reliability: Bins that hold any label, by confidence; empty without confidence.
        classes: One score per class, in alphabetical order.
        confusions: (true class, label) → images, wrong labels only, most frequent first.
    """

    key: str
    label_field: str
    truth_field: str
    n_images: int
    n_left_out: int
    accuracy: float
    accuracy_unanswered: float | None
    n_answered: int
    expected_accuracy: float | None
    calibration_error: float | None
    risk: float | None
    reliability: tuple[ReliabilityBin, ...]
    classes: tuple[ClassScore, ...]
    confusions: dict[tuple[str, str], int]


def evaluate(
    samples: "Samples", truth_field: str, label_field: str = "auto_label", *, key: str | None = None
) -> Evaluation:
    """Compare labels with a ground truth.

    The evaluation is stored on the dataset, where FiftyOne's Model Evaluation panel and
    `dataset.load_evaluation_results` find it. An earlier one of the same key is replaced.

    Args:
        samples: Dataset or view; images without a label or without a true class are left out.
        truth_field: Classification field with the true classes.
        label_field: Classification field with the labels.
        key: Key of the evaluation; "<label field>_evaluation" if None.

    Raises:
        InputError: A field is no classification, no image has both, or the key is a field of the user's.
    """
    from .dataset.answers import read_answers
    from .dataset.fields import FieldNames
    from .dataset.reading import dataset_of, flat_samples

    samples, key = flat_samples(samples), key or evaluation_key(label_field)
    check_evaluation(samples, truth_field, label_field, key)
    both = samples.exists(f"{truth_field}.label").exists(f"{label_field}.label")
    if len(both) == 0:
        raise InputError(
            f"No image here has both {label_field!r} and {truth_field!r}: label some, or choose another view "
            "or slice."
        )
    results = both.evaluate_classifications(label_field, gt_field=truth_field, eval_key=key, progress=False)
    answers = read_answers(dataset_of(samples), FieldNames(label=label_field))
    answered = np.array([one in answers for one in both.values("id")])
    right = results.ytrue == results.ypred
    return Evaluation(
        key,
        label_field,
        truth_field,
        n_images=len(right),
        n_left_out=len(samples) - len(right),
        accuracy=accuracy(results.ypred, results.ytrue),
        accuracy_unanswered=None if answered.all() else float(right[~answered].mean()),
        n_answered=int(answered.sum()),
        **_of_confidence(results.confs, right),
        classes=_class_scores(results.report(), sorted({*results.ytrue, *results.ypred})),
        confusions=_confusions(results.ytrue[~right], results.ypred[~right]),
    )


def evaluation_key(label_field: str) -> str:
    """Key of the evaluation of a label field where none is given."""
    return f"{label_field}_evaluation"


def check_evaluation(samples: "Samples", truth_field: str, label_field: str, key: str) -> None:
    """Check what is to be evaluated, without evaluating it.

    Raises:
        InputError: A field is no classification, both are the same, or the key is a field of the user's.
    """
    from .dataset.reading import check_samples, classification_fields, dataset_of, flat_samples

    check_samples(flat_samples(samples))
    known = classification_fields(samples)
    if truth_field == label_field:
        raise InputError(f"{label_field!r} cannot be its own ground truth: choose another field.")
    for field, other in ((label_field, truth_field), (truth_field, label_field)):
        if field not in known:
            choices = ", ".join(name for name in known if name != other)
            raise InputError(
                f"There is no field {field!r} with one class per image (there are: "
                f"{choices or 'none yet'}): choose another."
            )
    dataset = dataset_of(samples)
    if not key.isidentifier():
        raise InputError(f"{key!r} cannot be the key of an evaluation: use letters, digits and underscores.")
    if key not in dataset.list_evaluations() and dataset.has_sample_field(key):
        raise InputError(f"The evaluation would overwrite the field {key!r}: give another key.")


def _of_confidence(confidence: np.ndarray, right: np.ndarray) -> dict[str, object]:
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


def _class_scores(report: dict[str, dict], names: list[str]) -> tuple[ClassScore, ...]:
    return tuple(
        ClassScore(
            name,
            precision=float(report[name]["precision"]),
            recall=float(report[name]["recall"]),
            f1=float(report[name]["f1-score"]),
            images=int(report[name]["support"]),
        )
        for name in names
    )


def _confusions(true: np.ndarray, labels: np.ndarray) -> dict[tuple[str, str], int]:
    pairs = Counter(zip(true.tolist(), labels.tolist(), strict=True))
    return dict(sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])))
