"""One event of a panel: what shows when it comes, and what can be done about it.

Drawn pieces are given it when they are clicked.
"""

from dataclasses import replace
from typing import Protocol

import fiftyone as fo
import fiftyone.operators as foo

from ..plugin.dataset import AUTHOR, is_patches
from ..plugin.wording import counted
from .board import Board, load_board, read_runs, usual_run
from .choices import Choices
from .marks import Marked
from .page import Page
from .session import session_of


class Panel(Protocol):
    """What an event needs of the panel."""

    def draw(self, board: Board) -> Page:
        """Lay out what a board has."""

    def on_refresh(self, ctx: foo.ExecutionContext) -> None:
        """A form was executed."""


class Event:
    """An event that is being handled.

    Attributes:
        ctx: What the App sent.
        session: What the panel remembers.
    """

    def __init__(self, ctx: foo.ExecutionContext, panel: Panel) -> None:
        """Change nothing yet."""
        self.ctx, self.session, self._panel = ctx, session_of(ctx.panel_id), panel

    @property
    def board(self) -> Board:
        """What shows; read again after the server was started anew."""
        if self.session.board is None:
            choices = Choices.of(self.ctx)
            self._keep(load_board(self.ctx.dataset, choices, self._scope(choices)))
        return self.session.board

    @property
    def page(self) -> Page:
        """What was drawn of it."""
        return self.board and self.session.page

    @property
    def is_news(self) -> bool:
        """Whether a run began, went on or ended, or the grid shows something else that is followed."""
        board = self.session.board
        if board is None or read_runs(self.ctx.dataset) != (board.runs, board.waiting, board.failed_start):
            return True
        return board.choices.follows and self._scope(board.choices) != board.asked

    def show(self, choices: Choices) -> None:
        """Read what was chosen, and show it."""
        before = self.session.board
        scope = self._scope(choices)
        self._send(load_board(self.ctx.dataset, choices, scope, before.run if before else None))

    def choose(self, **choices: object) -> None:
        """Show the same with something else chosen, for which nothing has to be read."""
        self._send(replace(self.board, choices=replace(self.board.choices, **choices)))

    def follow(self) -> None:
        """Show what there is now: the next run in place of the latest one, an older one as it was."""
        board = self.session.board
        if board is None:
            self.show(Choices.of(self.ctx))
            return
        # Not what the event tells: something else may have been chosen since it was sent.
        is_latest = board.run == usual_run(board.runs)
        self.show(replace(board.choices, run_key="") if is_latest else board.choices)

    def open(self, marked: Marked) -> None:
        """Show samples in the grid and notify of what they are; without samples only the latter."""
        count = len(marked.view)
        if count:
            self.session.opened = marked.view
            self.ctx.ops.set_view(marked.view)
        things = counted(count, "object" if is_patches(marked.view) else "sample")
        self.ctx.ops.notify(f"{things}: {marked.words}", variant="info" if count else "warning")

    def prompt(self, operator: str, **params: object) -> None:
        """Open the form of an operator."""
        self.ctx.prompt(f"{AUTHOR}/{operator}", params=params, on_success=self._panel.on_refresh)

    def _send(self, board: Board) -> None:
        self._keep(board)
        self.ctx.panel.set_data(self.session.page.data)
        # In place of what there was: the App adds the values of a page to its state when an input changes.
        self.ctx.ops.set_panel_state(board.choices.to_state())

    def _keep(self, board: Board) -> None:
        self.session.board, self.session.page = board, self._panel.draw(board)

    def _scope(self, choices: Choices) -> fo.DatasetView | None:
        """The view that the panel is restricted to; one that a mark of it opened restricts it no further."""
        if not choices.follows or not self.ctx.has_custom_view:
            return None
        is_ours = self.session.board and self.session.opened == self.ctx.view
        return self.session.board.asked if is_ours else self.ctx.view
