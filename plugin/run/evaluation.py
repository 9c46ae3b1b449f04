"""How good labels are by a ground truth, of images or of objects in them.

The truth is only ever read here: no run sees it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.label_sets import all_classes, membership
from ..engine.metrics import accuracy, area_under_risk_coverage, expected_calibration_error
from ..report.summarising import reliability_bins
from ..report.summary import ReliabilityBin
from ..wording import counted, listed, percent

if TYPE_CHECKING:
    from ..dataset import FieldNames, Outcome, Pairs, Samples


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


@dataclass(frozen=True)
class SetScores:
    """How good single labels are where an image may have several.

    Attributes:
        precision: Share of all labels that are right, in [0, 1].
        recall: Share of all true classes that were given, in [0, 1].
        f1: Harmonic mean of both ("micro"), in [0, 1].
        macro_f1: Mean F1 of the classes that occur, in [0, 1].
        mean_average_precision: Mean over the classes that occur of the area under precision and recall, by
            the probabilities that the run gave to every class, in [0, 1].
        calibration_error: Expected calibration error of these probabilities over 15 bins, the mean of all
            classes, in [0, 1].
    """

    precision: float
    recall: float
    f1: float
    macro_f1: float
    mean_average_precision: float
    calibration_error: float


@dataclass(frozen=True, repr=False)
class Evaluation(Displayed):
    """Labels against a ground truth.

    Attributes:
        key: Key of the evaluation on the dataset, and of the field, or attribute of the objects, that tells
            which labels are right; "" of several labels an image, which FiftyOne cannot keep.
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
        confusions: (true class, label) → images or objects, wrong labels only, most frequent first; empty
            where an image may have several labels.
        single: Of single labels, where an image may have several; what is right above are then all labels of
            an image together. None otherwise.
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
    single: SetScores | None = None

    def _lines(self) -> list[str]:
        compared = f"{self.label_field!r} against {self.truth_field!r} on {counted(self.n_images, self.noun)}"
        lines = [f"{compared}: {percent(self.accuracy)} right"]
        if self.expected_accuracy is not None:
            lines.append(f"{percent(self.expected_accuracy)} were expected to be right")
        if self.single:
            lines.append(self.of_single_labels)
        pairs = [f"{true} as {label} {count:,}" for (true, label), count in self.confusions.items()]
        if pairs:
            lines.append(f"Most frequent errors: {listed(pairs)}")
        return [*lines, "Next: .classes for precision and recall, .confusions, .reliability"]

    @property
    def of_single_labels(self) -> str:
        """The scores of single labels in a line, "" where an image has one label."""
        if self.single is None:
            return ""
        names = (("precision", "precision"), ("recall", "recall"), ("f1", "F1"), ("macro_f1", "macro F1"))
        shown = [f"{words} {percent(getattr(self.single, name))}" for name, words in names]
        shown.append(f"mean average precision {percent(self.single.mean_average_precision)}")
        return f"Of single labels: {', '.join(shown)}"


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
        evaluate_sets,
        evaluated_names,
        flat_samples,
        settle,
    )

    samples, key = flat_samples(samples), key or evaluation_key(label_field)
    check_evaluation(samples, truth_field, label_field, key)
    settle(dataset_of(samples))
    names = evaluated_names(dataset_of(samples), label_field)
    if names.multilabel:
        return _of_sets(samples, evaluate_sets(samples, truth_field, names), names, truth_field)
    pairs = (evaluate_objects if names.objects else evaluate_images)(samples, truth_field, names, key)
    return Evaluation(
        **_compared(samples, pairs, names, truth_field),
        key=key,
        classes=_class_scores(pairs.true, pairs.labels),
        confusions=_confusions(pairs.true[~pairs.right], pairs.labels[~pairs.right]),
    )


def _compared(samples: "Samples", pairs: "Pairs", names: "FieldNames", truth_field: str) -> dict[str, Any]:
    """What is evaluated whatever the labels are.

    Raises:
        InputError: Nothing has both.
    """
    from ..dataset import dataset_of, is_reviewed

    if not pairs.ids:
        raise InputError(
            f"No {names.noun} here has both {names.label!r} and {truth_field!r}: label some, or choose "
            "another view or slice."
        )
    reviewed, right = is_reviewed(dataset_of(samples), names, pairs.ids), pairs.right
    return {
        "label_field": names.label,
        "truth_field": truth_field,
        "noun": names.noun,
        "n_images": len(right),
        "n_left_out": pairs.n_left_out,
        "accuracy": accuracy(pairs.labels, pairs.true),
        "accuracy_unreviewed": None if reviewed.all() else float(right[~reviewed].mean()),
        "n_reviewed": int(reviewed.sum()),
        **_of_confidence(pairs.confidence, right),
    }


def _of_sets(samples: "Samples", pairs: "Pairs", names: "FieldNames", truth_field: str) -> Evaluation:
    """The evaluation of labels of images that may have several."""
    from sklearn.metrics import precision_recall_fscore_support

    from ..dataset import dataset_of, load_outcome, run_of

    compared = _compared(samples, pairs, names, truth_field)
    texts = {"true": pairs.true.tolist(), "given": pairs.labels.tolist()}
    classes = all_classes([*texts["true"], *texts["given"]])
    true, given = (
        membership(dict(zip(pairs.ids, column, strict=True)), pairs.ids, classes) for column in texts.values()
    )
    columns = precision_recall_fscore_support(true, given, zero_division=0)
    scores = tuple(
        ClassScore(name, float(precision), float(recall), float(f1), int(images))
        for name, precision, recall, f1, images in zip(classes, *columns, strict=True)
    )
    outcome = load_outcome(dataset_of(samples), run_of(samples, names.label).key)
    precision, recall, f1, _ = precision_recall_fscore_support(true, given, average="micro", zero_division=0)
    single = SetScores(
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        macro_f1=float(np.mean([one.f1 for one in scores if one.images])),
        **_of_probabilities(outcome, dict(zip(pairs.ids, texts["true"], strict=True))),
    )
    return Evaluation(**compared, key="", classes=scores, confusions={}, single=single)


def _of_probabilities(outcome: "Outcome", true: Mapping[str, str]) -> dict[str, float]:
    """Mean average precision and calibration error of what a run said of every class.

    Args:
        outcome: What it said.
        true: Sample id → true classes as one text.
    """
    from sklearn.metrics import average_precision_score

    has = membership(true, outcome.sample_ids, outcome.classes)
    known = has[:, 0] >= 0
    has, p = has[known] == 1, outcome.class_probabilities[known].astype(np.float64)
    ranked = [average_precision_score(has[:, c], p[:, c]) for c in np.flatnonzero(has.any(axis=0))]
    errors = [expected_calibration_error(p[:, c], has[:, c]) for c in range(has.shape[1])] if len(has) else []
    return {
        "mean_average_precision": float(np.mean(ranked)) if ranked else 0.0,
        "calibration_error": float(np.mean(errors)) if errors else 0.0,
    }


def evaluation_key(label_field: str) -> str:
    """Key of the evaluation of a label field where none is given."""
    return f"{label_field}_evaluation"


def check_evaluation(samples: "Samples", truth_field: str, label_field: str, key: str) -> None:
    """Check what is to be evaluated, without evaluating it.

    Raises:
        InputError: A field cannot be evaluated, both are the same, or the key is a field of the user's.
    """
    from ..dataset import (
        check_images,
        check_labelled_objects,
        check_sets,
        dataset_of,
        evaluated_names,
        flat_samples,
    )

    samples = flat_samples(samples)
    if truth_field == label_field:
        raise InputError(f"{label_field!r} cannot be its own ground truth: choose another field.")
    if not key.isidentifier() or key.startswith("_"):
        raise InputError(f"{key!r} cannot be the key of an evaluation: use letters, digits and underscores.")
    names = evaluated_names(dataset_of(samples), label_field)
    if names.multilabel:
        check_sets(samples, truth_field, label_field)
        return
    is_of_objects = names.objects
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
