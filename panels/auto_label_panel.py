"""The panel that shows why labels are what they are, and leads to what should be looked at.

What it shows is read in `board`; `header` and `tabs` draw it, and say beside every piece what a click does.
"""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.engine.errors import InputError
from .board import Board
from .choices import Choices
from .event import Event
from .header import draw_answers, draw_header, draw_welcome
from .page import COLUMN, Page, grid
from .tabs import draw_tabs

MILLISECONDS_WHEN_BUSY = 2_000
MILLISECONDS_WHEN_IDLE = 8_000


class AutoLabelPanel(foo.Panel):
    """Convergence, alignment, classes, confidence, novel clusters, and runs side by side."""

    @property
    def config(self) -> foo.PanelConfig:
        """How FiftyOne lists the panel."""
        return foo.PanelConfig(
            name="auto_label_panel",
            label="Auto-label",
            icon="auto_awesome",
            surfaces="grid",
            help_markdown="See how images were labelled, how confident the labels are, and what to review.",
        )

    def execute(self, ctx: foo.ExecutionContext) -> object:
        """Handle an event, one at a time; a tick that would have to wait for another event is let go.

        One that changes nothing is answered with nothing, so that nothing is drawn again: inputs of the App
        tell their value when they are drawn, too, and twice when they are clicked.
        """
        event, is_tick = Event(ctx, self), ctx.params.get("__method__") == "on_tick"
        if not event.session.turn.acquire(blocking=not is_tick):
            return None
        try:
            return self._handle(ctx, event)
        finally:
            event.session.turn.release()

    def _handle(self, ctx: foo.ExecutionContext, event: Event) -> object:
        method, board = ctx.params.get("__method__"), event.session.board
        if method == "on_tick" and not event.is_news:
            return None
        if method == "on_choice" and board and _with_input(ctx, board.choices) == board.choices:
            return None
        try:
            return super().execute(ctx)
        except InputError as error:  # of what was deleted since it was drawn
            ctx.ops.notify(str(error), variant="warning")
            return None

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """The panel was opened, or its page loaded again."""
        Event(ctx, self).show(Choices.of(ctx))

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Another dataset was opened."""
        Event(ctx, self).show(Choices())

    def on_choice(self, ctx: foo.ExecutionContext) -> None:
        """Something was chosen, moved or typed."""
        Event(ctx, self).show(_with_input(ctx, Choices.of(ctx)))

    def on_click(self, ctx: foo.ExecutionContext) -> None:
        """A button, picture, mark or row was clicked: do what the code that drew it says."""
        event = Event(ctx, self)
        action = event.page.clicks.get(ctx.params["path"])
        if action:  # else it was on the page that showed before
            action(event, ctx.params)

    def on_refresh(self, ctx: foo.ExecutionContext) -> None:
        """A form was executed."""
        Event(ctx, self).follow()

    def on_tick(self, ctx: foo.ExecutionContext) -> None:
        """There is news: a run began, went on or ended, or the grid shows something else that is followed.

        FiftyOne's own event for that comes several times whenever anything in the panel is clicked.
        """
        event = Event(ctx, self)
        before = event.session.board
        event.follow()
        if before and len(event.board.completed) > len(before.completed):
            ctx.ops.reload_dataset()

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """The layout of what the last event showed; the database is not asked."""
        return types.Property(Event(ctx, self).page.schema, view=grid(COLUMN | {"padding": "8px 16px"}))

    def draw(self, board: Board) -> Page:
        """Lay out what a board has."""
        page = Page(self.on_choice, self.on_click)
        if board.run is None:
            draw_welcome(page, board)
        else:
            draw_header(page, board)
        if board.settling:
            page.plot(board.settling)
        if board.figures:
            draw_answers(page, board.figures)
            draw_tabs(page, board)
        is_busy = board.is_busy or board.choices.follows
        interval = MILLISECONDS_WHEN_BUSY if is_busy else MILLISECONDS_WHEN_IDLE
        page.schema.view("timer", types.TimerView(interval=interval, on_interval=self.on_tick))
        return page


def _with_input(ctx: foo.ExecutionContext, choices: Choices) -> Choices:
    """Choices with the value of the input that an event is of."""
    return choices.with_input(ctx.params["path"], ctx.params["value"])
