"""A finished run as people ask it: counts, history, alignment, a table of its images, and a report.

Runs on files, runs on a dataset, and runs read back from their record answer to the same names.
"""

import os
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.results import Iteration, LevelHistory, Refinement

if TYPE_CHECKING:
    import pandas as pd

    from ..report.images_table import ImagesTable


@dataclass(frozen=True, kw_only=True)
class FinishedRun(ABC):
    """What every finished run can tell; k classes.

    Attributes:
        classes: (k,) class names.
        encoder: Name of the encoder.
        second_encoder: Name of the second image encoder; "" without one.
        failures: What could not be labelled, by its path in a run on files and by its id in one on a
            dataset → why.
        seconds: Stage, such as "embed" or "refine" → duration.
    """

    classes: list[str]
    encoder: str
    second_encoder: str
    failures: dict[str, str]
    seconds: dict[str, float] = field(repr=False)

    @property
    def n_failed(self) -> int:
        """Number of images that could not be labelled."""
        return len(self.failures)

    @property
    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Class → number of images with that label."""

    @property
    @abstractmethod
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, in [0, 1]."""

    @property
    @abstractmethod
    def alignment(self) -> dict[str, np.ndarray]:
        """Level, "meta" or "micro" → (clusters, k) share of each cluster that went to each class."""

    @abstractmethod
    def report(
        self, folder: str | os.PathLike[str], *, title: str = "", png: bool = False, overwrite: bool = False
    ) -> Path:
        """Write labels, metadata, a report to read, and prototypes for new images; see `write_report`.

        Args:
            folder: Folder to make.
            title: Heading of the page; by default it names the run.
            png: Whether to write every figure as a PNG file too.
            overwrite: Whether a report that is there may be replaced.

        Returns:
            The folder.

        Raises:
            InputError: The folder cannot be made; nothing was written.
        """

    @abstractmethod
    def images_table(self) -> "ImagesTable":
        """What the run says of every image, in the form in which reports list it."""

    @property
    @abstractmethod
    def _levels(self) -> tuple[LevelHistory, ...]:
        """What happened on every level, coarsest first."""

    @property
    def history(self) -> "pd.DataFrame":
        """How labels and prototypes converged: a row per iteration, with its level; see `Iteration`.

        A level that was skipped has no row.
        """
        import pandas as pd

        rows = [
            {"level": level.level} | asdict(iteration)
            for level in self._levels
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


@dataclass(frozen=True, kw_only=True)
class RefinedRun(FinishedRun):
    """A run that has just finished, with everything that the engine found.

    Attributes:
        encoder_reason: Why that encoder was taken, one sentence; "" when it was asked for by name.
        refinement: Labels, confidence and what explains them, in the order of the images.
        suggested_names: Number of a micro-cluster → names of ImageNet that suit it better than any class
            name, at most three, best first: what a missing class may be called.
    """

    encoder_reason: str
    refinement: Refinement
    suggested_names: dict[int, tuple[str, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """Class → number of images with that label."""
        counts = np.bincount(self.refinement.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, in [0, 1]."""
        return self.refinement.expected_accuracy

    @property
    def alignment(self) -> dict[str, np.ndarray]:
        """Level, "meta" or "micro" → (clusters, k) share of each cluster that went to each class."""
        return self.refinement.alignment

    @property
    def _levels(self) -> tuple[LevelHistory, ...]:
        return self.refinement.history
