"""From a mark that was clicked to the samples behind it.

The samples are found by the fields that the run wrote, so that the view can be saved and stays true.
"""

from dataclasses import dataclass

import fiftyone as fo
from fiftyone import ViewField as F

from ..plugin.dataset.fields import FieldNames, label_path
from ..plugin.dataset.labels import labels_of
from ..plugin.dataset.patches import is_patches, one_by_one
from ..plugin.dataset.reading import dataset_of
from ..plugin.report.summary import RunSummary


@dataclass(frozen=True)
class Marked:
    """Samples and what they are.

    Attributes:
        view: The samples, the least sure ones first.
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

    def behind(self, figure: str, mark: object) -> Marked:
        """Samples behind what a figure carries in `customdata`.

        Args:
            figure: Name of the figure.
            mark: What was clicked.
        """
        kind, _, level = figure.partition("-")
        if kind == "alignment":
            return self.cell(level, *mark) if len(mark) > 1 else self.cluster(level, *mark)
        if kind == "classes":
            return self.label(mark)
        if kind == "confidence":
            return self.confidence(*mark)
        return self.confusion(*mark) if len(mark) > 1 else self.true(*mark)

    def cluster(self, level: str, cluster: int) -> Marked:
        """All samples of a cluster."""
        return self._where(self._clusters[level] == cluster, f"{level}-cluster {cluster}")

    def cell(self, level: str, cluster: int, number: int) -> Marked:
        """Samples of a cluster that went to a class."""
        name = self._classes[number]
        words = f"{level}-cluster {cluster}, labelled “{name}”"
        return self._where((self._clusters[level] == cluster) & (self._label == name), words)

    def label(self, number: int) -> Marked:
        """Samples with a label."""
        name = self._classes[number]
        return self._where(self._label == name, f"labelled “{name}”")

    def pair(self, first: int, second: int) -> Marked:
        """Samples that have one of two classes as label and the other as second choice."""
        one, other = self._classes[first], self._classes[second]
        is_between = ((self._label == one) & (self._second == other)) | (
            (self._label == other) & (self._second == one)
        )
        return self._where(is_between, f"between “{one}” and “{other}”")

    def confidence(self, low: float, high: float) -> Marked:
        """Samples whose confidence is from `low` to below `high`; to `high` where that is 1."""
        is_below = self._confidence <= high if high >= 1 else self._confidence < high
        return self._where((self._confidence >= low) & is_below, f"confidence {low:.2f} to {high:.2f}")

    def kept(self, least: float) -> Marked:
        """Samples at least as confident as that."""
        return self._where(self._confidence >= least, f"confidence from {least:.2f}")

    def rest(self, least: float) -> Marked:
        """Samples less confident than that."""
        return self._where(self._confidence < least, f"confidence below {least:.2f}")

    def true(self, number: int) -> Marked:
        """Samples of a true class."""
        name = self._classes[number]
        return self._where(self._is_truly(name), f"truly “{name}”")

    def confusion(self, true: int, label: int) -> Marked:
        """Samples of a true class that have a label."""
        name, given = self._classes[true], self._classes[label]
        is_meant = self._is_truly(name) & (self._label == given)
        return self._where(is_meant, f"truly “{name}”, labelled “{given}”")

    def _is_truly(self, name: str) -> F:
        """Whether the true class is that; objects have it in the field that they are from, by their id."""
        path = label_path(self._dataset, self._truth, "label")
        if path == f"{self._truth}.label":
            return F(path) == name
        objects = self._dataset.filter_labels(self._truth, F("label") == name)
        ids = objects.values(f"{path.rpartition('.')[0]}.id", unwind=True)
        return F("_id").to_string().is_in(ids)

    def _where(self, condition: F, words: str) -> Marked:
        return Marked(self._samples.match(condition).sort_by(self._order), words)
