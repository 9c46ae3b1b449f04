"""What a panel shows now, read from the database once and kept between events.

`render` draws from here, so it never asks the database.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from threading import Lock
from typing import Any

import fiftyone as fo

from ..plugin.dataset.comparing import RunComparison, compare_runs
from ..plugin.dataset.fields import FieldNames, label_path, review_fields
from ..plugin.dataset.internals import dataset_id
from ..plugin.dataset.labels import labels_of
from ..plugin.dataset.pending import failed_start, pending_runs
from ..plugin.dataset.reading import Samples, classification_fields, dataset_of, flat_samples
from ..plugin.dataset.record import RunRecord, RunState, labelled_fields, list_all_runs
from ..plugin.dataset.running import load_outcome
from ..plugin.engine.errors import InputError
from ..plugin.report.alignment import alignment_plot
from ..plugin.report.classes import class_plot
from ..plugin.report.confidence import confidence_plot, coverage_plot, reliability_plot
from ..plugin.report.confusion import confusion_plot
from ..plugin.report.convergence import convergence_plot, history_plot
from ..plugin.report.summary import RunSummary
from ..plugin.report.theme import NEUTRAL, Plot
from ..plugin.run.narrowing import narrow
from ..plugin.run.stored import load_summary
from .choices import Choices, Tab
from .pictures import pictures_of

MOST_PANELS = 32
MOST_KEPT = 32
MOST_PICTURED = 8
"""Clusters of which images show."""


class Figures:
    """The figures of a summary, each drawn when it is first asked for."""

    def __init__(self, summary: RunSummary) -> None:
        """Draw nothing yet."""
        self.summary = summary
        self._levels: dict[str, Plot] = {}

    def alignment(self, level: str) -> Plot:
        """Clusters × classes on one level."""
        if level not in self._levels:
            self._levels[level] = alignment_plot(self.summary, level, NEUTRAL)
        return self._levels[level]

    @cached_property
    def convergence(self) -> Plot:
        """Round by round."""
        return convergence_plot(self.summary, NEUTRAL)

    @cached_property
    def classes(self) -> Plot:
        """Images and confidence per class."""
        return class_plot(self.summary, NEUTRAL)

    @cached_property
    def confidence(self) -> Plot:
        """Histogram."""
        return confidence_plot(self.summary, NEUTRAL)

    @cached_property
    def coverage(self) -> Plot:
        """Accuracy against the share that is kept."""
        return coverage_plot(self.summary, NEUTRAL)

    @cached_property
    def reliability(self) -> Plot:
        """Accuracy against confidence; needs a ground truth."""
        return reliability_plot(self.summary, NEUTRAL)

    @cached_property
    def confusion(self) -> Plot:
        """True classes × labels; needs a ground truth."""
        return confusion_plot(self.summary, NEUTRAL)


@dataclass(frozen=True)
class Board:
    """What a panel shows.

    Attributes:
        runs: All runs of the dataset, latest first.
        waiting: Number of runs that wait for a delegated worker.
        failed_start: Why a queued run ended before it began, "" if none did since the latest run.
        run: The run that is shown, None if there is none.
        figures: Its figures, None before it has labels.
        problem: Why there are no figures of a completed run, or not those that were asked for, "" if
            there are.
        lost_field: A field of the run that is there no more, "" if all are.
        n_lost: Labels of the run that are there no more, since their samples or objects are not.
        truth_fields: Fields that may hold a ground truth.
        asked: The view that the figures were to be restricted to, None for the whole run.
        scope: The view that they are restricted to; None for the whole run, or if nothing of it is in there.
        comparison: The run beside another, None where that does not show or cannot be.
        comparison_problem: Why it cannot be, "" if it can.
        pictures: Cluster that may fit no class → its most central images as addresses of pictures; for the
            first few, where they show.
    """

    runs: tuple[RunRecord, ...]
    waiting: int
    failed_start: str
    run: RunRecord | None
    figures: Figures | None = None
    problem: str = ""
    lost_field: str = ""
    n_lost: int = 0
    truth_fields: tuple[str, ...] = ()
    asked: fo.DatasetView | None = None
    scope: fo.DatasetView | None = None
    comparison: RunComparison | None = None
    comparison_problem: str = ""
    pictures: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way or waits."""
        return self.waiting > 0 or any(run.state == RunState.RUNNING for run in self.runs)

    @property
    def settling(self) -> Plot | None:
        """How far the refinement of a run under way has got, None before its first round."""
        is_settling = self.run and self.run.state == RunState.RUNNING and self.run.history
        return history_plot(self.run.history, NEUTRAL, self.run.noun) if is_settling else None

    @property
    def completed(self) -> tuple[RunRecord, ...]:
        """Runs that wrote labels, latest first."""
        return tuple(run for run in self.runs if run.state == RunState.COMPLETED)

    @property
    def failed_since(self) -> RunRecord | None:
        """The latest run, if it began after the one that is shown and failed."""
        latest = next(iter(self.runs), None)
        is_later = latest and self.run and latest.started > self.run.started
        return latest if is_later and latest.state == RunState.FAILED else None

    @property
    def overwritten_by(self) -> RunRecord | None:
        """The run that has written other labels into the fields of the one that is shown."""
        if self.run is None or self.run.state != RunState.COMPLETED:
            return None
        same = (run for run in self.completed if run.fields == self.run.fields)
        latest = max(same, key=lambda run: run.finished)
        return latest if latest.key != self.run.key else None

    @property
    def why_closed(self) -> str:
        """Why marks lead to no samples, one sentence; "" if they lead to some."""
        if self.lost_field:
            return f"The field {self.lost_field!r} of this run is gone: label again to see samples."
        if self.overwritten_by:
            return f"Run {self.overwritten_by.key} has written other labels since: choose it to see samples."
        return ""


class _Kept(OrderedDict):
    """Values by key, of which the ones used last are kept."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self._lock = most, Lock()

    def put(self, key: object, value: object) -> None:
        with self._lock:  # events of several panels come in several threads
            self[key] = value
            self.move_to_end(key)
            while len(self) > self._most:
                self.popitem(last=False)

    def get_or_make(self, key: object, make: Callable[[], Any]) -> Any:
        """The value of a key, made if there is none, and used last from now on."""
        value = self.get(key)
        if value is None:
            value = make()
        self.put(key, value)
        return value


_shown: dict[str, tuple[Choices, Board]] = _Kept(MOST_PANELS)
_opened: dict[str, fo.DatasetView | None] = _Kept(MOST_PANELS)
_kept = _Kept(MOST_KEPT)
_turns: defaultdict[str, Lock] = defaultdict(Lock)


def load_board(dataset: fo.Dataset, choices: Choices, scope: fo.DatasetView | None = None) -> Board:
    """Read what a panel shows; figures that were read before are not read again.

    Args:
        dataset: The dataset.
        choices: What was chosen.
        scope: View to restrict the figures to, None for the whole run.
    """
    runs, waiting, failed = read_runs(dataset)
    run = next((run for run in runs if run.key == choices.run_key), None) or usual_run(runs)
    board = Board(runs, waiting, failed, run, asked=scope)
    if run is None or run.state != RunState.COMPLETED:
        return board
    try:
        board = replace(board, figures=_load_figures(dataset, run))
    except InputError as error:
        return replace(board, problem=str(error))
    board = _narrowed(dataset, _with_losses(dataset, board), choices.truth, scope)
    if choices.tab == Tab.NOVELTY and not board.lost_field:
        return replace(board, pictures=_pictures(dataset, board))
    return _with_comparison(dataset, board, choices) if choices.tab == Tab.COMPARISON else board


def read_runs(dataset: fo.Dataset) -> tuple[tuple[RunRecord, ...], int, str]:
    """All runs, latest first, how many more wait for a worker, and why the last one could not begin."""
    every = list_all_runs(dataset)
    runs = tuple(run for run in reversed(every) if isinstance(run.fields, FieldNames))
    return runs, len(pending_runs(dataset)), failed_start(dataset, every[-1].started if every else None)


def usual_run(runs: tuple[RunRecord, ...]) -> RunRecord | None:
    """The latest run that wrote labels or is about to, else the latest."""
    shown = (run for run in runs if run.state in (RunState.RUNNING, RunState.COMPLETED))
    return next(shown, None) or next(iter(runs), None)


def turn(panel_id: str) -> Lock:
    """What an event of a panel holds while it is handled: the App sends some twice, and ticks in between."""
    return _turns[panel_id]


def remember(panel_id: str, choices: Choices, board: Board) -> None:
    """Keep what a panel shows."""
    _shown.put(panel_id, (choices, board))


def recall(panel_id: str) -> tuple[Choices, Board] | None:
    """What a panel showed last, None after the server was started anew."""
    return _shown.get(panel_id)


def note_opened(panel_id: str, view: fo.DatasetView | None) -> None:
    """Keep which view a mark of a panel opened last, None to forget it."""
    _opened.put(panel_id, view)


def has_opened(panel_id: str, view: fo.DatasetView) -> bool:
    """Whether a mark of a panel opened that view last."""
    return _opened.get(panel_id) == view


def _with_losses(dataset: fo.Dataset, board: Board) -> Board:
    """The board with what is there no more of what the run wrote."""
    fields = board.run.fields
    names = [fields.label] if fields.objects else fields.by_role().values()
    lost = next((name for name in names if not dataset.has_sample_field(name)), "")
    if lost or board.overwritten_by:
        return replace(board, lost_field=lost)
    # Counting labels takes a while; samples that were deleted or changed since tell that it is needed again.
    samples = flat_samples(dataset)
    newest = samples.sort_by("last_modified_at", reverse=True).limit(1).values("last_modified_at")
    key = (*_run_key(dataset, board.run), "lost", len(samples), *newest)
    return replace(board, n_lost=_kept.get_or_make(key, partial(_count_lost, samples, board.run)))


def _count_lost(samples: Samples, run: RunRecord) -> int:
    n_there = samples.count(label_path(dataset_of(samples), run.fields.label, "label"))
    return max(run.n_labelled - n_there, 0)


def _run_key(dataset: fo.Dataset, run: RunRecord) -> tuple:
    """What tells one run from all others, those of its name that were deleted too."""
    return str(dataset_id(dataset)), run.key, run.finished


def _narrowed(dataset: fo.Dataset, board: Board, truth: str, scope: fo.DatasetView | None) -> Board:
    """The board for some samples only, or with a ground truth; as it is where that cannot be."""
    fields = _truth_fields(dataset, board.run)
    board, truth = replace(board, truth_fields=fields, scope=scope), truth if truth in fields else ""
    if scope is None and not truth and not board.n_lost:
        return board
    try:
        return replace(board, figures=_narrowed_figures(dataset, board, truth))
    except InputError as error:
        without = _narrowed(dataset, board, "", scope) if truth else replace(board, scope=None)
        return replace(without, problem=str(error))


def _truth_fields(dataset: fo.Dataset, run: RunRecord) -> tuple[str, ...]:
    """Fields with classes that are not from a run; for objects, the field that they are from."""
    objects = run.fields.objects
    if objects:
        if not dataset.has_sample_field(objects):
            return ()
        has_classes = flat_samples(dataset).distinct(label_path(dataset, objects, "label"))
        return (objects,) if has_classes else ()
    ours = (*labelled_fields(dataset), *review_fields(dataset))
    return tuple(name for name in classification_fields(dataset) if name not in ours)


def _narrowed_figures(dataset: fo.Dataset, board: Board, truth: str) -> Figures:
    run, scope = board.run, board.scope
    ids, labels = None, labels_of(dataset, run.fields)
    if scope is not None:
        ids = labels.ids(scope)
    elif board.n_lost:
        ids = list(labels.values("label", "label"))
    classes = _true_classes(dataset, run, truth) if truth else None
    # People go on editing tags and truths, so what was read tells one narrowing from the next.
    content = hash((None if ids is None else tuple(ids), tuple(classes.items()) if classes else None))
    key = (*_run_key(dataset, run), content)

    def make() -> Figures:
        outcome = load_outcome(dataset, run.key)
        return Figures(narrow(board.figures.summary, outcome, sample_ids=ids, truth=classes))

    return _kept.get_or_make(key, make)


def _true_classes(dataset: fo.Dataset, run: RunRecord, truth: str) -> dict[str, str]:
    """Id of a sample or object → its true class."""
    if run.fields.objects:
        true = labels_of(dataset, replace(run.fields, label=truth)).values("label", "label")
        return {one: label for one, (label,) in true.items()}
    return dict(zip(*flat_samples(dataset).values(["id", f"{truth}.label"]), strict=True))


def _pictures(dataset: fo.Dataset, board: Board) -> dict[int, tuple[str, ...]]:
    run = board.run
    key = (*_run_key(dataset, run), "pictures")

    def make() -> dict[int, tuple[str, ...]]:
        summary, outcome = _load_figures(dataset, run).summary, load_outcome(dataset, run.key)
        central = zip(summary.novel[:MOST_PICTURED], outcome.novel_samples, strict=False)
        return {each.cluster: pictures_of(dataset, run.fields, ids) for each, ids in central}

    return _kept.get_or_make(key, make)


def _with_comparison(dataset: fo.Dataset, board: Board, choices: Choices) -> Board:
    others = [run.key for run in board.completed if run.key != board.run.key]
    if not board.figures or not others:
        return board
    other = choices.other_key if choices.other_key in others else others[0]
    try:
        return replace(board, comparison=compare_runs(dataset, other, board.run.key))
    except InputError as error:
        return replace(board, comparison_problem=str(error))


def _load_figures(dataset: fo.Dataset, run: RunRecord) -> Figures:
    key = _run_key(dataset, run)
    return _kept.get_or_make(key, lambda: Figures(load_summary(dataset, run.key)))
