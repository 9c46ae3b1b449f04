"""The page of a review that the grid shows: when all of it is reviewed, the next one opens.

What was asked for is kept in a store of the dataset, because every request of the App stands alone.
"""

from dataclasses import dataclass

import fiftyone as fo
import fiftyone.operators as foo

from ..plugin.dataset import Order, fields_of_run, labels_of, review_view
from ..plugin.run.audit import review_next
from ..plugin.wording import counted
from .background import is_in_app

STORE, PAGE = "auto_label_review", "page"


@dataclass(frozen=True)
class ReviewPage:
    """A page to review.

    Attributes:
        view: Its samples or objects.
        ids: Their ids.
        n_left: How many others are to be reviewed.
        noun: What they are, "image" or "object".
    """

    view: fo.DatasetView
    ids: list[str]
    n_left: int
    noun: str

    def __str__(self) -> str:
        """What the page shows, or that there is none, in a sentence."""
        if not self.ids:
            return "Nothing left to review: every label is approved or corrected."
        return f"{counted(len(self.ids), self.noun)} to review, {self.n_left:,} more after this page."


def make_page(ctx: foo.ExecutionContext, label_field: str, order: str, count: int) -> ReviewPage:
    """The next page of a review, of which the last quarter is drawn at random; it is kept in mind.

    Args:
        ctx: Execution of the operator.
        label_field: Field that a run wrote.
        order: As for `review_next`.
        count: Most samples or objects.
    """
    view = review_next(ctx.dataset, count, label_field, order)
    names = fields_of_run(ctx.dataset, label_field)
    ids = labels_of(ctx.dataset, names).ids(view)
    asked = {"ids": ids, "label_field": label_field, "order": Order(order).value, "count": count}
    if is_in_app(ctx):
        ctx.store(STORE).set(PAGE, asked)
    return ReviewPage(view, ids, len(review_view(ctx.dataset, label_field, order)) - len(ids), names.noun)


def page_after(ctx: foo.ExecutionContext, label_field: str) -> ReviewPage | None:
    """The page after the one that the grid shows; None unless it shows one of which all is reviewed.

    While a sample is open, the grid behind it stays as it is.
    """
    if not is_in_app(ctx) or ctx.current_sample or not ctx.has_custom_view:
        return None
    asked = ctx.store(STORE).get(PAGE)
    if asked is None or asked["label_field"] != label_field or len(ctx.view) != len(asked["ids"]):
        return None
    labels = labels_of(ctx.dataset, fields_of_run(ctx.dataset, label_field))
    ids = {*asked["ids"]}
    if {*labels.ids(ctx.view)} != ids or labels.read("corrected", ids).keys() != ids:
        return None
    return make_page(ctx, label_field, asked["order"], asked["count"])
