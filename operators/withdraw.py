"""The operator that takes back what a person said of samples or objects.

What an answer is, is told in `plugin.dataset.reviews`.
"""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.reading import Samples
from ..plugin.dataset.reviews import Reviewed, withdraw
from .reviewing import ReviewOperator


class Withdraw(ReviewOperator):
    """Forget what a person said, so that runs may label the samples or objects again."""

    uri_name = "withdraw"
    title, button = "Withdraw approvals and corrections", "Withdraw"
    announcement = "Withdraw what was said of"
    description = "Take back what was approved or corrected: the labels of the run return"
    icon = "undo"
    risk_level = types.RiskLevel.MEDIUM

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Withdraw."""
        return withdraw(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Withdrew what was said of {count}"
