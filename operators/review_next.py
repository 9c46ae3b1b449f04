"""The operator that opens the next samples to review; their order is from `plugin.engine.review`."""

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Order, Samples
from .base import DescribedOperator
from .review_pages import make_page
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
        page = make_page(ctx, field, order, ctx.params.get("count") or COUNT)
        message = str(page)
        if page.ids:
            message += " Correct the wrong ones, then approve the view."
            ctx.ops.set_view(page.view)  # also clears the selection; clearing it may restore the old view
        ctx.ops.notify(message, variant="info" if page.ids else "success")
        return {"sample_ids": page.ids, "n_left": page.n_left, "message": message}


def _add_order(inputs: types.Object) -> None:
    orders = types.RadioGroup()
    orders.add_choice(
        Order.SUGGESTED.value,
        label="Most informative first",
        description="One of every doubtful group before more of the same group",
    )
    orders.add_choice(Order.WORST.value, label="Least confident first", description="By confidence alone")
    inputs.enum("order", orders.values(), default=Order.SUGGESTED.value, label="Order", view=orders)
