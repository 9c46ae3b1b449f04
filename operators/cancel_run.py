"""The operator that cancels a running or pending run, in whichever process it is."""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import RunState, cancel_run, find_pending, list_all_runs, pending_runs
from .choosing_runs import KEY, OperatorOnRun, add_run
from .forms import add_problem

TITLE = "Cancel run"


class CancelRun(OperatorOnRun):
    """Stop a run before it writes anything."""

    uri_name = "cancel_run"
    title = TITLE
    description = "Use to stop a running or pending run before it writes anything"
    icon = "cancel"
    returns = "run_key"
    risk_level = types.RiskLevel.MEDIUM

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        runs = list_all_runs(ctx.dataset)
        finished = {run.key: run.state for run in runs if run.state != RunState.RUNNING}
        chosen = ctx.params.get(KEY)
        if chosen in finished:
            add_problem(
                inputs,
                f"Run {chosen} is {finished[chosen].value}, so it cannot be cancelled: delete it instead.",
            )
        else:
            running = [run for run in runs if run.state == RunState.RUNNING]
            add_run(inputs, ctx, [*running, *pending_runs(ctx.dataset)])
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Cancel run"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Ask the run to stop, or remove it from the queue.

        Returns:
            A summary.
        """
        name = ctx.params[KEY]
        is_pending = find_pending(ctx.dataset, name) is not None
        cancel_run(ctx.dataset, name)
        end = "was removed from the queue" if is_pending else "stops in a few seconds and writes nothing"
        message = f"Run {name} {end}"
        ctx.ops.notify(message, variant="info")
        return {KEY: name, "message": message}
