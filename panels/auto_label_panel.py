"""The panel that shows why labels are what they are, and leads to what should be looked at.

What it shows is told in `board`, where it stands in `header` and `tabs`, what a click means in `marks`.
"""

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.comparing import changed_samples
from ..plugin.dataset.fields import AUTHOR
from ..plugin.dataset.patches import is_patches
from ..plugin.dataset.reading import flat_samples
from ..plugin.dataset.record import RunRecord
from ..plugin.engine.errors import InputError
from ..plugin.wording import counted
from .board import Board, has_opened, load_board, note_opened, read_runs, recall, remember, turn, usual_run
from .choices import Choices
from .header import draw_answers, draw_header, draw_welcome
from .marks import Marked, Marks
from .page import COLUMN, Page, grid
from .tabs import competing, doubtful_rows, draw_tabs, kept_of, level_of, pictured_and_rest

MILLISECONDS_WHEN_BUSY = 2_000
MILLISECONDS_WHEN_IDLE = 8_000
CHOSEN_AT = {
    "level": "level",
    "keep": "keep",
    "truth": "truth",
    "other": "other_key",
    "class_name": "class_name",
    "run": "run_key",
    "tab": "tab",
}
"""Name of an input → the choice that it holds."""

CHOOSING = ("on_run", "on_tab", "on_choice")


class AutoLabelPanel(foo.Panel):
    """Convergence, alignment, classes, confidence, unfitting clusters, and runs side by side."""

    @property
    def config(self) -> foo.PanelConfig:
        """How FiftyOne lists the panel."""
        return foo.PanelConfig(
            name="auto_label_panel",
            label="Auto-label",
            icon="auto_awesome",
            surfaces="grid",
            help_markdown="See how images were labelled, how sure that is, and what to look at.",
        )

    def execute(self, ctx: foo.ExecutionContext) -> object:
        """Handle an event, one at a time; a tick that would have to wait for another event is let go.

        One that changes nothing is answered with nothing, so that nothing is drawn again: inputs of the App
        tell their value when they are drawn, too, and twice when they are clicked.
        """
        mine = turn(ctx.panel_id)
        if not mine.acquire(blocking=ctx.params.get("__method__") != "on_tick"):
            return None
        try:
            return self._handle(ctx)
        finally:
            mine.release()

    def _handle(self, ctx: foo.ExecutionContext) -> object:
        method, known = ctx.params.get("__method__"), recall(ctx.panel_id)
        if method == "on_tick" and not (self._has_news(ctx) or self._has_moved(ctx)):
            return None
        if method in CHOOSING and known and _chosen(ctx, known[0]) == ctx.params["value"]:
            return None
        try:
            return super().execute(ctx)
        except InputError as error:  # of what somebody else deleted since it was drawn
            ctx.ops.notify(str(error), variant="warning")
            return None

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """The panel was opened, or its page loaded again."""
        self._show(ctx, Choices.of(ctx))

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Another dataset was opened."""
        self._show(ctx, Choices())

    def on_run(self, ctx: foo.ExecutionContext) -> None:
        """Another run was chosen."""
        self._show(ctx, Choices.of(ctx).with_choice(run_key=ctx.params["value"]))

    def on_tab(self, ctx: foo.ExecutionContext) -> None:
        """Another tab was chosen."""
        self._show(ctx, Choices.of(ctx).with_choice(tab=ctx.params["value"]))

    def on_choice(self, ctx: foo.ExecutionContext) -> None:
        """Something else was chosen, moved or typed."""
        self._show(ctx, Choices.of(ctx).with_choice(**{_choice_at(ctx): ctx.params["value"]}))

    def on_scope(self, ctx: foo.ExecutionContext) -> None:
        """Figures are to be restricted to what the grid shows, or not any more."""
        follows = ctx.params["follow"]
        if follows and not ctx.has_custom_view:
            words = "The grid shows all samples: open a view or filter them, and the panel shows those alone."
            ctx.ops.notify(words, variant="info")
        note_opened(ctx.panel_id, None)  # what it shows now is meant, also where a mark opened it
        self._show(ctx, Choices.of(ctx).with_choice(follows=follows))

    def on_refresh(self, ctx: foo.ExecutionContext) -> None:
        """A form was executed."""
        self._follow(ctx)

    def on_tick(self, ctx: foo.ExecutionContext) -> None:
        """There is news: a run began, went on or ended, or the grid shows something else that is followed.

        FiftyOne's own event for that comes several times whenever anything in the panel is clicked.
        """
        before = recall(ctx.panel_id)
        board = self._follow(ctx)
        if before and len(board.completed) > len(before[1].completed):
            ctx.ops.reload_dataset()

    def on_mark(self, ctx: foo.ExecutionContext) -> None:
        """A mark in a figure was clicked."""
        choices, board = self._shown(ctx)
        figure = ctx.params["path"].split(".")[-2]
        kind, _, level = figure.partition("-")
        plot = board.figures.alignment(level) if kind == "alignment" else getattr(board.figures, kind)
        mark = plot.figure.data[ctx.params["trace_idx"]].customdata
        for at in _as_list(ctx.params["idx"]):
            mark = mark[at]
        self._open(ctx, self._marks(ctx, board, choices).behind(figure, mark))

    def on_row(self, ctx: foo.ExecutionContext) -> None:
        """A row of a table was clicked."""
        row, table = ctx.params["row"], ctx.params["path"].rpartition(".")[2]
        if row < 0:  # the titles
            return
        choices, board = self._shown(ctx)
        if table == "changes":
            self._open_change(ctx, board, row)
            return
        marks, summary = self._marks(ctx, board, choices), board.figures.summary
        if table == "clusters":
            level = level_of(summary, choices)
            at = doubtful_rows(summary, level)[row]
            self._open(ctx, marks.cluster(level, summary.alignment_of(level).clusters[at]))
        elif table == "pairs":
            pair = competing(summary)[row]
            self._open(ctx, marks.pair(pair.first, pair.second))
        else:
            self._open_novel(ctx, pictured_and_rest(board)[1][row].cluster)

    def on_picture(self, ctx: foo.ExecutionContext) -> None:
        """A picture of a cluster that fits no class was clicked, or its button pressed."""
        self._open_novel(ctx, ctx.params["cluster"])

    def on_show(self, ctx: foo.ExecutionContext) -> None:
        """A button that shows samples was pressed."""
        choices, board = self._shown(ctx)
        what = ctx.params["what"]
        if what == "differing":
            self._open_differing(ctx, board.comparison.view)
            return
        least = kept_of(board.figures.summary, choices).least_confidence
        marks = self._marks(ctx, board, choices)
        self._open(ctx, marks.kept(least) if what == "kept" else marks.rest(least))

    def on_action(self, ctx: foo.ExecutionContext) -> None:
        """A button that opens the form of an operator was pressed."""
        name = ctx.params["action"]
        params: dict = {}
        if name != "auto_label":
            _, board = self._shown(ctx)
            params = {"label_field": board.run.fields.label} if board.figures else {}
        self._prompt(ctx, name, params)

    def on_new_class(self, ctx: foo.ExecutionContext) -> None:
        """A cluster is to become a class, by a name that was typed or suggested: label again with it."""
        _, board = self._shown(ctx)
        if board.why_closed:
            ctx.ops.notify(board.why_closed, variant="warning")
            return
        # The field tells its text when it is left, which the click on the button may overtake.
        name = ctx.params.get("name") or Choices.of(ctx).class_name.strip()
        self._prompt(ctx, "add_class", {"name": name, "label_field": board.run.fields.label})

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what the last event read; the database is not asked."""
        choices, board = self._shown(ctx)
        page = self._draw(choices, board)
        interval = MILLISECONDS_WHEN_BUSY if board.is_busy or choices.follows else MILLISECONDS_WHEN_IDLE
        page.schema.view("timer", types.TimerView(interval=interval, on_interval=self.on_tick))
        return types.Property(page.schema, view=grid(COLUMN | {"padding": "8px 16px"}))

    def _draw(self, choices: Choices, board: Board) -> Page:
        page = Page()
        if board.run is None:
            draw_welcome(page, board, self)
            return page
        draw_header(page, board, choices.follows, self)
        if board.settling:
            page.plot(board.settling)
        if board.figures:
            draw_answers(page, board.figures)
            draw_tabs(page, board, choices, self)
        return page

    def _follow(self, ctx: foo.ExecutionContext) -> Board:
        """Show what there is now: the next run in place of the latest one, an older one as it was."""
        known = recall(ctx.panel_id)
        if known is None:
            return self._show(ctx, Choices.of(ctx))
        # Not what the event tells: something else may have been chosen since it was sent.
        choices, board = known
        is_latest = board.run == usual_run(board.runs)
        return self._show(ctx, choices.with_choice(run_key="") if is_latest else choices)

    def _show(self, ctx: foo.ExecutionContext, choices: Choices, board: Board | None = None) -> Board:
        """Read what is shown, unless it is given, and send its values."""
        if board is None:
            board = load_board(ctx.dataset, choices, self._scope(ctx, choices))
        if board.run:
            choices = choices.with_choice(run_key=board.run.key)
            known = recall(ctx.panel_id)
            if known and not _is_same(known[1].run, board.run):
                choices = choices.of_another_run()
        if board.comparison:
            choices = choices.with_choice(other_key=board.comparison.first)
        remember(ctx.panel_id, choices, board)
        ctx.panel.set_data(self._draw(choices, board).data)
        # In place of what there was: the App adds the values of a page to its state when an input changes.
        ctx.ops.set_panel_state(choices.to_state())
        return board

    def _shown(self, ctx: foo.ExecutionContext) -> tuple[Choices, Board]:
        known = recall(ctx.panel_id)
        if known is None:
            choices = Choices.of(ctx)
            known = choices, load_board(ctx.dataset, choices)
            remember(ctx.panel_id, *known)
        return known

    def _scope(self, ctx: foo.ExecutionContext, choices: Choices) -> fo.DatasetView | None:
        """The view that the panel is restricted to; one that a mark of it opened restricts it no further."""
        if not choices.follows or not ctx.has_custom_view:
            return None
        known = recall(ctx.panel_id)
        return known[1].asked if known and has_opened(ctx.panel_id, ctx.view) else ctx.view

    def _has_moved(self, ctx: foo.ExecutionContext) -> bool:
        """Whether the panel follows the grid, and the grid has not been where it is."""
        known = recall(ctx.panel_id)
        return known is not None and known[0].follows and self._scope(ctx, known[0]) != known[1].asked

    def _has_news(self, ctx: foo.ExecutionContext) -> bool:
        known = recall(ctx.panel_id)
        if known is None:
            return True
        board = known[1]
        return read_runs(ctx.dataset) != (board.runs, board.waiting, board.failed_start)

    def _marks(self, ctx: foo.ExecutionContext, board: Board, choices: Choices) -> Marks:
        """What leads to the samples of the run.

        Raises:
            InputError: Its fields do not hold what its figures show.
        """
        if board.why_closed:
            raise InputError(board.why_closed)
        return Marks(
            board.scope if board.scope is not None else flat_samples(ctx.dataset),
            board.figures.summary,
            board.run.fields,
            choices.truth,
        )

    def _open(self, ctx: foo.ExecutionContext, marked: Marked) -> None:
        """Show samples in the grid, and say what they are."""
        count = self._open_view(ctx, marked.view)
        things = counted(count, "object" if is_patches(marked.view) else "sample")
        ctx.ops.notify(f"{things}: {marked.words}", variant="info" if count else "warning")

    def _open_novel(self, ctx: foo.ExecutionContext, cluster: int) -> None:
        """Show a cluster, and let a class be made of it."""
        choices, board = self._shown(ctx)
        marked = self._marks(ctx, board, choices).cluster("micro", cluster)
        if cluster != choices.cluster:
            self._show(ctx, choices.with_choice(cluster=cluster, class_name=""), board)
        self._open(ctx, marked)

    def _open_change(self, ctx: foo.ExecutionContext, board: Board, row: int) -> None:
        first, second, _ = board.comparison.changes[row]
        keys = board.comparison.first, board.comparison.second
        self._open_differing(ctx, changed_samples(ctx.dataset, *keys, first, second))

    def _open_differing(self, ctx: foo.ExecutionContext, view: fo.DatasetView) -> None:
        """Show what two runs labelled differently, as they remember it."""
        if not self._open_view(ctx, view):
            ctx.ops.notify("What these runs labelled differently is gone.", variant="warning")

    def _open_view(self, ctx: foo.ExecutionContext, view: fo.DatasetView) -> int:
        """Open a view in the grid, unless it is empty.

        Returns:
            How many samples it has.
        """
        count = len(view)
        if count:
            note_opened(ctx.panel_id, view)
            ctx.ops.set_view(view)
        return count

    def _prompt(self, ctx: foo.ExecutionContext, name: str, params: dict) -> None:
        ctx.prompt(f"{AUTHOR}/{name}", params=params, on_success=self.on_refresh)


def _is_same(run: RunRecord | None, other: RunRecord) -> bool:
    """Whether two records are of one run; a key may be used again."""
    return run is not None and (run.key, run.started) == (other.key, other.started)


def _choice_at(ctx: foo.ExecutionContext) -> str:
    """The choice that the input of an event holds."""
    return CHOSEN_AT[ctx.params["path"].rpartition(".")[2]]


def _chosen(ctx: foo.ExecutionContext, choices: Choices) -> object:
    """What has been chosen already with the input of an event."""
    return getattr(choices, _choice_at(ctx))


def _as_list(index: int | list[int]) -> list[int]:
    return index if isinstance(index, list) else [index]
