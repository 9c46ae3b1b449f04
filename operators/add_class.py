"""The operator that labels again with one more class; see `plugin.run.again`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.encoders.descriptions import read_classes
from ..plugin.engine.progress import Progress
from ..plugin.run.again import add_classes, last_run
from ..plugin.run.results import FinishedRun
from ..plugin.wording import counted
from .auto_label import AutoLabel
from .class_form import add_name_warnings
from .forms import add_problem, refuse, sentence_of
from .reviewing import add_label_field, all_samples, chosen_label_field, execute_on

TITLE = "Add class"


class AddClass(AutoLabel):
    """Repeat the last run with one more class and otherwise the same inputs."""

    uri_name = "add_class"
    title = TITLE
    description = "Use when a class is missing: repeat the last run with it, and replace the run's labels"
    icon = "add"
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = False

    def __call__(
        self, dataset: fo.Dataset, name: str, *, label_field: str | None = None, delegate: bool = False
    ) -> Any:
        """Add a class from Python, as the form does in the App.

        Args:
            dataset: The dataset; the samples or objects of the last run are labelled.
            name: Name of the class, alone or with descriptions: "dog: puppy, hound".
            label_field: Field that a run wrote; by default "auto_label", or the only such field.
            delegate: Whether to queue the run for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {"name": name, "label_field": label_field}, delegate=delegate)

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Offer both; immediate execution is the default, since the embeddings are cached."""
        return foo.ExecutionOptions(allow_immediate_execution=True, allow_delegated_execution=True)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = all_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            last = last_run(ctx.dataset, chosen_label_field(ctx, samples))
            name = inputs.str(
                "name",
                required=True,
                label="Class",
                description='A name, alone or with descriptions, e.g. "dog: puppy, hound"',
            )
            problem = sentence_of(partial(last.inputs_with, []))
            run = last.record
            if ctx.params.get("name") and not problem:
                refuse(name, sentence_of(partial(last.inputs_with, [ctx.params["name"]])))
                if not name.invalid and (encoder := run.inputs.get("encoder")):
                    add_name_warnings(inputs, ctx, encoder, read_classes([ctx.params["name"]]))
            things, classes = counted(run.n_labelled, run.noun), counted(len(run.classes) + 1, "class")
            inputs.view("what", types.Notice(label=f"Label {things} again, with {classes}"))
            if problem:
                add_problem(inputs, problem)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], FinishedRun]:
        """Read the form."""
        dataset, field = ctx.dataset, chosen_label_field(ctx, all_samples(ctx))
        return lambda progress: add_classes(dataset, [ctx.params["name"]], field, progress=progress)
