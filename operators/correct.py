"""The operator that gives samples another class: selected samples, the open one, or a view.

What a correction is, is told in `plugin.dataset.answers`.
"""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.answers import correct, known_classes
from ..plugin.dataset.reading import Samples
from .forms import refuse, suggesting
from .reviewing import add_count, add_label_field, chosen_label_field, execute_on, meant_samples, tell

TITLE = "Correct labels"


class Correct(foo.Operator):
    """Give samples the class that they are really of."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="correct",
            label=TITLE,
            description="Choose the right class: no later run changes it, and it anchors the other labels",
            icon="edit",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def __call__(
        self, sample_collection: Samples, class_name: str, *, label_field: str = "auto_label"
    ) -> Any:
        """Correct the labels of a dataset or view from Python.

        Args:
            sample_collection: Dataset or view.
            class_name: The class of all of its samples.
            label_field: Field that a run wrote.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"class_name": class_name, "label_field": label_field}
        return execute_on(self.uri, sample_collection, params)

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """A button above the grid."""
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label=TITLE, icon="edit", prompt=True),
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = meant_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            _add_class(inputs, ctx, samples)
            add_count(inputs, ctx, samples, "Change the labels of")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Correct"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Correct the labels of the samples that are meant.

        Returns:
            What was done.
        """
        name = ctx.params["class_name"]
        answered = correct(meant_samples(ctx), name, chosen_label_field(ctx))
        return tell(ctx, answered, lambda images: f"{images} labelled {name.strip()!r}")


def _add_class(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
    """The class, one of the known or a new one, and what becomes of a new one."""
    known = known_classes(samples, chosen_label_field(ctx))
    name = (ctx.params.get("class_name") or "").strip()
    is_new = name and name.casefold() not in {one.casefold() for one in known}
    field = inputs.str(
        "class_name",
        required=True,
        label="Class",
        description="A new class: Refine with corrections looks for it on the other images too"
        if is_new
        else "Choose one, or type a new one",
        view=suggesting(known),
    )
    if ctx.params.get("class_name") is not None and not name:
        refuse(field, "Say which class the samples are of: the name is blank.")
