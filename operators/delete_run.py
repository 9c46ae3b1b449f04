"""The operator that deletes a run and the fields that it wrote, after confirmation."""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import RunState, delete_run, list_all_runs, what_deleting_does
from .base import DescribedOperator
from .choosing_runs import KEY, add_run
from .forms import refuse
from .reviewing import execute_on

TITLE = "Delete run"


class DeleteRun(DescribedOperator):
    """Delete a run and its values; reviewed labels and values of later runs stay."""

    uri_name = "delete_run"
    title = TITLE
    description = "Use to remove a run, its fields and its brain runs; reviewed labels stay"
    icon = "delete"
    returns = "run_key fields n_cleared n_restored"
    risk_level = types.RiskLevel.HIGH

    def __call__(self, dataset: fo.Dataset, run_key: str, *, confirmed: bool = True) -> Any:
        """Delete a run from Python.

        Args:
            dataset: Dataset of the run.
            run_key: Key of the run.
            confirmed: Whether to delete it; the form asks for this, a call needs no further confirmation.

        Returns:
            The `ExecutionResult`, whose `result` says what was deleted; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {KEY: run_key, "confirmed": confirmed})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: the run, the fields that would be deleted, and a confirmation."""
        inputs = types.Object()
        ended = [run for run in list_all_runs(ctx.dataset) if run.state != RunState.RUNNING]
        run = add_run(inputs, ctx, ended)
        if run is not None:
            what = what_deleting_does(ctx.dataset, run)
            inputs.view("what", types.Warning(label=what, description="Reviewed labels stay."))
            confirmed = inputs.bool("confirmed", default=False, label=f"Delete run {run.key}")
            if not ctx.params.get("confirmed"):
                refuse(confirmed, "Select this to delete the run.")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Delete"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Delete the run.

        Returns:
            What was deleted.
        """
        deleted = delete_run(ctx.dataset, ctx.params[KEY])
        message = deleted.in_words
        ctx.ops.reload_dataset()
        ctx.ops.notify(message, variant="success")
        return {
            KEY: deleted.key,
            "fields": list(deleted.fields),
            "n_cleared": deleted.n_cleared,
            "n_restored": deleted.n_restored,
            "brain_runs": list(deleted.brain_runs),
            "message": message,
        }
