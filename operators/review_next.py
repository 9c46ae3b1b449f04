"""The operator that opens the next samples to review; their order is from `plugin.engine.review`."""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Order, Samples, fields_of_run, review_view
from ..plugin.run.audit import review_next
from ..plugin.wording import counted
from .base import DescribedOperator
from .reviewing import add_label_field, all_samples, chosen_label_field, execute_on

TITLE = "Review next"
COUNT = 24
"""Samples per page, about as many as fit into the grid."""


class ReviewNext(DescribedOperator):
    """Show the unreviewed samples or objects, most informative or least confident first, page by page."""

    uri_name = "review_next"
    title = TITLE
    description = "Use to start a review: show the next unreviewed labels, most informative first"
    icon = "checklist"
    returns = "sample_ids n_left"
    is_above_grid = True

    def __call__(
        self,
        sample_collection: Samples,
        count: int = COUNT,
        *,
        label_field: str | None = None,
        order: str = Order.SUGGESTED.value,
    ) -> Any:
        """Find what to review next from Python.

        Args:
            sample_collection: Dataset, or any view of it; the whole dataset is considered.
            count: Maximum number of samples, or objects.
            label_field: Field that a run wrote; by default "auto_label", or the only such field.
            order: "suggested" or "worst".

        Returns:
            The `ExecutionResult`, whose `result` has the `sample_ids`; in a notebook a task to `await`.
        """
        params = {"count": count, "label_field": label_field, "order": order}
        return execute_on(self.uri, sample_collection, params)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        if add_label_field(inputs, ctx, all_samples(ctx)):
            _add_order(inputs)
            inputs.int("count", min=1, default=COUNT, label="Samples per page")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Show"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Open the next samples in the grid.

        Returns:
            Their ids, and the number of others that are left.
        """
        field, order = chosen_label_field(ctx, all_samples(ctx)), ctx.params.get("order") or Order.SUGGESTED
        page = review_next(ctx.dataset, ctx.params.get("count") or COUNT, field, order)
        ids = page.values("id")
        n_left = len(review_view(ctx.dataset, field, order)) - len(ids)
        noun = fields_of_run(ctx.dataset, field).noun
        message = f"{counted(len(ids), noun)} to review, {n_left:,} more after this page."
        if ids:
            message += " Correct the wrong ones, then approve the view."
            ctx.ops.set_view(
                page
            )  # also clears the selection; clearing it separately may restore the old view
        else:
            message = "Nothing left to review: every label is approved or corrected."
        ctx.ops.notify(message, variant="info" if ids else "success")
        return {"sample_ids": ids, "n_left": n_left, "message": message}


def _add_order(inputs: types.Object) -> None:
    orders = types.RadioGroup()
    orders.add_choice(
        Order.SUGGESTED.value,
        label="Most informative first",
        description="One of every doubtful group before more of the same group",
    )
    orders.add_choice(Order.WORST.value, label="Least confident first", description="By confidence alone")
    inputs.enum("order", orders.values(), default=Order.SUGGESTED.value, label="Order", view=orders)
