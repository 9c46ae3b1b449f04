"""The base of the review operators: target samples or objects, label field, result.

In the App, a review needs a selection or a view: it never applies to a whole dataset by default.
"""

from abc import ABC, abstractmethod
from functools import partial
from typing import Any, ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.constants import ViewTarget

from ..plugin.dataset import (
    Reviewed,
    Samples,
    complete_interrupted,
    dataset_of,
    fields_of_run,
    flat_samples,
    is_patches,
    labels_of,
    reviewable_fields,
)
from ..plugin.wording import counted
from .auto_label_form import FIELDS
from .background import is_in_app
from .base import DescribedOperator
from .forms import add_problem, dropdown, sentence_of
from .review_pages import ReviewPage, page_after

REVIEWED = "n_reviewed sample_ids passed_over"
"""What `tell` returns."""


class ReviewOperator(DescribedOperator, ABC):
    """An operator that reviews samples or objects: selected ones, the open one, or those of a view.

    Attributes:
        button: Label of the button of its form.
        announcement: What it does, before "3 images", e.g. "Approve the labels of".
    """

    button: ClassVar[str]
    announcement: ClassVar[str]
    returns = REVIEWED

    def __call__(self, sample_collection: Samples, *, label_field: str | None = None) -> Any:
        """Review a dataset or view from Python.

        Args:
            sample_collection: Dataset or view; of labelled objects, those that it shows.
            label_field: Field that a run wrote; by default "auto_label", or the field of the objects that a
                patches view shows.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, sample_collection, {"label_field": label_field})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = meant_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            self.add_inputs(inputs, ctx, samples)
            add_count(inputs, ctx, samples, self.announcement)
        return types.Property(
            inputs, view=types.PromptView(label=self.title, submit_button_label=self.button)
        )

    def add_inputs(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
        """Add further inputs to the form."""

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Review the target samples or objects; the next page opens once all of one is reviewed.

        Returns:
            A summary.
        """
        samples = meant_samples(ctx)
        label_field = chosen_label_field(ctx, samples)
        reviewed = self.review(ctx, samples, label_field)
        noun = fields_of_run(samples, label_field).noun
        told = self.told(ctx, counted(len(reviewed.sample_ids), noun))
        return tell(ctx, reviewed, told, page_after(ctx, label_field))

    @abstractmethod
    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Store the review."""

    @abstractmethod
    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done to "3 images", as a sentence."""


def meant_samples(ctx: foo.ExecutionContext) -> Samples:
    """The sample or patch that is open, or the labels selected in it; else the target view.

    The target is what was chosen in the form, of what is selected or shown in the grid.
    """
    is_open = ctx.current_sample and not ctx.selected
    target = None if is_open else ctx.target_view(require_flat=True)  # asking makes the form offer the choice
    chosen = ctx.params.get("view_target") or ctx.request_params.get("view_target")
    if ctx.selected_labels and (is_open or chosen == ViewTarget.SELECTED_LABELS):
        # By ids alone, since a labelled object has the id of the object that it is a copy of.
        return flat_samples(ctx.dataset).select_labels(ids=[one["label_id"] for one in ctx.selected_labels])
    if is_open:
        return (ctx.view if is_patches(ctx.view) else flat_samples(ctx.dataset)).select(ctx.current_sample)
    return target


def chosen_label_field(ctx: foo.ExecutionContext, samples: Samples) -> str:
    """The chosen label field, else the default one of those that can be reviewed."""
    return ctx.params.get("label_field") or usual_label_field(reviewable_fields(samples))


def all_samples(ctx: foo.ExecutionContext) -> Samples:
    """The dataset, or the patches view if the grid shows labelled objects."""
    return ctx.view if is_patches(ctx.view) and reviewable_fields(ctx.view) else ctx.dataset


def usual_label_field(fields: list[str]) -> str:
    """The default field of runs if it exists, else the first."""
    return FIELDS.label if FIELDS.label in fields else next(iter(fields), FIELDS.label)


def add_label_field(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> bool:
    """Add the choice of a label field, or a message if there is none.

    Returns:
        Whether there are labels of a run.
    """
    complete_interrupted(dataset_of(samples))
    problem = sentence_of(partial(fields_of_run, samples, chosen_label_field(ctx, samples)))
    if problem:
        add_problem(inputs, problem)
        return False
    fields = reviewable_fields(samples)
    if len(fields) > 1:
        inputs.enum(
            "label_field",
            fields,
            default=usual_label_field(fields),
            label="Label field",
            view=dropdown(fields),
        )
    return True


def add_count(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples, what: str) -> None:
    """Say how many samples or objects are reviewed; refuse a whole dataset without a selection.

    Args:
        inputs: The form.
        ctx: Its context.
        samples: The target samples.
        what: What is done, e.g. "Approve the labels of".
    """
    names = fields_of_run(samples, chosen_label_field(ctx, samples))
    count = counted(len(labels_of(dataset_of(samples), names).ids(samples)), names.noun)
    inputs.view("count", types.Notice(label=f"{what} {count}"))
    is_chosen = ctx.selected or ctx.selected_labels or ctx.current_sample or ctx.has_custom_view
    if is_in_app(ctx) and not is_chosen:
        add_problem(inputs, "Nothing is selected: select samples, or open a view of them.")


def tell(ctx: foo.ExecutionContext, reviewed: Reviewed, message: str, page: ReviewPage | None = None) -> dict:
    """Show a notice in the App.

    Args:
        ctx: Execution of the operator.
        reviewed: The result.
        message: The result as a sentence.
        page: What to review next, to be opened; None to leave the grid as it is.

    Returns:
        The result as JSON values.
    """
    passed_over = {reason: count for reason, count in reviewed.passed_over.items() if count}
    if passed_over:
        message += " (" + ", ".join(f"{count} {reason}" for reason, count in passed_over.items()) + ")"
    if page:
        message += f". Next: {page}" if page.ids else f". {page}"
    if page and page.ids:
        ctx.ops.set_view(page.view)  # also clears the selection; clearing it may restore the old view
    else:
        ctx.ops.clear_selected_samples()
        ctx.ops.clear_selected_labels()
        ctx.ops.reload_dataset()
    ctx.ops.notify(message, variant="success" if reviewed.sample_ids else "warning")
    return {
        "n_reviewed": len(reviewed.sample_ids),
        "sample_ids": reviewed.sample_ids,
        "passed_over": passed_over,
        "message": message,
    }


def execute_on(uri: str, samples: Samples, params: dict, *, delegate: bool = False) -> object:
    """Execute an operator on a dataset or view, as its Python call does."""
    kind = "dataset" if isinstance(samples, fo.Dataset) else "view"
    given = {name: value for name, value in params.items() if value is not None}
    return foo.execute_operator(uri, {kind: samples}, request_delegation=delegate, params=given)
