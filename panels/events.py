"""What the pieces of the panel call when somebody does something with them."""

from typing import Any, Protocol

import fiftyone.operators as foo


class Events(Protocol):
    """Handlers, all called with the context of the event."""

    def on_run(self, ctx: foo.ExecutionContext) -> Any:
        """Another run was chosen."""

    def on_tab(self, ctx: foo.ExecutionContext) -> Any:
        """Another tab was chosen."""

    def on_choice(self, ctx: foo.ExecutionContext) -> Any:
        """Something else was chosen, moved or typed."""

    def on_scope(self, ctx: foo.ExecutionContext) -> Any:
        """Figures are to be restricted to what the grid shows, or not any more."""

    def on_mark(self, ctx: foo.ExecutionContext) -> Any:
        """A mark in a figure was clicked."""

    def on_row(self, ctx: foo.ExecutionContext) -> Any:
        """A row of a table was clicked."""

    def on_picture(self, ctx: foo.ExecutionContext) -> Any:
        """A picture of a cluster that fits no class was clicked."""

    def on_show(self, ctx: foo.ExecutionContext) -> Any:
        """A button that shows samples was pressed."""

    def on_action(self, ctx: foo.ExecutionContext) -> Any:
        """A button that opens the form of an operator was pressed."""

    def on_new_class(self, ctx: foo.ExecutionContext) -> Any:
        """A cluster is to become a class."""

    def on_tick(self, ctx: foo.ExecutionContext) -> Any:
        """Some seconds have passed."""
