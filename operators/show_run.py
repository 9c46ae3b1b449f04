"""The operator that shows what a run did, or why it did not.

What is said of its labels is told in `plugin.report.text`.
"""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.fields import FieldNames
from ..plugin.dataset.running import complete_interrupted
from ..plugin.dataset.runs import RunRecord, find_run
from ..plugin.pipeline import STAGES
from ..plugin.report.text import text_report
from ..plugin.summaries import load_summary
from .background import message_output
from .choosing_runs import KEY, add_run, in_words
from .reviewing import execute_on

TITLE = "Show run"


class ShowRun(foo.Operator):
    """Show the record of a run and the report on its labels."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="show_run",
            label=TITLE,
            description="See what a labelling run did: state, settings, classes, and what to review",
            icon="receipt_long",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def __call__(self, dataset: fo.Dataset, run_key: str) -> Any:
        """Show a run from Python.

        Args:
            dataset: Dataset of the run.
            run_key: Key of the run.

        Returns:
            The `ExecutionResult`, whose `result` says what the run did; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {KEY: run_key})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        add_run(inputs, ctx)
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Show"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Read the run.

        Returns:
            Its record and report.
        """
        complete_interrupted(ctx.dataset)
        run = find_run(ctx.dataset, ctx.params[KEY])
        report = text_report(load_summary(ctx.dataset, run.key)) if run.n_labelled else ""
        return {
            KEY: run.key,
            "state": run.state.value,
            "error": run.error,
            "n_images": run.n_images,
            "n_labelled": run.n_labelled,
            "n_failed": run.n_failed,
            "expected_accuracy": run.expected_accuracy,
            "seconds": run.seconds,
            "settings": run.settings,
            "message": _message(run, report),
        }

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The record and the report."""
        return message_output(TITLE)


def _where(fields: FieldNames) -> str:
    if fields.objects:
        return f"Labels of the objects in `{fields.objects}`, and their confidence, are in `{fields.label}`."
    return f"Labels are in `{fields.label}`, confidence is in `{fields.confidence}`."


def _message(run: RunRecord, report: str) -> str:
    lines = [f"**{run.key}**: {in_words(run)}."]
    if run.error:
        lines.append(run.error)
    if run.seconds:
        lines.append(", ".join(f"{STAGES[stage]} {length:.1f} s" for stage, length in run.seconds.items()))
    if report:
        lines.append(_where(run.fields))
        lines.append(f"```text\n{report}```")
    return "\n\n".join(lines)
