"""The operator that opens labels drawn at random to measure the accuracy; see `plugin.run.audit`."""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Samples, fields_of_run
from ..plugin.run.audit import COUNT, audit, measured_accuracy
from ..plugin.wording import counted, plain
from .base import DescribedOperator
from .reviewing import add_label_field, all_samples, chosen_label_field, execute_on

TITLE = "Audit labels"


class Audit(DescribedOperator):
    """Show labels drawn at random, and say what the reviews of such labels have measured."""

    uri_name = "audit"
    title = TITLE
    description = "Use to measure the accuracy of the labels: review a random sample of them"
    icon = "fact_check"
    returns = "sample_ids measured_accuracy"

    def __call__(
        self, sample_collection: Samples, count: int = COUNT, *, label_field: str | None = None
    ) -> Any:
        """Draw what to audit from Python.

        Args:
            sample_collection: Dataset, or any view of it; the whole dataset is audited.
            count: Most samples, or objects.
            label_field: Field that a run wrote; by default "auto_label", or the only such field.

        Returns:
            The `ExecutionResult`, whose `result` has the `sample_ids` and the `measured_accuracy`; in a
            notebook a task to `await`.
        """
        return execute_on(self.uri, sample_collection, {"count": count, "label_field": label_field})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = all_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            inputs.int(
                "count",
                min=1,
                default=COUNT,
                label="Sample size",
                description="Four times as many halve the interval of the measured accuracy",
            )
            measured = measured_accuracy(ctx.dataset, chosen_label_field(ctx, samples))
            if measured:
                inputs.view("measured", types.Notice(label=" ".join(measured.sentences)))
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Show"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Open the sample in the grid.

        Returns:
            The ids of the sample, and what earlier reviews have measured.
        """
        field = chosen_label_field(ctx, all_samples(ctx))
        page = audit(ctx.dataset, ctx.params.get("count") or COUNT, field)
        ids, measured = page.values("id"), measured_accuracy(ctx.dataset, field)
        noun = fields_of_run(ctx.dataset, field).noun
        said = measured.sentences if measured else []
        if ids:
            drawn = f"{counted(len(ids), noun)} drawn at random"
            said = [f"{drawn}: correct the wrong ones, then approve the view.", *said]
            ctx.ops.set_view(page)
        else:
            said = ["Nothing left to audit: every label is reviewed.", *said]
        message = " ".join(said)
        ctx.ops.notify(message, variant="info" if ids else "success")
        return {
            "sample_ids": ids,
            "measured_accuracy": measured.to_dict() if measured else None,
            "message": plain(message),
        }
