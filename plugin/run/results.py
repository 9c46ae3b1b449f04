"""A finished run as people ask it: counts, history, alignment, a table of its images, and a report.

A run that has just finished and one that is read back from its record answer to the same names.
"""

import os
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, fields, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.label_sets import set_text
from ..engine.multilabel import LabelSets
from ..engine.results import Iteration, Refinement
from ..report.alignment import alignment_plot
from ..report.classes import class_plot
from ..report.confidence import confidence_plot, coverage_plot, expected_accuracy
from ..report.convergence import convergence_plot
from ..report.images_table import Failure, ImagesTable
from ..report.prototypes import Prototypes, make_prototypes
from ..report.remarks import contradiction_remarks, remarks
from ..report.summary import RunSummary
from ..report.text import headline
from ..report.writing import check_report_folder, write_report
from ..system.versions import package_versions
from ..wording import counted, listed
from .embedding import Embedded, Towers

if TYPE_CHECKING:
    import fiftyone as fo
    import pandas as pd
    import plotly.graph_objects as go

    from ..dataset import FieldNames

MOST_CLASSES_SHOWN = 8
NEXT_ON_FILES = "Next: .to_frame() for the labels, .report(folder) for a page to look at, .history"
NEXT_ON_DATASET = (
    "Next: review_next(dataset), approve and correct, then refine_with_corrections(dataset); or .to_frame(), "
    ".report(folder), .history"
)
SETS_HAVE_NO_PROTOTYPES = "The run gave several labels an image, and new images get one label each."
OBJECTS_HAVE_NO_PROTOTYPES = "The run labelled objects, and new images are labelled as a whole."


@dataclass(frozen=True, kw_only=True, repr=False)
class LabelledRun(Displayed, ABC):
    """What every run that labelled something can tell; k classes.

    Attributes:
        classes: (k,) class names.
        encoder: Name of the encoder.
        second_encoder: Name of the second encoder; "" without one.
        summary: What figures and reports are drawn from.
        seconds: Stage, such as "embed" or "refine" → duration.
        dataset: The dataset; None on files.
        contradictions: Id of a sample, or object, whose reviewed label similar images contradict → that
            label, and the class that they speak for. The saved view "<label field> contradictions" shows
            them. Nobody has looked at them again: give another class, or the same once more.
    """

    classes: list[str]
    encoder: str
    second_encoder: str
    summary: RunSummary
    seconds: dict[str, float]
    dataset: "fo.Dataset | None" = None
    contradictions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def _lines(self) -> list[str]:
        where, following = " labelled", NEXT_ON_FILES
        if self.dataset is not None:
            where, following = f" of {self.dataset.name!r} labelled by run {self.run_key!r}", NEXT_ON_DATASET
        failed = f", {self.n_failed:,} could not be read: see .failures" if self.n_failed else ""
        frequent = sorted(filter(itemgetter(1), self.counts.items()), key=itemgetter(1), reverse=True)
        lines = [
            f"{counted(self.summary.images, self.summary.noun)}{where}{failed}",
            listed([f"{name} {count:,}" for name, count in frequent], MOST_CLASSES_SHOWN),
        ]
        if len(self.classes) > 1:
            lines.insert(1, expected_accuracy(self.summary))
        return [*lines, *self.remarks, following]

    def __str__(self) -> str:
        """The run in one sentence, with its expected and, after an audit, its measured accuracy."""
        return headline(self.summary)

    @property
    @abstractmethod
    def run_key(self) -> str:
        """Key of the run on its dataset; "" on files."""

    @property
    @abstractmethod
    def fields(self) -> "FieldNames | None":
        """Names of the fields that the run wrote; None on files."""

    @property
    @abstractmethod
    def failures(self) -> dict[str, str]:
        """What could not be labelled, by its path in a run on files and by its id on a dataset → why."""

    @property
    def n_failed(self) -> int:
        """Number of images that could not be labelled."""
        return self.summary.failures

    @property
    def counts(self) -> dict[str, int]:
        """Class → number of images with that label."""
        return dict(zip(self.classes, self.summary.counts, strict=True))

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, in [0, 1].

        Of several labels an image: share of the images whose labels are all expected to be right.
        """
        return self.summary.expected_accuracy

    @property
    def remarks(self) -> list[str]:
        """What the expected accuracy does not show, e.g. that a class got no images."""
        said = remarks(self.counts, self.summary.noun)
        if self.fields and self.contradictions:
            from ..dataset import contradictions_view_name

            view = contradictions_view_name(self.fields.label)
            said += contradiction_remarks(len(self.contradictions), view)
        return said

    @property
    def suggested_names(self) -> dict[int, tuple[str, ...]]:
        """Number of a micro-cluster → names of ImageNet that suit it better than any class name, best first.

        At most three a cluster: what a missing class may be called.
        """
        return {each.cluster: each.suggestions for each in self.summary.novel if each.suggestions}

    @property
    def history(self) -> "pd.DataFrame":
        """How labels and prototypes converged: a row per iteration, with its level; see `Iteration`.

        A level that was skipped has no row.
        """
        import pandas as pd

        rows = [
            {"level": level.level} | asdict(iteration)
            for level in self.summary.history
            for iteration in level.iterations
        ]
        return pd.DataFrame(rows, columns=["level", *(each.name for each in fields(Iteration))])

    def to_frame(self) -> "pd.DataFrame":
        """A row per image, as in `labels.csv`; at the end those that could not be labelled, with the reason.

        Returns:
            Columns `path`, on a dataset `id` of the sample or object, `label`, `confidence`,
            `second_choice`, `margin`, `novelty`, `meta_cluster`, `micro_cluster`, `label_by`, `error`.
        """
        import pandas as pd

        table = self.images_table()
        frame = pd.DataFrame(table.lines(self.classes), columns=table.columns)
        clusters = [name for name in frame.columns if name.endswith("_cluster")]
        return frame.astype(dict.fromkeys(clusters, "Int64"))

    def report(
        self, folder: str | os.PathLike[str], *, title: str = "", png: bool = False, overwrite: bool = False
    ) -> Path:
        """Write labels, metadata, a report to read, and prototypes for new images; see `write_report`.

        Args:
            folder: Folder to make.
            title: Heading of the page; by default it names the run.
            png: Whether to write every figure as a PNG file too.
            overwrite: Whether an earlier report may be replaced.

        Returns:
            The folder.

        Raises:
            InputError: The folder cannot be made; nothing was written.
        """
        check_report_folder(folder, overwrite)
        try:
            prototypes = self.prototypes()
        except InputError:
            prototypes = None
        return self.write_report(folder, prototypes, title=title, png=png, overwrite=overwrite)

    def write_report(
        self,
        folder: str | os.PathLike[str],
        prototypes: Prototypes | None,
        *,
        title: str = "",
        png: bool = False,
        overwrite: bool = False,
    ) -> Path:
        """Write the report with prototypes that are made already, or without any; see `report`."""
        dataset = self.dataset
        return write_report(
            folder,
            self.summary,
            self.images_table(),
            prototypes=prototypes,
            versions=package_versions("fiftyone") if dataset is not None else package_versions(),
            title=title or (f"{dataset.name}, {self.run_key}" if dataset is not None else Path(folder).name),
            png=png,
            overwrite=overwrite,
        )

    def plot_classes(self, theme: str = "light") -> "go.Figure":
        """Images and confidence per class; `theme` is "light" or "dark", as for all figures."""
        return class_plot(self.summary, theme).figure

    def plot_confidence(self, theme: str = "light") -> "go.Figure":
        """The distribution of confidence."""
        return confidence_plot(self.summary, theme).figure

    def plot_coverage(self, theme: str = "light") -> "go.Figure":
        """The expected accuracy if only the most confident labels are kept."""
        return coverage_plot(self.summary, theme).figure

    def plot_convergence(self, theme: str = "light") -> "go.Figure":
        """Changed labels, prototype drift and confidence per iteration."""
        return convergence_plot(self.summary, theme).figure

    def plot_alignment(self, level: str = "meta", theme: str = "light") -> "go.Figure":
        """Which cluster of a level, "meta" or "micro", went to which class.

        Raises:
            InputError: The run has no such level.
        """
        if level not in self.summary.levels:
            raise InputError(f"There is no level {level!r}: choose from {', '.join(self.summary.levels)}.")
        return alignment_plot(self.summary, level, theme).figure

    @property
    @abstractmethod
    def alignment(self) -> dict[str, np.ndarray]:
        """Level, "meta" or "micro" → (clusters, k) share of each cluster that went to each class."""

    @abstractmethod
    def images_table(self) -> ImagesTable:
        """What the run says of every image, in the form in which reports list it."""

    @abstractmethod
    def prototypes(self) -> Prototypes:
        """What the run has learnt, to label new images.

        Raises:
            InputError: That cannot be had of this run; the message says why.
        """


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a run with reviewed labels changed.

    Attributes:
        n_reviewed: Samples, or objects, of the run whose label was approved or corrected.
        n_changed: Others whose label is not what it was before.
        accuracy_before: Share of the labels of the others that was expected to be right before, in [0, 1];
            1 if there are no others.
        accuracy_after: The same for the labels that they have now.
        new_classes: Classes of reviewed labels that no run knew before.
    """

    n_reviewed: int
    n_changed: int
    accuracy_before: float
    accuracy_after: float
    new_classes: list[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class FinishedRun(LabelledRun):
    """A run that has just finished, on a dataset or on files.

    Attributes:
        encoder_reason: Why that encoder was taken, one sentence; "" when it was asked for by name.
        refinement: Labels, confidence and what explains them, in the order of `paths`.
        paths: (n,) paths of the labelled images, or of the images that the labelled objects are in.
        sample_ids: (n,) ids of the labelled samples or objects; on files their paths.
        failed: What could not be labelled, each as often as it was given.
        run_key: Key of the run on its dataset, e.g. for `load_run`; "" on files.
        fields: Names of the fields that were written; None on files.
        unlisted_classes: Class of reviewed labels that is not in `classes` → number of samples. They keep
            it, but no other image can get it.
        changes: What changed since the run before; None unless the run refined with reviewed labels.
        embedded: The vectors that it was made from.
        towers: What made them.
        sets: The classes of each image where it may have several; None otherwise.
    """

    encoder_reason: str
    refinement: Refinement
    paths: list[str]
    failed: list[Failure]
    embedded: Embedded
    towers: Towers
    sets: LabelSets | None = None
    sample_ids: list[str] = field(default_factory=list)
    run_key: str = ""
    fields: "FieldNames | None" = None
    unlisted_classes: dict[str, int] = field(default_factory=dict)
    changes: Changes | None = None

    @property
    def failures(self) -> dict[str, str]:
        """What could not be labelled, by its path in a run on files and by its id on a dataset → why."""
        return {each.id or each.path: each.why for each in self.failed}

    @property
    def alignment(self) -> dict[str, np.ndarray]:
        """Level, "meta" or "micro" → (clusters, k) share of each cluster that went to each class."""
        return self.refinement.alignment

    @property
    def label_texts(self) -> list[str]:
        """(n,) label of each; several labels of an image as one text, such as "cat|dog"."""
        names = np.array(self.classes, object)
        if self.sets is None:
            return names[self.refinement.labels].tolist()
        return [set_text(names[given]) for given in self.sets.is_given]

    def images_table(self) -> ImagesTable:
        """What the run says of every image, in the form in which reports list it."""
        ids = self.sample_ids if self.dataset is not None else None
        table = ImagesTable.of(self.refinement, self.paths, failures=self.failed, ids=ids)
        return table if self.sets is None else replace(table, texts=self.label_texts)

    def prototypes(self) -> Prototypes:
        """What the run has learnt, to label new images.

        Raises:
            InputError: It labelled objects, or gave several labels an image.
        """
        if self.fields is not None and self.fields.objects:
            raise InputError(OBJECTS_HAVE_NO_PROTOTYPES)
        if self.sets is not None:
            raise InputError(SETS_HAVE_NO_PROTOTYPES)
        return make_prototypes(
            self.refinement,
            self.classes,
            self.embedded.X,
            self.embedded.T,
            second_embeddings=self.embedded.V,
            **self.towers.named(),
        )
