"""From what was clicked to the samples behind it.

The samples are found by the fields that the run wrote, so that the view can be saved and stays true.
"""

from dataclasses import dataclass

import fiftyone as fo
from fiftyone import ViewField as F

from ..plugin.dataset import (
    FieldNames,
    dataset_of,
    flat_samples,
    is_patches,
    label_path,
    labels_of,
    one_by_one,
)
from ..plugin.report.summary import RunSummary
from ..plugin.wording import cut


@dataclass(frozen=True)
class Marked:
    """Samples and what they are.

    Attributes:
        view: The samples, as a rule the least confident ones first.
        words: What they have in common.
    """

    view: fo.DatasetView
    words: str


class Marks:
    """The samples behind the marks of one run."""

    def __init__(
        self, samples: fo.Dataset | fo.DatasetView, summary: RunSummary, fields: FieldNames, truth: str = ""
    ) -> None:
        """Look nothing up yet.

        Args:
            samples: Dataset of the run, or the view that its figures are restricted to.
            summary: What the run came to.
            fields: Fields that it wrote.
            truth: Field with the ground truth, "" for none.
        """
        self._classes, self._truth = summary.classes, truth
        label, self._dataset = fields.label, dataset_of(samples)
        if is_patches(samples):  # of some field, which need not be that of the run
            labels = labels_of(self._dataset, fields)
            samples = labels.view(labels.ids(samples))
        elif fields.objects:
            samples = one_by_one(samples, label)
        if fields.objects:
            self._order = f"{label}.confidence"
            self._clusters = {level: F(f"{label}.{level}_cluster") for level in ("micro", "meta")}
        else:
            self._order = fields.confidence
            self._clusters = {"micro": F(fields.micro_cluster), "meta": F(fields.meta_cluster)}
        self._samples = samples
        self._confidence = F(self._order)
        self._label, self._second = F(f"{label}.label"), F(f"{label}.second_choice")
        self._labels = F(f"{label}.classifications") if fields.multilabel else None

    def cluster(self, level: str, cluster: int) -> Marked:
        """All samples of a cluster."""
        return self._where(self._clusters[level] == cluster, f"{level}-cluster {cluster}")

    def cell(self, level: str, cluster: int, number: int | None = None) -> Marked:
        """Samples of a cluster with the label of a class, or else as second choice; all without a class."""
        if number is None:
            return self.cluster(level, cluster)
        is_inside, name = self._clusters[level] == cluster, self._name(number)
        where = f"{level}-cluster {cluster}"
        labelled = self._where(is_inside & self._has(number), f"{where}, labelled {self._quoted(number)}")
        if len(labelled.view):
            return labelled
        words = f"{where}, with {self._quoted(number)} as second choice"
        return self._where(is_inside & (self._second == name), words)

    def label(self, number: int) -> Marked:
        """Samples with a label."""
        return self._where(self._has(number), f"labelled {self._quoted(number)}")

    def pair(self, first: int, second: int) -> Marked:
        """Samples that have one of two classes as label and the other as second choice."""
        one, other = self._name(first), self._name(second)
        is_between = ((self._label == one) & (self._second == other)) | (
            (self._label == other) & (self._second == one)
        )
        return self._where(is_between, f"between {self._quoted(first)} and {self._quoted(second)}")

    def confidence(self, low: float, high: float) -> Marked:
        """Samples whose confidence is from `low` to below `high`; to `high` where that is 1."""
        is_below = self._confidence <= high if high >= 1 else self._confidence < high
        return self._where((self._confidence >= low) & is_below, f"confidence {low:.2f} to {high:.2f}")

    def kept(self, least: float) -> Marked:
        """Samples at least as confident as that."""
        return self._where(self._confidence >= least, f"confidence from {least:.2f}")

    def rest(self, least: float) -> Marked:
        """Samples less confident than that."""
        # Samples without a confidence would be below any number.
        is_labelled = self._confidence >= 0
        return self._where(is_labelled & (self._confidence < least), f"confidence below {least:.2f}")

    def confusion(self, true: int, label: int | None = None) -> Marked:
        """Samples of a true class that have a label; with any label if that is None."""
        is_meant, words = self._is_truly(true), f"true class {self._quoted(true)}"
        if label is None:
            return self._where(is_meant, words)
        is_meant &= self._label == self._name(label)
        return self._where(is_meant, f"{words}, labelled {self._quoted(label)}")

    def _has(self, number: int) -> F:
        """Whether a class is the label, or one of several."""
        if self._labels is not None:
            return self._labels.filter(F("label") == self._name(number)).length() > 0
        return self._label == self._name(number)

    def _name(self, number: int) -> F:
        """A class name to compare with; the database would take "$usd" for a field."""
        return F.literal(self._classes[number])

    def _quoted(self, number: int) -> str:
        return f"“{cut(self._classes[number])}”"

    def _is_truly(self, number: int) -> F:
        """Whether the true class is that; objects have it in the field that they are from, by their id."""
        path = label_path(self._dataset, self._truth, "label")
        if path == f"{self._truth}.label":
            return F(path) == self._name(number)
        objects = flat_samples(self._dataset).filter_labels(self._truth, F("label") == self._name(number))
        ids = objects.values(f"{path.rpartition('.')[0]}.id", unwind=True)
        return F("_id").to_string().is_in(ids)

    def _where(self, condition: F, words: str) -> Marked:
        return Marked(self._samples.match(condition).sort_by(self._order), words)
