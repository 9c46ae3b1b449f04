"""The operator that shows the record of a run and the report on its labels."""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import (
    Column,
    FieldNames,
    PendingRun,
    RunRecord,
    RunState,
    complete_interrupted,
    find_pending,
    find_run,
    list_all_runs,
    pending_runs,
)
from ..plugin.report.text import text_report
from ..plugin.run.pipeline import STAGES
from ..plugin.run.stored import load_run
from .choosing_runs import KEY, OperatorOnRun, add_run, name_of

TITLE = "Show run"


class ShowRun(OperatorOnRun):
    """Show the record of a run and the report on its labels, or that it is pending."""

    uri_name = "show_run"
    title = TITLE
    description = "Use to see the state, settings and report of a run, or why it failed"
    icon = "receipt_long"
    returns = "run_key state error n_images n_labelled n_failed expected_accuracy seconds settings"
    is_told = True

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        add_run(inputs, ctx, [*list_all_runs(ctx.dataset), *pending_runs(ctx.dataset)])
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Show"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Read the run.

        Returns:
            The record and the report.
        """
        pending = find_pending(ctx.dataset, ctx.params[KEY])
        if pending is not None:
            return {KEY: name_of(pending), "state": RunState.PENDING.value, "message": _waiting(pending)}
        complete_interrupted(ctx.dataset)
        run = find_run(ctx.dataset, ctx.params[KEY])
        report = text_report(load_run(ctx.dataset, run.key).summary) if run.n_labelled else ""
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


def _waiting(run: PendingRun) -> str:
    return (
        f"**{run.key or run.operator}**: {run.in_words}. It starts when a worker is available: run "
        f"`fiftyone delegated launch` on the machine with the images. Its operation is `{run.operation}`."
    )


def _where(fields: FieldNames | Column) -> str:
    if isinstance(fields, Column):
        return f"The {fields.role} are in `{fields.name}`."
    if fields.objects:
        return f"Labels and confidence of the objects in `{fields.objects}` are in `{fields.label}`."
    return f"Labels are in `{fields.label}`, confidence is in `{fields.confidence}`."


def _message(run: RunRecord, report: str) -> str:
    lines = [f"**{run.key}**: {run.in_words}."]
    if run.error:
        lines.append(run.error)
    if run.seconds:
        lines.append(", ".join(f"{STAGES[stage]} {length:.1f} s" for stage, length in run.seconds.items()))
    if run.state == RunState.COMPLETED:
        lines.append(_where(run.fields))
    if report:
        lines.append(f"```text\n{report}```")
    return "\n\n".join(lines)
