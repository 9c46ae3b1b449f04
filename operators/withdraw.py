"""The operator that takes back what a person said of samples.

What an answer is, is told in `plugin.dataset.answers`.
"""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.answers import withdraw
from ..plugin.dataset.reading import Samples
from .reviewing import add_count, add_label_field, chosen_label_field, execute_on, meant_samples, tell

TITLE = "Withdraw approvals and corrections"


class Withdraw(foo.Operator):
    """Forget what a person said of samples, so that runs may label them again."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="withdraw",
            label=TITLE,
            description="Take back what was approved or corrected: the labels of the run return",
            icon="undo",
            dynamic=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def __call__(self, sample_collection: Samples, *, label_field: str = "auto_label") -> Any:
        """Withdraw the answers of a dataset or view from Python.

        Args:
            sample_collection: Dataset or view.
            label_field: Field that a run wrote.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, sample_collection, {"label_field": label_field})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = meant_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            add_count(inputs, ctx, samples, "Withdraw what was said of")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Withdraw"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Withdraw the answers of the samples that are meant.

        Returns:
            What was done.
        """
        answered = withdraw(meant_samples(ctx), chosen_label_field(ctx))
        return tell(ctx, answered, lambda images: f"Withdrew what was said of {images}")
