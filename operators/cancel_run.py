"""The operator that stops a run which waits or is under way, wherever it is at work."""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.pending import find_pending, pending_runs
from ..plugin.dataset.record import RunState, cancel_run, list_all_runs
from .choosing_runs import KEY, OperatorOnRun, add_run

TITLE = "Cancel run"


class CancelRun(OperatorOnRun):
    """Stop a run before it writes anything."""

    uri_name = "cancel_run"
    title = TITLE
    description = "Stop a run that waits or is under way; the images stay as they were"
    icon = "cancel"

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        under_way = [run for run in list_all_runs(ctx.dataset) if run.state == RunState.RUNNING]
        add_run(inputs, ctx, [*under_way, *pending_runs(ctx.dataset)])
        return types.Property(
            inputs, view=types.PromptView(label=TITLE, submit_button_label="Cancel the run")
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Ask the run to stop, or see to it that it never begins.

        Returns:
            What was asked.
        """
        name = ctx.params[KEY]
        is_pending = find_pending(ctx.dataset, name) is not None
        cancel_run(ctx.dataset, name)
        end = "will not begin" if is_pending else "stops in a few seconds, and writes nothing"
        message = f"Run {name} {end}"
        ctx.ops.notify(message, variant="info")
        return {KEY: name, "message": message}
