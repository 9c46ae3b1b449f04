"""The operator that approves labels of selected samples or objects, of the open one, or of a view."""

import fiftyone.operators as foo

from ..plugin.dataset import Reviewed, Samples, approve
from .reviewing import ReviewOperator


class Approve(ReviewOperator):
    """Approve the present labels of samples or objects; labels that are already reviewed stay as they are."""

    uri_name = "approve"
    title, button, announcement = "Approve labels", "Approve", "Approve the labels of"
    description = "Mark labels as right: later runs keep them and use them as anchors"
    icon = "thumb_up"
    is_above_grid = True

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Approve."""
        return approve(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Approved the labels of {count}"
