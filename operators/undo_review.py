"""The operator that takes back the last review action."""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Samples, fields_of_run, last_reviewed, undo_review
from ..plugin.wording import counted
from .base import DescribedOperator
from .forms import add_problem
from .reviewing import REVIEWED, add_label_field, all_samples, chosen_label_field, execute_on, tell

TITLE = "Undo last review"


class UndoReview(DescribedOperator):
    """Take back what was approved, corrected or answered last, all of it at once."""

    uri_name = "undo_review"
    title = TITLE
    description = (
        "Use to take back the last approval, correction or answer on a cluster; earlier reviews return"
    )
    icon = "undo"
    returns = REVIEWED
    risk_level = types.RiskLevel.MEDIUM

    def __call__(self, sample_collection: Samples, *, label_field: str | None = None) -> Any:
        """Take back the last review from Python.

        Args:
            sample_collection: Dataset, or any view of it.
            label_field: Field that a run wrote; by default "auto_label", or the only such field.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, sample_collection, {"label_field": label_field})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: how many reviews go."""
        inputs = types.Object()
        samples = all_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            field = chosen_label_field(ctx, samples)
            count = len(last_reviewed(samples, field))
            what = counted(count, fields_of_run(samples, field).noun)
            inputs.view("count", types.Notice(label=f"Take back the last review, of {what}"))
            if not count:
                add_problem(inputs, "There is no review to take back.")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Undo"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Take it back.

        Returns:
            A summary.
        """
        samples = all_samples(ctx)
        field = chosen_label_field(ctx, samples)
        undone = undo_review(samples, field)
        count = counted(len(undone.sample_ids), fields_of_run(samples, field).noun)
        return tell(ctx, undone, f"Took back the last review, of {count}")
