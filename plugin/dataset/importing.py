"""Labels that were made outside FiftyOne, such as shard by shard, as samples of a dataset.

No run is recorded; the fields are those of a run, so that labels can be sorted, filtered and corrected.
"""

from collections.abc import Sequence

import fiftyone as fo

from .documents import Document
from .fields import FieldNames
from .labels import labels_of


def add_labelled(
    dataset: fo.Dataset,
    paths: Sequence[str],
    labels: Sequence[str | None],
    confidence: Sequence[float | None],
    second_choices: Sequence[str | None],
    errors: Sequence[str | None],
) -> None:
    """Add images with their labels.

    Args:
        dataset: Dataset without these images.
        paths: (n,) image files.
        labels: (n,) class of each, None for none.
        confidence: (n,) probability that it is right, in [0, 1].
        second_choices: (n,) second most likely class.
        errors: (n,) why there is no label.
    """
    fields = labels_of(dataset, FieldNames())
    fields.prepare()
    ids = dataset.add_images(list(paths), progress=False)
    changes: dict[str, Document] = {
        one: {
            "label": {"label": label, "run_label": label, "confidence": sure, "second_choice": second},
            "error": error,
        }
        for one, label, sure, second, error in zip(
            ids, labels, confidence, second_choices, errors, strict=True
        )
    }
    fields.put(changes)


def index_labelled(dataset: fo.Dataset) -> None:
    """Let the grid sort and filter by what `add_labelled` wrote."""
    labels_of(dataset, FieldNames()).index()
