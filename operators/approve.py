"""The operator that approves labels of selected samples or objects, of the open one, or of a view."""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Reviewed, Samples, approve
from .reviewing import ReviewOperator


class Approve(ReviewOperator):
    """Approve the present labels of samples or objects; labels that are already reviewed stay as they are."""

    uri_name = "approve"
    title, button, announcement = "Approve labels", "Approve", "Approve the labels of"
    description = "Use on labels that you have looked at and found right: later runs keep them as anchors"
    icon = "thumb_up"
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = True

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Approve."""
        return approve(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Approved the labels of {count}"
