"""The operator that withdraws the reviews of samples or objects."""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Reviewed, Samples, withdraw
from .reviewing import ReviewOperator


class Withdraw(ReviewOperator):
    """Withdraw reviews, so that runs label the samples or objects again."""

    uri_name = "withdraw"
    title, button = "Withdraw approvals and corrections", "Withdraw"
    announcement = "Withdraw the reviews of"
    description = "Use to undo approvals and corrections of chosen samples: the labels of the run return"
    icon = "undo"
    risk_level = types.RiskLevel.MEDIUM

    def review(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Reviewed:
        """Withdraw."""
        return withdraw(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Withdrew the reviews of {count}"
