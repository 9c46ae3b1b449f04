"""Pieces that the operators of the review share: which samples are meant, which labels, what came of it.

Nothing here is done to a whole dataset just because nothing was selected.
"""

from collections.abc import Callable
from functools import partial

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.answers import Answered, fields_of_run
from ..plugin.dataset.reading import Samples
from ..plugin.dataset.runs import labelled_fields
from .auto_label_form import FIELDS
from .background import is_in_app
from .forms import dropdown, refuse, sentence_of


def meant_samples(ctx: foo.ExecutionContext) -> Samples:
    """The sample that is open, or the target view: what is selected, or the current view."""
    if ctx.current_sample and not ctx.selected:
        return ctx.dataset.select(ctx.current_sample)
    return ctx.target_view(require_flat=True)


def chosen_label_field(ctx: foo.ExecutionContext) -> str:
    """The label field that was chosen, else the usual one, else the one that was written first."""
    return ctx.params.get("label_field") or usual_label_field(labelled_fields(ctx.dataset))


def usual_label_field(fields: list[str]) -> str:
    """The one of most runs if it is there, else the first."""
    return FIELDS.label if FIELDS.label in fields else next(iter(fields), FIELDS.label)


def add_label_field(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> bool:
    """Add the choice of a label field, or what is wrong in its place.

    Returns:
        Whether there are labels of a run.
    """
    problem = sentence_of(partial(fields_of_run, samples, chosen_label_field(ctx)))
    if problem:
        refuse(inputs.view("problem", types.Error(label=problem)), problem)
        return False
    fields = labelled_fields(ctx.dataset)
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
    """Say how many samples are meant; refuse a whole dataset that nobody asked for.

    Args:
        inputs: The form.
        ctx: Its context.
        samples: The samples that are meant.
        what: What will be done, e.g. "Approve the labels of".
    """
    notice = inputs.view("count", types.Notice(label=f"{what} {images(len(samples))}"))
    is_chosen = ctx.selected or ctx.current_sample or ctx.has_custom_view
    if is_in_app(ctx) and not is_chosen:
        refuse(notice, "Select the samples that you mean, or open a view of them.")


def tell(ctx: foo.ExecutionContext, answered: Answered, sentence: Callable[[str], str]) -> dict:
    """Show what was done, in the App as a notice.

    Args:
        ctx: Execution of the operator.
        answered: What was done.
        sentence: Makes a sentence of "3 images".

    Returns:
        The same in values that go through JSON.
    """
    passed_over = {reason: count for reason, count in answered.passed_over.items() if count}
    message = sentence(images(len(answered.sample_ids)))
    if passed_over:
        message += " (" + ", ".join(f"{count} {reason}" for reason, count in passed_over.items()) + ")"
    ctx.ops.clear_selected_samples()
    ctx.ops.reload_dataset()
    ctx.ops.notify(message, variant="success" if answered.sample_ids else "warning")
    return {
        "n_images": len(answered.sample_ids),
        "sample_ids": answered.sample_ids,
        "passed_over": passed_over,
        "message": message,
    }


def execute_on(uri: str, samples: Samples, params: dict, *, delegate: bool = False) -> object:
    """Execute an operator on a dataset or view, as its Python call does."""
    kind = "dataset" if isinstance(samples, fo.Dataset) else "view"
    return foo.execute_operator(uri, {kind: samples}, request_delegation=delegate, params=params)


def images(count: int) -> str:
    """A number of images in words."""
    return f"{count:,} image{'' if count == 1 else 's'}"
