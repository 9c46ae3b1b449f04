"""The operator that approves labels: selected samples, the open one, or a view.

What an approval is, is told in `plugin.dataset.answers`.
"""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.answers import approve
from ..plugin.dataset.reading import Samples
from .reviewing import add_count, add_label_field, chosen_label_field, execute_on, meant_samples, tell

TITLE = "Approve labels"


class Approve(foo.Operator):
    """Keep the labels that samples have now, as a person's word."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="approve",
            label=TITLE,
            description="Say that labels are right: no later run changes them, and they anchor the others",
            icon="thumb_up",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def __call__(self, sample_collection: Samples, *, label_field: str = "auto_label") -> Any:
        """Approve the labels of a dataset or view from Python.

        Args:
            sample_collection: Dataset or view; samples that have an answer already keep it.
            label_field: Field that a run wrote.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, sample_collection, {"label_field": label_field})

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """A button above the grid."""
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label=TITLE, icon="thumb_up", prompt=True),
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = meant_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            add_count(inputs, ctx, samples, "Approve the labels of")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Approve"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Approve the labels of the samples that are meant.

        Returns:
            What was done.
        """
        answered = approve(meant_samples(ctx), chosen_label_field(ctx))
        return tell(ctx, answered, lambda images: f"Approved the labels of {images}")
