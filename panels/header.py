"""The head of the panel: which run, how it stands, what to do next, and four answers at a glance.

Without a run it is one sentence and one button.
"""

from dataclasses import replace
from functools import partial

from ..plugin.dataset import RunRecord, RunState, labels_of
from ..plugin.report.alignment import alignment_plot
from ..plugin.report.confidence import confidence_plot, share_to_review, what_to_review
from ..plugin.report.convergence import convergence_plot
from ..plugin.report.remarks import remarks
from ..plugin.run.pipeline import STAGES
from ..plugin.system.requirements import what_is_missing
from ..plugin.wording import counted, percent, plain, time_left
from .board import Board
from .event import Event
from .figures import Figures
from .marks import Marked
from .page import CARD, ROW, TWO_COLUMNS, Action, Page

ACTIONS = {
    "auto_label": ("Auto-label", "auto_awesome", "Label again, for example with other classes"),
    "review_next": ("Review", "checklist", "Show the least certain labels, to correct or approve them"),
    "correct": ("Correct", "edit", "Give the selected samples another label"),
    "approve": ("Approve", "done_all", "Confirm the labels of the selected samples, or of the view"),
    "refine_with_corrections": ("Refine", "auto_fix_high", "Label again, anchored to the reviewed labels"),
    "audit": ("Audit", "fact_check", "Measure the accuracy: review labels that are drawn at random"),
    "evaluate": ("Evaluate", "grading", "Compare the labels with a ground truth"),
    "export_labels": ("Export", "file_download", "Write class folders, YOLO or COCO"),
}
"""Operator → what its button says, its icon, and what it says on hover."""


CONTRADICTORY = "reviewed labels that contradict similar images: correct them, or give the same class again"


def draw_welcome(page: Page, board: Board) -> None:
    """What there is to do on a dataset without runs, and whether the first one is queued."""
    group = page.group("welcome", align_x="center", py=8)
    _draw_missing_packages(group)
    group.text("sentence", "Name the classes, and every image of this dataset gets a label.")
    group.button("go", "Auto-label", _form_of("auto_label"), icon="auto_awesome", variant="contained")
    draw_progress(group, board)


def draw_header(page: Page, board: Board) -> None:
    """The run and what can be done."""
    group = page.group("header")
    _draw_missing_packages(group)
    group.choice("run", {run.key: f"{run.key}: {run.in_words}" for run in board.runs})
    group.text("facts", _facts(board))
    draw_progress(group, board)
    row = group.group("actions", ROW)
    for name, (label, icon, hint) in ACTIONS.items():
        if name == "auto_label" or board.completed:
            row.button(name, label, _form_of(name), icon=icon, title=hint)
    if board.is_busy:
        row.button("cancel_run", "Cancel", _form_of("cancel_run"), icon="cancel")
    if board.contradictory:
        contradictory = f"Contradictions: {len(board.contradictory):,}"
        row.button("contradictions", contradictory, _open_contradictory, icon="rule", title=CONTRADICTORY)
    if board.figures:
        _draw_scope(row, board)


def _draw_missing_packages(page: Page) -> None:
    if sentence := what_is_missing():
        page.text("missing_packages", sentence)


def draw_progress(page: Page, board: Board) -> None:
    """How far the runs are that are under way."""
    running = [run for run in board.runs if run.state == RunState.RUNNING]
    for number, run in enumerate(running):
        share = run.done / run.total if run.total else 0.0
        page.progress(f"progress{number}", share, f"{run.key}: {_stage(run)}")
    if board.failed_start:
        page.text("failed_start", f"The last queued run could not begin: {plain(board.failed_start)}")
    if board.waiting:
        runs = counted(board.waiting, "run")
        page.text("waiting", f"{runs} queued: `fiftyone delegated launch` executes queued runs.")


def draw_answers(page: Page, figures: Figures) -> None:
    """Four questions, each with one sentence."""
    cards = page.group("answers", TWO_COLUMNS)
    finest = next(iter(reversed(figures.summary.levels)), "micro")
    for name, question, answer in (
        ("converged", "Did it converge?", figures.draw(convergence_plot).title),
        ("aligned", "Do clusters match classes?", figures.draw(alignment_plot, finest).title),
        ("sure", "How accurate are the labels?", figures.draw(confidence_plot).title),
        ("look", "What should I review?", what_to_review(figures.summary)),
    ):
        card = cards.group(name, place=CARD)
        card.text("answer", f"**{question}**\n\n{plain(answer)}.")


def _form_of(operator: str) -> Action:
    """What a button does that opens the form of an operator, for the labels of the run that shows."""

    def open_form(event: Event) -> None:
        has_labels = operator != "auto_label" and event.board.figures
        event.prompt(operator, **{"label_field": event.board.run.fields.label} if has_labels else {})

    return open_form


def _open_contradictory(event: Event) -> None:
    board = event.board
    view = labels_of(board.dataset, board.run.fields).view(board.contradictory)
    event.open(Marked(view, CONTRADICTORY))


def _draw_scope(row: Page, board: Board) -> None:
    """Whether all of the run shows, or what the grid shows of it."""
    if not board.choices.follows:
        hint = "Restrict the panel to what the grid shows"
        row.button(
            "follow", "Follow the view", partial(_set_scope, follows=True), icon="filter_alt", title=hint
        )
        return
    shown = counted(board.summary.images, board.run.noun) if board.scope is not None else "all"
    hint, stop = "Show all of the run again, whatever the grid shows", partial(_set_scope, follows=False)
    row.button("unfollow", f"Follows the view: {shown}", stop, icon="filter_alt_off", title=hint)


def _set_scope(event: Event, follows: bool) -> None:
    """Restrict the figures to what the grid shows, or show all of the run again."""
    if follows and not event.ctx.has_custom_view:
        words = "The grid shows all samples: filter them or load a view, and the panel shows only those."
        event.ctx.ops.notify(words, variant="info")
    event.session.opened = None  # what the grid shows now is meant, also where a mark opened it
    event.show(replace(event.board.choices, follows=follows))


def _facts(board: Board) -> str:
    run = board.run
    things = counted(run.n_labelled or run.n_images, run.noun)
    if board.scope is not None:
        things = f"{board.summary.images:,} of {things}"
    parts = [f"**{run.state.value}**", things, counted(len(run.classes), "class"), run.encoder]
    if run.second_encoder:
        parts.append(f"clusters by {run.second_encoder}")
    if run.n_failed:
        parts.append(f"{run.n_failed:,} could not be labelled")
    if board.figures and len(run.classes) > 1:
        right = percent(board.summary.expected_accuracy)
        images = " of the images with all labels" if run.fields.multilabel else ""
        parts += [f"{right}{images} expected to be right", f"{share_to_review(board.summary)} to review"]
    if board.measured:
        parts.append(str(board.measured))
    if board.n_reviewed:
        parts.append(f"{board.n_reviewed:,} of {board.summary.images:,} reviewed")
    lines = [" · ".join([parts[0], *map(plain, parts[1:])])]
    if run.error or board.problem:
        lines.append(plain(run.error or board.problem))
    if board.failed_since:
        lines.append(f"`{board.failed_since.key}` failed since: {plain(board.failed_since.error)}")
    if board.why_closed:
        lines.append(plain(board.why_closed))
    if board.figures and board.scope is None and len(run.classes) > 1:
        lines += map(plain, remarks(dict(zip(run.classes, board.summary.counts, strict=False)), run.noun))
    if board.n_lost:
        of_these = f"{board.n_lost:,} of these {run.noun}s {'is' if board.n_lost == 1 else 'are'} gone"
        lines.append(f"{of_these}, or without a label: the figures show the others.")
    return "\n\n".join(lines)


def _stage(run: RunRecord) -> str:
    """What a run is doing."""
    if not run.stage:
        return f"starting: loading the encoder ({run.encoder}) and the samples"
    counts = f", {run.done:,} of {run.total:,}" if run.total > 1 else ""
    return f"{STAGES[run.stage].lower()}{counts}{time_left(run.seconds_left)}"
