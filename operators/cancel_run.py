"""The operator that stops a run which is under way, wherever it is at work."""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.runs import RunState, cancel_run
from .choosing_runs import KEY, add_run
from .reviewing import execute_on

TITLE = "Cancel run"


class CancelRun(foo.Operator):
    """Stop a run before it writes its labels."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="cancel_run",
            label=TITLE,
            description="Stop a labelling run that is under way; the images stay as they were",
            icon="cancel",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def __call__(self, dataset: fo.Dataset, run_key: str) -> Any:
        """Cancel a run from Python.

        Args:
            dataset: Dataset of the run.
            run_key: Key of the run.

        Returns:
            The `ExecutionResult`; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {KEY: run_key})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        add_run(inputs, ctx, [RunState.RUNNING])
        return types.Property(
            inputs, view=types.PromptView(label=TITLE, submit_button_label="Cancel the run")
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Ask the run to stop.

        Returns:
            What was asked.
        """
        key = ctx.params[KEY]
        cancel_run(ctx.dataset, key)
        message = f"Run {key} stops in a few seconds, and writes no labels"
        ctx.ops.notify(message, variant="info")
        return {KEY: key, "message": message}
