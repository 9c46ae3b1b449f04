"""Labels once more, from what the last run was made from, anchored to what people said since.

The embeddings come from the cache or from where they were found the first time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..encoders.descriptions import ClassDescription
from ..engine.errors import InputError
from .pipeline import Labelling, Progress, auto_label

if TYPE_CHECKING:
    from ..dataset.reading import Samples
    from ..dataset.record import RunRecord


@dataclass(frozen=True)
class Relabelling:
    """A run that was anchored to what people said, and what that changed.

    Attributes:
        labelling: The finished run.
        n_reviewed: Samples, or objects, of the run whose label a person gave or approved.
        n_changed: Others whose label is not what it was before.
        accuracy_before: Share of the labels of the others that was expected to be right before, in
            [0, 1]; 1 if there are no others.
        accuracy_after: The same for the labels that they have now.
        new_classes: Classes that people gave and that no run knew before.
    """

    labelling: Labelling
    n_reviewed: int
    n_changed: int
    accuracy_before: float
    accuracy_after: float
    new_classes: list[str]


def refine_with_corrections(
    samples: "Samples",
    label_field: str = "auto_label",
    *,
    progress: Progress | None = None,
    **given: object,
) -> Relabelling:
    """Label again, with all approvals and corrections as anchors.

    Classes, descriptions, prompt templates, encoders, vectors, clusters, settings and fields are those of the
    last run on the label field. A class that people gave and that it did not know becomes one of the classes,
    unless the classes came as vectors.

    Args:
        samples: A dataset, of which the samples or objects of the last run are labelled; or a view, which is.
        label_field: Field that a run wrote.
        progress: As for `auto_label`.
        **given: Arguments of `auto_label` in place of those of the last run, other than classes and fields;
            needed for arrays and functions, which its record cannot bring back.

    Returns:
        The finished run, and what changed.

    Raises:
        InputError: No run wrote the field, nobody has approved or corrected anything, or what the run was
            made from cannot be found again.
    """
    from ..dataset.labels import labels_of
    from ..dataset.reviews import read_reviews
    from .again import last_run

    last = last_run(samples, label_field)
    reviews = read_reviews(last.dataset, last.fields)
    if not reviews:
        raise InputError("Nobody has approved or corrected a label yet: answer some, then refine.")
    arguments = last.arguments(given, refine_with_corrections.__name__)
    new_classes = [] if "text_embeddings" in arguments else _new_classes(last.record, reviews)
    labels = labels_of(last.dataset, last.fields)
    before = labels.values("label", "label", "confidence")
    labelling = auto_label(
        last.samples,
        [*last.classes, *map(ClassDescription, new_classes)],
        fields=last.fields,
        progress=progress,
        **arguments,
    )
    after = labels.values("label", "label", "confidence")
    return _compared(labelling, reviews, before, after, new_classes)


def _new_classes(run: "RunRecord", reviews: dict[str, str]) -> list[str]:
    return [name for name in dict.fromkeys(reviews.values()) if name not in run.classes]


def _compared(
    labelling: Labelling,
    reviews: dict[str, str],
    before: dict[str, tuple[str, float]],
    after: dict[str, tuple[str, float]],
    new_classes: list[str],
) -> Relabelling:
    others = [one for one in labelling.sample_ids if one not in reviews and one in before and one in after]
    return Relabelling(
        labelling,
        n_reviewed=sum(one in reviews for one in labelling.sample_ids),
        n_changed=sum(before[one][0] != after[one][0] for one in others),
        accuracy_before=_mean([before[one][1] for one in others]),
        accuracy_after=_mean([after[one][1] for one in others]),
        new_classes=new_classes,
    )


def _mean(confidence: list[float]) -> float:
    return float(np.mean(confidence)) if confidence else 1.0
