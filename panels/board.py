"""What a panel shows: the runs of a dataset, one of them with its figures, and what became of its labels.

Read from the database when something happens. Drawing a tab may add what it alone shows.
"""

from dataclasses import dataclass, replace

import fiftyone as fo

from ..plugin.dataset import (
    FieldNames,
    RunRecord,
    RunState,
    classification_fields,
    complete_interrupted,
    failed_start,
    flat_samples,
    label_path,
    labelled_fields,
    labels_of,
    list_all_runs,
    load_outcome,
    open_contradictions,
    pending_runs,
    read_reviews,
    review_fields,
)
from ..plugin.engine.errors import InputError
from ..plugin.report.convergence import history_plot
from ..plugin.report.measured import MeasuredAccuracy
from ..plugin.report.summary import RunSummary
from ..plugin.report.theme import NEUTRAL, Plot
from ..plugin.run.audit import measured_by
from .choices import Choices
from .figures import Figures, figures_of, figures_of_part, identity, kept
from .marks import Marks


@dataclass(frozen=True)
class Board:
    """What a panel shows.

    Attributes:
        dataset: The dataset.
        choices: What was chosen, with what follows from it.
        runs: All runs of the dataset, latest first.
        waiting: Number of runs that wait for a delegated worker.
        failed_start: Why a queued run ended before it began, "" if none did since the latest run.
        run: The run that is shown, None if there is none.
        figures: Its figures, None before it has labels.
        problem: Why there are no figures of a completed run, or not those that were asked for, "" if
            there are.
        lost_field: A field of the run that was deleted, "" if all are there.
        n_lost: Labels of the run that were deleted, alone or with their samples or objects.
        measured: What an audit of the whole run says, None before one.
        n_reviewed: Labels of the run that were approved or corrected, of those that the figures show.
        contradictory: Ids of the samples or objects whose reviewed label similar images contradict.
        truth_fields: Fields that may hold a ground truth.
        asked: The view that the figures were to be restricted to, None for the whole run.
        scope: The view that they are restricted to; None for the whole run, or if it holds nothing of it.
    """

    dataset: fo.Dataset
    choices: Choices
    runs: tuple[RunRecord, ...]
    waiting: int
    failed_start: str
    run: RunRecord | None
    figures: Figures | None = None
    problem: str = ""
    lost_field: str = ""
    n_lost: int = 0
    n_reviewed: int = 0
    contradictory: tuple[str, ...] = ()
    measured: MeasuredAccuracy | None = None
    truth_fields: tuple[str, ...] = ()
    asked: fo.DatasetView | None = None
    scope: fo.DatasetView | None = None

    @property
    def summary(self) -> RunSummary:
        """What the figures are drawn from; there are some."""
        return self.figures.summary

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
    def others(self) -> dict[str, RunRecord]:
        """Key → run that wrote labels, without the one that is shown."""
        return {run.key: run for run in self.completed if run != self.run}

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
        """Why clicks lead to no samples, one sentence; "" if they lead to some."""
        if self.lost_field:
            return f"The field {self.lost_field!r} of this run is gone: label again to see samples."
        if self.overwritten_by:
            return f"Run {self.overwritten_by.key} has written other labels since: choose it to see samples."
        return ""

    @property
    def marks(self) -> Marks:
        """What leads to the samples of the run.

        Raises:
            InputError: Its fields do not hold what its figures show.
        """
        if self.why_closed:
            raise InputError(self.why_closed)
        samples = self.scope if self.scope is not None else flat_samples(self.dataset)
        return Marks(samples, self.summary, self.run.fields, self.choices.truth)


def load_board(
    dataset: fo.Dataset,
    choices: Choices,
    scope: fo.DatasetView | None = None,
    before: RunRecord | None = None,
) -> Board:
    """Read what a panel shows; figures that were read before are not read again.

    Args:
        dataset: The dataset.
        choices: What was chosen.
        scope: View to restrict the figures to, None for the whole run.
        before: The run that showed before, None if none did.
    """
    runs, waiting, failed = read_runs(dataset)
    run = next((run for run in runs if run.key == choices.run_key), None) or usual_run(runs)
    board = _with_choices(Board(dataset, choices, runs, waiting, failed, run, asked=scope), before)
    if run is None or run.state != RunState.COMPLETED:
        return board
    try:
        board = replace(board, figures=figures_of(dataset, run))
    except InputError as error:
        return replace(board, problem=str(error))
    ids = None if scope is None else labels_of(dataset, run.fields).ids(scope)
    return _narrowed(_with_labels(board, ids), ids, choices.truth)


def read_runs(dataset: fo.Dataset) -> tuple[tuple[RunRecord, ...], int, str]:
    """All runs, latest first, how many more wait for a worker, and why the last one could not begin."""
    every = list_all_runs(dataset)
    if any(run.is_interrupted for run in every):
        complete_interrupted(dataset)
        every = list_all_runs(dataset)
    runs = tuple(run for run in reversed(every) if isinstance(run.fields, FieldNames))
    return runs, len(pending_runs(dataset)), failed_start(dataset, every[-1].started if every else None)


def usual_run(runs: tuple[RunRecord, ...]) -> RunRecord | None:
    """The latest run that wrote labels or is about to, else the latest."""
    shown = (run for run in runs if run.state in (RunState.RUNNING, RunState.COMPLETED))
    return next(shown, None) or next(iter(runs), None)


def _with_choices(board: Board, before: RunRecord | None) -> Board:
    """The board with what follows from the choice of its run; clusters of another run are not chosen."""
    if board.run is None:
        return board
    choices = replace(board.choices, run_key=board.run.key)
    is_same = before and (before.key, before.started) == (board.run.key, board.run.started)
    if before and not is_same:
        choices = replace(choices, cluster=None, class_name="")
    if choices.other_key not in board.others:
        choices = replace(choices, other_key=next(iter(board.others), ""))
    return replace(board, choices=choices)


def _with_labels(board: Board, ids: list[str] | None) -> Board:
    """The board with what was deleted or reviewed of what the run wrote.

    Args:
        board: The board.
        ids: What it is restricted to, None for the whole run.
    """
    dataset, run, fields = board.dataset, board.run, board.run.fields
    names = [fields.label] if fields.objects else fields.by_role().values()
    lost = next((name for name in names if not dataset.has_sample_field(name)), "")
    if lost or board.overwritten_by:
        return replace(board, lost_field=lost)
    # Reading labels takes a while; the latest change to a sample tells whether it is needed again.
    samples = flat_samples(dataset)
    newest = samples.sort_by("last_modified_at", reverse=True).limit(1).values("last_modified_at")
    key = (*identity(dataset, run), "labels", len(samples), *newest)

    def read() -> tuple[int, dict[str, str], tuple[str, ...]]:
        reviews, contradictory = read_reviews(dataset, fields), ()
        if reviews:  # those of samples that other runs labelled are left out
            outcome = load_outcome(dataset, run.key)
            labelled = set(outcome.sample_ids)
            reviews = {one: name for one, name in reviews.items() if one in labelled}
            contradictory = tuple(open_contradictions(dataset, fields, outcome.contradictions))
        return labels_of(dataset, fields).count(), reviews, contradictory

    n_there, reviews, contradictory = kept.get_or_make(key, read)
    return replace(
        board,
        n_lost=max(run.n_labelled - n_there, 0),
        contradictory=contradictory,
        n_reviewed=len(reviews if ids is None else reviews.keys() & set(ids)),
        measured=measured_by(run, reviews),
    )


def _narrowed(board: Board, ids: list[str] | None, truth: str) -> Board:
    """The board for some samples only, or with a ground truth; as it is where that cannot be."""
    fields = _truth_fields(board.dataset, board.run)
    scope, truth = None if ids is None else board.asked, truth if truth in fields else ""
    board = replace(board, truth_fields=fields, scope=scope)
    if scope is None and not truth and not board.n_lost:
        return board
    labels = labels_of(board.dataset, board.run.fields)
    some = list(labels.values("label", "label")) if ids is None and board.n_lost else ids
    classes = _true_classes(board.dataset, board.run, truth) if truth else None
    try:
        return replace(board, figures=figures_of_part(board.dataset, board.run, some, classes))
    except InputError as error:
        if truth:
            board = _narrowed(board, ids, "")
        elif ids is not None:
            board = _narrowed(_with_labels(board, None), None, "")
        return replace(board, problem=str(error))


def _truth_fields(dataset: fo.Dataset, run: RunRecord) -> tuple[str, ...]:
    """Fields with classes that are not from a run; for objects, the field that they are from."""
    objects = run.fields.objects
    if run.fields.multilabel:  # which `evaluate` compares
        return ()
    if objects:
        if not dataset.has_sample_field(objects):
            return ()
        has_classes = flat_samples(dataset).distinct(label_path(dataset, objects, "label"))
        return (objects,) if has_classes else ()
    ours = (*labelled_fields(dataset), *review_fields(dataset))
    return tuple(name for name in classification_fields(dataset) if name not in ours)


def _true_classes(dataset: fo.Dataset, run: RunRecord, truth: str) -> dict[str, str]:
    """Id of a sample or object → its true class."""
    if run.fields.objects:
        true = labels_of(dataset, replace(run.fields, label=truth)).values("label", "label")
        return {one: label for one, (label,) in true.items()}
    return dict(zip(*flat_samples(dataset).values(["id", f"{truth}.label"]), strict=True))
