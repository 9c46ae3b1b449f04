"""The figures of a run, each drawn when it is first asked for and then kept.

Those of a part of a run, or beside a ground truth, are kept like those of whole runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import fiftyone as fo

from ..plugin.dataset import RunRecord, dataset_id, load_outcome
from ..plugin.report.summary import RunSummary
from ..plugin.report.theme import NEUTRAL, Plot
from ..plugin.run.narrowing import narrow
from ..plugin.run.stored import load_run
from .kept import Kept

MOST_KEPT = 32


class Figures:
    """The figures of a summary."""

    def __init__(self, summary: RunSummary) -> None:
        """Draw nothing yet."""
        self.summary = summary
        self._drawn: dict[tuple, Plot] = {}

    def draw(self, plot: Callable[..., Plot], *which: str) -> Plot:
        """A figure in colours that show on light and dark pages.

        Args:
            plot: One of the functions of `plugin.report` that draw a summary.
            *which: Further arguments of it, e.g. the level.
        """
        key = plot, *which
        if key not in self._drawn:
            self._drawn[key] = plot(self.summary, *which, theme=NEUTRAL)
        return self._drawn[key]


kept: Kept = Kept(MOST_KEPT)
"""Figures, and what else takes a while to read of a run."""


def identity(dataset: fo.Dataset, run: RunRecord) -> tuple:
    """What tells a run from all others, deleted ones of the same key included."""
    return str(dataset_id(dataset)), run.key, run.finished


def figures_of(dataset: fo.Dataset, run: RunRecord) -> Figures:
    """The figures of a whole run.

    Raises:
        InputError: What the run saved cannot be read.
    """

    def make() -> Figures:
        # What an audit measures changes with every review: the header reads it anew.
        return Figures(replace(load_run(dataset, run.key).summary, measured=None))

    return kept.get_or_make(identity(dataset, run), make)


def figures_of_part(
    dataset: fo.Dataset, run: RunRecord, ids: Sequence[str] | None, truth: Mapping[str, str] | None
) -> Figures:
    """The figures of some samples of a run, or beside a ground truth.

    Args:
        dataset: Dataset of the run.
        run: The run.
        ids: Samples or objects to count, None for all.
        truth: Id of a sample or object → its true class, None for no ground truth.

    Raises:
        InputError: The run labelled none of the samples, or the truth names none of its classes.
    """
    # Tags and truths are edited at any time, so their content tells one part from the next.
    content = hash((None if ids is None else tuple(ids), truth and tuple(truth.items())))

    def make() -> Figures:
        summary = figures_of(dataset, run).summary
        return Figures(narrow(summary, load_outcome(dataset, run.key), sample_ids=ids, truth=truth))

    return kept.get_or_make((*identity(dataset, run), content), make)
