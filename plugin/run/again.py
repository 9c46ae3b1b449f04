"""The last run on a label field made once more, from what it was made from.

`refine_with_corrections` anchors it to the reviewed labels, `add_classes` adds classes. The embeddings come
from the cache or from where they were found the first time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..dataset import dataset_of, labels_of, read_reviews, run_of, settle, stated_classes
from ..encoders.descriptions import ClassDescription, Classes, read_classes
from ..engine.errors import InputError
from ..engine.label_sets import all_classes
from ..engine.progress import ShowProgress
from .inputs import Inputs
from .pipeline import label_samples
from .results import Changes, FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import FieldNames, RunRecord, Samples


@dataclass(frozen=True)
class LastRun:
    """The run that wrote a label field last.

    Attributes:
        record: Its record.
        fields: The fields that it wrote.
        dataset: Its dataset.
        samples: What is to be labelled: what it labelled, or a view that was asked for.
    """

    record: "RunRecord"
    fields: "FieldNames"
    dataset: "fo.Dataset"
    samples: "Samples"

    def inputs(self, given: Mapping[str, object] | None = None) -> Inputs:
        """Its inputs, but for those that are given; see `Inputs.of_run`."""
        return replace(Inputs.of_run(self.record, given or {}), fields=self.fields)

    def inputs_with(self, classes: Classes, given: Mapping[str, object] | None = None) -> Inputs:
        """The same with further classes.

        Raises:
            InputError: A class is unusable or there already, or the run got its classes as vectors and none
                are given for the further ones.
        """
        if "text_embeddings" in self.record.inputs and "text_embeddings" not in (given or {}):
            raise InputError(
                "The last run got its classes as vectors (text_embeddings), and there is none for a new "
                "class: label again with vectors for all classes."
            )
        return self.inputs(given).with_classes(read_classes(classes) if classes else [])


def last_run(samples: "Samples", label_field: str) -> LastRun:
    """Find the run that wrote a label field last.

    Args:
        samples: A dataset, for the samples or objects that the run labelled; or a view to label in its place.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote the field.
    """
    record, dataset = run_of(samples, label_field), dataset_of(samples)
    if record.key not in dataset.list_runs():  # another process made it
        dataset.reload()
    view = samples if samples is not dataset else dataset.load_run_view(record.key)
    return LastRun(record, record.label_fields, dataset, view)


def add_classes(
    samples: "Samples",
    classes: Classes,
    label_field: str = "auto_label",
    *,
    progress: ShowProgress = None,
    **given: object,
) -> FinishedRun:
    """Label again with further classes beside those of the last run, and everything else as it was.

    Args:
        samples: A dataset, of which the samples or objects of the last run are labelled; or a view, which is.
        classes: The further classes, as for `auto_label`.
        label_field: Field that a run wrote.
        progress: As for `auto_label`.
        **given: Arguments of `auto_label` in place of those of the last run, other than classes and fields;
            needed for arrays and functions, which its record does not keep.

    Returns:
        The finished run.

    Raises:
        InputError: No run wrote the field, a class is unusable or there already, or what the run was made
            from cannot be found again.
    """
    settle(dataset_of(samples))
    last = last_run(samples, label_field)
    return label_samples(last.samples, last.inputs_with(classes, given), progress)


def refine_with_corrections(
    samples: "Samples",
    label_field: str = "auto_label",
    *,
    progress: ShowProgress = None,
    **given: object,
) -> FinishedRun:
    """Label again, with all reviewed labels as anchors, and what people said of whole clusters.

    Classes, descriptions, prompt templates, encoders, vectors, clusters, settings and fields are those of the
    last run on the label field. A reviewed class that it did not know becomes one of the classes, unless the
    classes came as vectors.

    Args:
        samples: A dataset, of which the samples or objects of the last run are labelled; or a view, which is.
        label_field: Field that a run wrote.
        progress: As for `auto_label`.
        **given: Arguments of `auto_label` in place of those of the last run, other than classes and fields;
            needed for arrays and functions, which its record does not keep.

    Returns:
        The finished run, with its `changes`.

    Raises:
        InputError: No run wrote the field, no label is reviewed yet, or what the run was made from cannot be
            found again.
    """
    settle(dataset_of(samples))
    last = last_run(samples, label_field)
    reviews = read_reviews(last.dataset, last.fields)
    stated = stated_classes(last.dataset, last.fields)
    if not (reviews or stated):
        raise InputError("No label is reviewed yet: approve or correct some, then refine.")
    inputs = last.inputs(given)
    said, known = [*reviews.values(), *stated.values()], {*last.record.classes}
    if inputs.multilabel:
        said = all_classes(said)
    new_classes = [name for name in dict.fromkeys(said) if name not in known]
    if inputs.text_embeddings is not None:
        new_classes = []
    labels = labels_of(last.dataset, last.fields)
    before = labels.values("label", "label", "confidence")
    run = label_samples(
        last.samples, inputs.with_classes([ClassDescription(name) for name in new_classes]), progress
    )
    after = labels.values("label", "label", "confidence")
    return replace(run, changes=_changes(run.sample_ids, reviews, before, after, new_classes))


def _changes(
    sample_ids: Sequence[str],
    reviews: Mapping[str, str],
    before: Mapping[str, tuple[str, float]],
    after: Mapping[str, tuple[str, float]],
    new_classes: list[str],
) -> Changes:
    others = [one for one in sample_ids if one not in reviews and one in before and one in after]
    return Changes(
        n_reviewed=sum(one in reviews for one in sample_ids),
        n_changed=sum(before[one][0] != after[one][0] for one in others),
        accuracy_before=_mean([before[one][1] for one in others]),
        accuracy_after=_mean([after[one][1] for one in others]),
        new_classes=new_classes,
    )


def _mean(confidence: list[float]) -> float:
    return float(np.mean(confidence)) if confidence else 1.0
