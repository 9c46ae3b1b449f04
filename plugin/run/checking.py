"""Labels that somebody made, checked: which are likely to be wrong, and which classes are taken for which.

The images and the labels themselves are all that is looked at; class names mean nothing here.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..encoders.base import ImageTower
from ..encoders.precomputed import Vectors
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.label_errors import FEWEST, find_label_errors
from ..engine.progress import ShowProgress
from ..system.progress_bars import shown_progress
from ..wording import counted, listed
from .pipeline import STAGES
from .preparation import embed_readable, load_images_tower

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import Samples


@dataclass(frozen=True, repr=False)
class CheckedLabels(Displayed):
    """Labels of n images that were checked.

    Attributes:
        label_field: Field of the labels.
        n_checked: n, images with a label that could be read.
        ids: Samples whose label is likely to be wrong, worst first.
        pairs: (label, suggested class) → how many of those labels, most frequent first.
        view_name: Saved view that shows them.
        mistakenness_field: Field with the mistakenness of every label, in [0, 1].
        suggested_field: Field with the class that the other images speak for.
        encoder: Name of the encoder.
        failures: Sample id → why the image could not be read.
        dataset: The dataset.
    """

    label_field: str
    n_checked: int
    ids: list[str]
    pairs: dict[tuple[str, str], int]
    view_name: str
    mistakenness_field: str
    suggested_field: str
    encoder: str
    failures: dict[str, str]
    dataset: "fo.Dataset"

    @property
    def view(self) -> "fo.DatasetView":
        """The samples whose label is likely to be wrong, worst first."""
        from ..dataset import flat_samples

        return flat_samples(self.dataset).select(self.ids, ordered=True)

    @property
    def pair_rows(self) -> list[dict[str, object]]:
        """The pairs as JSON values: "label", "suggested" and "images"."""
        return [
            {"label": label, "suggested": other, "images": count}
            for (label, other), count in self.pairs.items()
        ]

    @property
    def sentences(self) -> list[str]:
        """What was found, in sentences."""
        labels = counted(self.n_checked, "label")
        said = [f"{len(self.ids):,} of {labels} in {self.label_field!r} are likely to be wrong."]
        if self.pairs:
            pairs = [f"{label} is rather {other} ({count:,})" for (label, other), count in self.pairs.items()]
            said.append(f"Most frequent: {listed(pairs)}.")
        if self.failures:
            said.append(f"{counted(len(self.failures), 'image')} could not be read.")
        return said

    def _lines(self) -> list[str]:
        return [*self.sentences, f"Next: .view, or the saved view {self.view_name!r} in the App"]


def check_labels(
    samples: "Samples",
    label_field: str = "ground_truth",
    *,
    encoder: str | ImageTower = "auto",
    embeddings: Vectors | None = None,
    progress: ShowProgress = None,
) -> CheckedLabels:
    """Find labels that are likely to be wrong among labels that somebody made.

    Every label is compared with what the labels of the other images say of its image. Its mistakenness and
    the class that they speak for go to the fields "<label_field>_mistakenness" and "<label_field>_suggested",
    and a saved view shows the likely mistakes, worst first. The labels are only read.

    Args:
        samples: Dataset or view; samples without a label are passed over.
        label_field: Field with one class per image.
        encoder: As for `auto_label`; one that embeds only images will do.
        embeddings: Vector field, brain key, `.npy` file or (n, d) array to use in its place.
        progress: As for `auto_label`.

    Raises:
        InputError: The field or the encoder cannot be used, there are too few labels or but one class, or no
            image can be read.
    """
    from ..dataset import CheckFields, check_checkable, dataset_of, flat_samples, read_labels, write_check

    samples = flat_samples(samples)
    check_checkable(samples, label_field)
    labels = read_labels(samples, label_field)
    if len(labels) < FEWEST or len(set(labels.values())) < 2:
        raise InputError(
            f"{label_field!r} has {counted(len(labels), 'label')} of "
            f"{counted(len(set(labels.values())), 'class')} here: give at least {FEWEST} of two classes."
        )
    names = CheckFields(label_field)
    with shown_progress(progress, STAGES) as report:
        tower = load_images_tower(samples, encoder, embeddings, report)
        images = embed_readable(samples, tower, report)
        rows = np.array([row for row, one in enumerate(images.readable) if one in labels], np.int64)
        ids = [images.readable[row] for row in rows]
        classes, numbers = np.unique([labels[one] for one in ids], return_inverse=True)
        found = find_label_errors(images.vectors[rows], numbers)
        report("fill", 0, 1)
        suggested = classes[found.suggested].tolist()
        columns = zip(found.mistakenness.tolist(), suggested, found.is_suspect.tolist(), strict=True)
        view_name = write_check(dataset_of(samples), label_field, dict(zip(ids, columns, strict=True)))
        report("fill", 1, 1)
    suspects = [row for row in np.argsort(-found.mistakenness, kind="stable") if found.is_suspect[row]]
    pairs = Counter((labels[ids[row]], suggested[row]) for row in suspects)
    return CheckedLabels(
        label_field=label_field,
        n_checked=len(ids),
        ids=[ids[row] for row in suspects],
        pairs=dict(pairs.most_common()),
        view_name=view_name,
        mistakenness_field=names.mistakenness,
        suggested_field=names.suggested,
        encoder=tower.name,
        failures={one: why for one, why in images.failures.items() if one in labels},
        dataset=dataset_of(samples),
    )
