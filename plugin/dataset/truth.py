"""Labels beside their true classes: of images as FiftyOne evaluates them, of objects by their ids.

FiftyOne matches objects by their overlap, and writes to the ground truth, which is only read here.
"""

from dataclasses import dataclass, replace

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
from fiftyone.utils.eval.coco import COCOEvaluationConfig

from ..engine.errors import InputError
from .fields import AUTHOR, FieldNames, origin_of, review_fields
from .internals import Samples, dataset_of, keep_metrics, label_path, on_object
from .labels import Labels, labels_of
from .lock import WriteLock
from .objects import ObjectLabels
from .patches import check_objects, is_patches, object_fields, shown_field
from .reading import check_samples, classification_fields, set_fields
from .reviews import read_reviews

METRICS = (f"{AUTHOR}/expected_calibration_error", f"{AUTHOR}/area_under_risk_coverage")

EVALUATION = "evaluation"
"""Role, in the `info` of an attribute of objects, of what tells which labels are right."""


@dataclass(frozen=True)
class Pairs:
    """Labels beside true classes.

    Attributes:
        ids: n samples or objects that have both.
        true: (n,) true classes.
        labels: (n,) labels.
        confidence: n confidences of the labels, None where a label has none.
        n_left_out: Samples or objects that lack either.
    """

    ids: list[str]
    true: np.ndarray
    labels: np.ndarray
    confidence: list[float | None]
    n_left_out: int

    @property
    def right(self) -> np.ndarray:
        """(n,) whether a label is right."""
        return self.true == self.labels


def evaluated_names(dataset: fo.Dataset, label_field: str) -> FieldNames:
    """The fields that go with a label field, which no run need have written."""
    is_set = label_field in set_fields(dataset)
    return FieldNames(label=label_field, objects=origin_of(dataset, label_field), multilabel=is_set)


def evaluable_fields(samples: Samples) -> list[str]:
    """Fields of labels that there is a ground truth for."""
    reviews = review_fields(dataset_of(samples))
    fields = [] if is_patches(samples) else [*classification_fields(samples), *set_fields(samples)]
    fields += [field for field in object_fields(dataset_of(samples)) if shown_field(samples, field)]
    return [field for field in fields if field not in reviews and truth_choices(samples, field)]


def truth_choices(samples: Samples, label_field: str) -> list[str]:
    """Fields that may hold the true classes of the labels in a field, none for objects of no run."""
    dataset = dataset_of(samples)
    if label_field in set_fields(dataset):
        known = set_fields(dataset)
    elif label_field not in object_fields(dataset):
        known = classification_fields(samples)
    else:
        origin = origin_of(dataset, label_field)
        known = [one for one in object_fields(dataset) if origin and origin in (one, origin_of(dataset, one))]
    return [one for one in known if one not in (label_field, *review_fields(dataset))]


def check_images(samples: Samples, truth_field: str, label_field: str, key: str) -> None:
    """Check what is to be evaluated of labels of whole images.

    Raises:
        InputError: A field is no classification, or the key is a field of the user's.
    """
    dataset, known = dataset_of(samples), classification_fields(samples)
    if label_field in object_fields(dataset):
        raise InputError(
            f"No run labelled the objects in {label_field!r}: evaluate the labels of a run, or call "
            f"dataset.evaluate_detections({label_field!r}, gt_field={truth_field!r})."
        )
    check_samples(samples)
    for field, other in ((label_field, truth_field), (truth_field, label_field)):
        if field not in known:
            choices = ", ".join(name for name in known if name != other)
            raise InputError(
                f"There is no field {field!r} with one class per image (there are: "
                f"{choices or 'none yet'}): choose another."
            )
    if key not in dataset.list_evaluations() and dataset.has_sample_field(key):
        raise InputError(f"The evaluation would overwrite the field {key!r}: give another key.")


def check_sets(samples: Samples, truth_field: str, label_field: str) -> None:
    """Check what is to be evaluated of images with several labels.

    Raises:
        InputError: No run labelled the field, or the truth does not hold several classes per image.
    """
    check_samples(samples)
    if not dataset_of(samples).has_field(f"{label_field}.run_label"):
        raise InputError(f"No run labelled {label_field!r}: evaluate the labels of a run.")
    if truth_field not in set_fields(samples):
        choices = ", ".join(truth_choices(samples, label_field))
        raise InputError(
            f"There is no field {truth_field!r} with several classes per image (there are: "
            f"{choices or 'none yet'}): choose another."
        )


def check_labelled_objects(samples: Samples, truth_field: str, label_field: str, key: str) -> None:
    """Check what is to be evaluated of labels of objects.

    Raises:
        InputError: The truth is of other objects, or the key is an attribute that the objects have.
    """
    check_objects(samples, label_field)
    dataset, choices = dataset_of(samples), truth_choices(samples, label_field)
    if not choices:
        raise InputError(f"The objects that {label_field!r} labels are in no other field: there is no truth.")
    if truth_field not in choices:
        raise InputError(
            f"The objects in {label_field!r} are not those in {truth_field!r}: choose {' or '.join(choices)} "
            "as their ground truth."
        )
    taken = dataset.get_field(label_path(dataset, label_field, key))
    if taken is not None and (taken.info or {}).get("role") != EVALUATION:
        raise InputError(f"The evaluation would overwrite the attribute {key!r}: give another key.")


def evaluate_images(samples: Samples, truth_field: str, names: FieldNames, key: str) -> Pairs:
    """Have FiftyOne evaluate labels of whole images and keep the evaluation, unless there is nothing to."""
    with WriteLock(dataset_of(samples)) as lock:
        here = on_object(samples, lock.dataset)
        both = here.exists(f"{truth_field}.label").exists(f"{names.label}.label")
        ids = both.values("id")
        if not ids:
            return _no_pairs(len(samples))
        if key in lock.dataset.list_evaluations():
            lock.dataset.delete_evaluation(key)  # FiftyOne refuses to replace one of another ground truth
        results = both.evaluate_classifications(
            names.label, gt_field=truth_field, eval_key=key, custom_metrics=_metrics(), progress=False
        )
        keep_metrics(results)
    return Pairs(ids, results.ytrue, results.ypred, list(results.confs), len(samples) - len(ids))


def evaluate_sets(samples: Samples, truth_field: str, names: FieldNames) -> Pairs:
    """Compare the labels of images that may have several; FiftyOne has no place to keep that."""
    labels = labels_of(dataset_of(samples), names)
    return _pairs(dataset_of(samples), labels, labels.ids(samples), replace(names, label=truth_field))


def _metrics() -> list[str]:
    """The plugin's own metrics, which FiftyOne has where the plugin is installed."""
    return [uri for uri in METRICS if foo.operator_exists(uri)]


def evaluate_objects(samples: Samples, truth_field: str, names: FieldNames, key: str) -> Pairs:
    """Compare labels of objects with those in another field, mark which of them are right, and keep it."""
    with WriteLock(dataset_of(samples)) as lock:
        labels = labels_of(lock.dataset, names)
        pairs = _pairs(lock.dataset, labels, labels.ids(samples), replace(names, label=truth_field))
        if pairs.ids:
            path = label_path(lock.dataset, names.label, key)
            _mark(lock.dataset, labels, path, dict(zip(pairs.ids, pairs.right, strict=True)))
            labels.refresh(samples, pairs.ids)
            if label_path(lock.dataset, names.label) != names.label:  # the panel opens lists of objects only
                here = lock.dataset if is_patches(samples) else on_object(samples, lock.dataset)
                _keep_evaluation(here, truth_field, names.label, key, pairs)
    return pairs


def _keep_evaluation(samples: Samples, truth_field: str, label_field: str, key: str, pairs: Pairs) -> None:
    """Keep pairs of objects as FiftyOne keeps an evaluation of detections that overlap wholly."""
    config = COCOEvaluationConfig(
        label_field, truth_field, iou=1.0, classwise=False, custom_metrics=_metrics()
    )
    evaluation = config.build()
    if key in samples.list_evaluations():
        evaluation.delete_run(samples, key, cleanup=False)  # the labels are marked anew already
    evaluation.register_run(samples, key)
    matches = [
        (true, label, 1.0, confidence, one, one)
        for one, true, label, confidence in zip(
            pairs.ids, pairs.true.tolist(), pairs.labels.tolist(), pairs.confidence, strict=True
        )
    ]
    results = evaluation.generate_results(samples, matches, eval_key=key)
    evaluation.compute_custom_metrics(samples, key, results)
    evaluation.save_run_results(samples, key, results)


def _pairs(dataset: fo.Dataset, labels: Labels, ids: list[str], truth: FieldNames) -> Pairs:
    labelled = labels.values("label", "label", "confidence")
    true = labels_of(dataset, truth).values("label", "label")
    both = [one for one in ids if one in labelled and one in true]
    if not both:
        return _no_pairs(len(ids))
    return Pairs(
        both,
        np.array([true[one][0] for one in both]),
        np.array([labelled[one][0] for one in both]),
        [labelled[one][1] for one in both],
        len(ids) - len(both),
    )


def is_reviewed(dataset: fo.Dataset, names: FieldNames, ids: list[str]) -> np.ndarray:
    """(n,) whether the labels of samples or objects are reviewed."""
    reviews = read_reviews(dataset, names)
    return np.array([one in reviews for one in ids])


def _mark(dataset: fo.Dataset, labels: ObjectLabels, path: str, right: dict[str, bool]) -> None:
    """Write which labels are right to an attribute of them, in the place of an earlier evaluation."""
    if dataset.get_field(path) is not None:
        dataset.delete_sample_field(path)
    info = {"author": AUTHOR, "role": EVALUATION}
    said = "Whether the label is right: tp if it is, fp if not, as FiftyOne has it of detections"
    dataset.add_sample_field(path, fo.StringField, description=said, info=info)
    name = path.rpartition(".")[2]
    now = labels.read("label", right)
    labels.put({one: {"label": now[one] | {name: "tp" if right[one] else "fp"}} for one in now})


def _no_pairs(n_left_out: int) -> Pairs:
    return Pairs([], np.array([], str), np.array([], str), [], n_left_out)
