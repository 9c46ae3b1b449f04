"""What people say of labels, kept apart from what runs say: approvals and corrections.

An answer is the class that a person gave or approved. Answers anchor every later run, and no run writes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError
from .fields import APPROVED_TAG, FieldNames, answer_fields, declare_answers
from .lock import WriteLock
from .patches import read_approved_objects
from .reading import Samples, check_samples, dataset_of
from .runs import labelled_fields, latest_run


@dataclass(frozen=True)
class Answered:
    """What came of approving, correcting or withdrawing.

    Attributes:
        sample_ids: Samples that it was done to.
        passed_over: Why others were left as they are → their number, which may be 0.
    """

    sample_ids: list[str]
    passed_over: dict[str, int]


def approve(samples: Samples, label_field: str = "auto_label") -> Answered:
    """Keep the labels that samples have now, as a person's word.

    The samples are tagged too, so that the App shows and filters them. Samples with an answer keep it: after
    the wrong labels of a view have been corrected, all of the view can be approved.

    Args:
        samples: Dataset or view.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    names, dataset = fields_of_run(samples, label_field), dataset_of(samples)
    with WriteLock(dataset):
        answers, labels = read_answers(dataset, names, is_tag_enough=False), _labels(samples, names)
        answered = {one for one in labels if one in answers}
        approved = {
            one: label.label for one, label in labels.items() if label is not None and one not in answered
        }
        _keep(dataset, names, approved, labels)
        dataset.select(list(approved)).tag_samples(APPROVED_TAG)
    unlabelled = len(labels) - len(approved) - len(answered)
    return Answered(list(approved), {"answered before": len(answered), "without a label": unlabelled})


def correct(samples: Samples, class_name: str, label_field: str = "auto_label") -> Answered:
    """Give samples another class than the run did; it shows in the label field at once.

    Args:
        samples: Dataset or view, with or without labels.
        class_name: The class of all of them; one that differs from a known class in case only is that class.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field, or the name is blank.
    """
    names, dataset = fields_of_run(samples, label_field), dataset_of(samples)
    given = class_name.strip()
    if not given:
        raise InputError("Say which class the samples are of: the name is blank.")
    known = {name.casefold(): name for name in known_classes(samples, label_field)}
    with WriteLock(dataset):
        labels = _labels(samples, names)
        _keep(dataset, names, dict.fromkeys(labels, known.get(given.casefold(), given)), labels)
        dataset.select(list(labels)).untag_samples(APPROVED_TAG)
    return Answered(list(labels), {})


def withdraw(samples: Samples, label_field: str = "auto_label") -> Answered:
    """Take back what a person said of samples; the label and confidence of the last run return.

    Args:
        samples: Dataset or view.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    names, dataset = fields_of_run(samples, label_field), dataset_of(samples)
    with WriteLock(dataset):
        answers, labels = read_answers(dataset, names), _labels(samples, names)
        said = [one for one in labels if one in answers]
        _restore(dataset, names, said, labels)
        dataset.select(said).untag_samples(APPROVED_TAG)
    return Answered(said, {"not answered": len(labels) - len(said)})


def read_answers(dataset: fo.Dataset, names: FieldNames, *, is_tag_enough: bool = True) -> dict[str, str]:
    """What people said of the samples of a dataset, or of its objects if they are what is labelled.

    Args:
        dataset: Dataset with or without answers.
        names: Fields of the run.
        is_tag_enough: Whether a label counts whose sample is only tagged "approved", as people do by hand
            in the App. Where the tag goes with an answer on another label field, it does not count here.

    Returns:
        Sample id, or object id → class name.
    """
    if names.objects:
        return read_approved_objects(dataset, names)
    said: dict[str, str] = {}
    if is_tag_enough and dataset.has_sample_field(names.label):
        tagged = dataset.match_tags(APPROVED_TAG).exists(f"{names.label}.label")
        for field in answer_fields(dataset):
            tagged = tagged.exists(field, False)
        said |= _by_id(tagged, f"{names.label}.label")
    if dataset.has_sample_field(names.corrected):
        path = f"{names.corrected}.label"
        said |= _by_id(dataset.exists(path), path)
    return said


def anchors_of(answers: dict[str, str], ids: Iterable[str], classes: Iterable[str]) -> np.ndarray:
    """Answers as the engine takes them.

    Args:
        answers: Sample id → class name.
        ids: n sample ids.
        classes: k class names.

    Returns:
        (n,) int64 class numbers, -1 for samples without an answer, or with one that is no class.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(answers.get(one), -1) for one in ids], np.int64)


def fields_of_run(samples: Samples, label_field: str) -> FieldNames:
    """Names of the fields that go with a label field.

    Raises:
        InputError: No run wrote that field, it labels objects, or the samples are not images.
    """
    check_samples(samples)
    run = latest_run(dataset_of(samples), label_field)
    if run and run.fields.objects:
        raise InputError(
            f"{label_field!r} labels objects: look at them in a patches view, correct what is wrong there, "
            f"and tag what is right as {APPROVED_TAG!r}; the next run keeps that."
        )
    if run is None:
        known = labelled_fields(dataset_of(samples))
        advice = f"choose {' or '.join(known)}." if known else "run Auto-label first."
        raise InputError(f"No run wrote a label field {label_field!r}: {advice}")
    return run.fields


def known_classes(samples: Samples, label_field: str = "auto_label") -> list[str]:
    """Classes of the last run and those that people gave since.

    Raises:
        InputError: No run wrote that field, or the samples are not images.
    """
    dataset, names = dataset_of(samples), fields_of_run(samples, label_field)
    classes = latest_run(dataset, label_field).classes
    given = dataset.distinct(f"{names.corrected}.label") if dataset.has_sample_field(names.corrected) else []
    return list(dict.fromkeys([*classes, *given]))


def _labels(samples: Samples, names: FieldNames) -> dict[str, fo.Classification | None]:
    """Sample id → its label of now, taken from the dataset: a view may leave the field out."""
    chosen = dataset_of(samples).select(samples.values("id"))
    return dict(zip(*chosen.values(["id", names.label]), strict=True))


def _keep(
    dataset: fo.Dataset,
    names: FieldNames,
    answers: dict[str, str],
    labels: dict[str, fo.Classification | None],
) -> None:
    """Write answers, and show them in the fields of the run."""
    declare_answers(dataset, names)
    earlier = dict(zip(*dataset.select(list(answers)).values(["id", names.corrected]), strict=True))
    kept = {one: _answer(name, earlier[one], labels[one]) for one, name in answers.items()}
    _set(dataset, names.corrected, kept)
    _show(dataset, names, {one: _relabelled(labels[one], name, 1.0) for one, name in answers.items()})


def _restore(
    dataset: fo.Dataset,
    names: FieldNames,
    ids: Sequence[str],
    labels: dict[str, fo.Classification | None],
) -> None:
    """Take answers away and show what the run had said; an answer that is but a tag changed nothing."""
    if not dataset.has_sample_field(names.corrected):
        return
    answered = dataset.select(ids).exists(names.corrected)
    answers = dict(zip(*answered.values(["id", names.corrected]), strict=True))
    before = {
        one: _relabelled(labels[one], answer.run_label, answer.run_confidence)
        for one, answer in answers.items()
    }
    _set(dataset, names.corrected, dict.fromkeys(answers))
    _show(dataset, names, before)


def _answer(
    name: str, earlier: fo.Classification | None, label: fo.Classification | None
) -> fo.Classification:
    """An answer that remembers what the run had said, through any number of changes of mind."""
    if earlier is not None:
        run_label, run_confidence = earlier.run_label, earlier.run_confidence
    else:
        run_label, run_confidence = (label.label, label.confidence) if label else (None, None)
    return fo.Classification(label=name, run_label=run_label, run_confidence=run_confidence)


def _relabelled(
    label: fo.Classification | None, name: str | None, confidence: float | None
) -> fo.Classification | None:
    """The label with another class; what else the run wrote into it stays."""
    if name is None:
        return None
    label = label or fo.Classification()
    label.label, label.confidence = name, confidence
    return label


def _show(dataset: fo.Dataset, names: FieldNames, labels: dict[str, fo.Classification | None]) -> None:
    _set(dataset, names.label, labels)
    _set(dataset, names.confidence, {one: label and label.confidence for one, label in labels.items()})


def _set(dataset: fo.Dataset, field: str, values: dict) -> None:
    if values:
        dataset.set_values(field, values, key_field="id")


def _by_id(samples: fo.DatasetView, path: str) -> dict[str, str]:
    return dict(zip(*samples.values(["id", path]), strict=True))
