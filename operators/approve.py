"""The operator that approves labels: of selected samples or objects, the open one, or a view.

What an approval is, is told in `plugin.dataset.reviews`.
"""

import fiftyone.operators as foo

from ..plugin.dataset.reading import Samples
from ..plugin.dataset.reviews import Reviewed, approve
from .reviewing import ReviewOperator


class Approve(ReviewOperator):
    """Keep the labels that samples or objects have now, as a person's word; those with an answer keep it."""

    uri_name = "approve"
    title, button, announcement = "Approve labels", "Approve", "Approve the labels of"
    description = "Say that labels are right: no later run changes them, and they anchor the others"
    icon = "thumb_up"
    is_above_grid = True

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Approve."""
        return approve(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Approved the labels of {count}"
