"""The head of the panel: which run, how it stands, what to do next, and four answers at a glance.

Without a run it is one sentence and one button.
"""

from ..plugin.dataset.record import RunRecord, RunState
from ..plugin.engine.metrics import kept_at
from ..plugin.report.summary import RunSummary
from ..plugin.run.pipeline import STAGES
from ..plugin.wording import counted, percent, plain
from .board import Board, Figures
from .events import Events
from .page import FRAMED, ROW, TWO_COLUMNS, Page

ENOUGH = 0.95
"""Share of the labels that should be right where nobody looks."""

ACTIONS = {
    "auto_label": ("Auto-label", "auto_awesome", "Label again, for example with other classes"),
    "review_next": ("Review", "checklist", "Show the most doubtful labels, to correct or approve them"),
    "correct": ("Correct", "edit", "Give the selected samples another label"),
    "approve": (
        "Approve",
        "done_all",
        "Say that the labels of the selected samples, or of the view, hold",
    ),
    "refine_with_corrections": ("Refine", "auto_fix_high", "Label again, anchored to your corrections"),
    "evaluate": ("Evaluate", "grading", "Compare the labels with a ground truth"),
    "export_labels": ("Export", "file_download", "Write class folders, YOLO or COCO"),
}
"""Operator → what its button says, its icon, and what it says on hover."""


def draw_welcome(page: Page, board: Board, events: Events) -> None:
    """What there is to do on a dataset without runs, and whether the first one is queued."""
    group = page.group("welcome", align_x="center", py=8)
    group.text("sentence", "Name the classes, and every image of this dataset gets a label.")
    params = {"action": "auto_label"}
    group.button(
        "go", "Auto-label", events.on_action, icon="auto_awesome", variant="contained", params=params
    )
    draw_progress(group, board, events)


def draw_header(page: Page, board: Board, follows: bool, events: Events) -> None:
    """The run and what can be done."""
    group = page.group("header")
    runs = {run.key: f"{run.key}: {run.in_words}" for run in board.runs}
    group.choice("run", runs, events.on_run)
    group.text("facts", _facts(board))
    draw_progress(group, board, events)
    row = group.group("actions", ROW)
    for name, (label, icon, hint) in ACTIONS.items():
        if name == "auto_label" or board.completed:
            row.button(name, label, events.on_action, icon=icon, title=hint, params={"action": name})
    if board.is_busy:
        row.button("cancel_run", "Cancel", events.on_action, icon="cancel", params={"action": "cancel_run"})
    if board.figures:
        _draw_scope(row, board, follows, events)


def draw_progress(page: Page, board: Board, events: Events) -> None:
    """How far the runs are that are under way."""
    running = [run for run in board.runs if run.state == RunState.RUNNING]
    for number, run in enumerate(running):
        page.progress(f"progress{number}", _share_done(run), f"{run.key}: {_stage(run)}")
    if board.failed_start:
        page.text("failed_start", f"The last queued run could not begin: {plain(board.failed_start)}")
    if board.waiting:
        runs = counted(board.waiting, "run")
        page.text("waiting", f"{runs} queued: `fiftyone delegated launch` executes what is queued.")


def draw_answers(page: Page, figures: Figures) -> None:
    """Four questions, each with one sentence."""
    cards = page.group("answers", TWO_COLUMNS)
    finest = next(iter(reversed(figures.summary.levels)), "micro")
    for name, question, answer in (
        ("converged", "Did it converge?", figures.convergence.title),
        ("aligned", "Do clusters match classes?", figures.alignment(finest).title),
        ("sure", "How sure is it?", figures.confidence.title),
        ("look", "What should I look at?", what_to_review(figures.summary)),
    ):
        card = cards.group(name, place=FRAMED)
        card.text("answer", f"**{question}**\n\n{plain(answer)}.")


def what_to_review(summary: RunSummary) -> str:
    """How many of the least certain labels to look at, so that the others are right often enough."""
    if len(summary.classes) == 1:
        return "All: no other class was to choose from"
    best = kept_at(summary.coverage, ENOUGH)
    if best is None:
        return f"All: no share of the labels is expected to be right for {percent(ENOUGH)}"
    right = f"{percent(best.expected_accuracy)} are expected to be right"
    rest = summary.images - best.images
    if not rest:
        return f"Nothing has to be: {right}"
    doubtful = f"{summary.noun} that is" if rest == 1 else f"{rest:,} {summary.noun}s that are"
    return f"The {doubtful} least sure ({percent(rest / summary.images)}); of the others {right}"


def _draw_scope(row: Page, board: Board, follows: bool, events: Events) -> None:
    """Whether all of the run shows, or what the grid shows of it."""
    words, icon, hint = "Follow the view", "filter_alt", "Restrict the panel to what the grid shows"
    if follows:
        shown = counted(board.figures.summary.images, board.run.noun) if board.scope is not None else "all"
        words, icon = f"Follows the view: {shown}", "filter_alt_off"
        hint = "Show all of the run again, whatever the grid shows"
    row.button("scope", words, events.on_scope, icon=icon, title=hint, params={"follow": not follows})


def _facts(board: Board) -> str:
    run = board.run
    things = counted(run.n_labelled or run.n_images, run.noun)
    if board.scope is not None:
        things = f"{board.figures.summary.images:,} of {things}"
    parts = [f"**{run.state.value}**", things, counted(len(run.classes), "class"), run.encoder]
    if run.second_encoder:
        parts.append(f"clusters by {run.second_encoder}")
    if run.n_failed:
        parts.append(f"{run.n_failed:,} could not be labelled")
    if board.figures:
        parts += _expectations(board.figures.summary)
    lines = [" · ".join([parts[0], *map(plain, parts[1:])])]
    if run.error or board.problem:
        lines.append(plain(run.error or board.problem))
    if board.failed_since:
        lines.append(f"`{board.failed_since.key}` failed since: {plain(board.failed_since.error)}")
    if board.why_closed:
        lines.append(plain(board.why_closed))
    if board.n_lost:
        of_these = f"{board.n_lost:,} of these {run.noun}s {'is' if board.n_lost == 1 else 'are'} gone"
        lines.append(f"{of_these}, or without a label: the figures show the others.")
    return "\n\n".join(lines)


def _expectations(summary: RunSummary) -> list[str]:
    """What to expect of the labels; nothing where each had to be what it is."""
    if len(summary.classes) == 1:
        return []
    right = f"{percent(summary.expected_accuracy)} expected to be right"
    return [right, f"{_share_to_review(summary)} to review"]


def _share_to_review(summary: RunSummary) -> str:
    best = kept_at(summary.coverage, ENOUGH)
    if best is None:
        return "all"
    rest = summary.images - best.images
    return percent(rest / summary.images) if rest else "nothing"


def _share_done(run: RunRecord) -> float:
    return run.done / run.total if run.total else 0.0


def _stage(run: RunRecord) -> str:
    if not run.stage:
        return "starting"
    stage = STAGES[run.stage].lower()
    return f"{stage}, {run.done:,} of {run.total:,}" if run.total > 1 else stage
