"""The operator that corrects the class of selected samples or objects, of the open one, or of a view."""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Reviewed, Samples, correct, fields_of_run, known_classes
from ..plugin.engine.label_sets import classes_in
from .forms import refuse, suggesting
from .reviewing import ReviewOperator, chosen_label_field, execute_on


class Correct(ReviewOperator):
    """Set the right class of samples or objects."""

    uri_name = "correct"
    title, button, announcement = "Correct labels", "Correct", "Change the labels of"
    description = "Use on a wrong label: give the right class, which later runs keep and use as an anchor"
    icon = "edit"
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = True

    def __call__(self, sample_collection: Samples, class_name: str, *, label_field: str | None = None) -> Any:
        """Correct the labels of a dataset or view from Python.

        Args:
            sample_collection: As for `ReviewOperator`.
            class_name: The right class of all of its samples, or of all objects that it shows; where an image
                may have several, all of them, as in "cat|dog".
            label_field: As for `ReviewOperator`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"class_name": class_name, "label_field": label_field}
        return execute_on(self.uri, sample_collection, params)

    def add_inputs(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
        """The class, an existing or a new one."""
        label_field = chosen_label_field(ctx, samples)
        known, is_set = known_classes(samples, label_field), fields_of_run(samples, label_field).multilabel
        name = (ctx.params.get("class_name") or "").strip()
        names = classes_in(name) if is_set else [name]
        description = "Choose a class, or type a new one"
        if name and not {one.strip().casefold() for one in names} <= {one.casefold() for one in known}:
            description = "A new class: Refine with corrections also assigns it to other images"
        elif is_set:
            description = "All classes of the images, with | between them: cat|dog"
        field = inputs.str(
            "class_name",
            required=True,
            label="Classes" if is_set else "Class",
            description=description,
            view=suggesting(known),
        )
        if ctx.params.get("class_name") is not None and not name:
            refuse(field, "The class name is blank: choose or type a class.")

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Correct."""
        return correct(samples, ctx.params["class_name"], label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"{count} labelled {ctx.params['class_name'].strip()!r}"
