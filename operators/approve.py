"""The operator that approves labels: of selected samples or objects, the open one, or a view.

What an approval is, is told in `plugin.dataset.answers`.
"""

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.answers import Answered, approve
from ..plugin.dataset.reading import Samples
from .reviewing import Answering


class Approve(Answering):
    """Keep the labels that samples or objects have now, as a person's word; those with an answer keep it."""

    title, button, announcement = "Approve labels", "Approve", "Approve the labels of"

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="approve",
            label=self.title,
            description="Say that labels are right: no later run changes them, and they anchor the others",
            icon="thumb_up",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """A button above the grid."""
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label=self.title, icon="thumb_up", prompt=True),
        )

    def answer(self, ctx: foo.ExecutionContext, samples: Samples, label_field: str) -> Answered:
        """Approve."""
        return approve(samples, label_field)

    def told(self, ctx: foo.ExecutionContext, count: str) -> str:
        """What was done."""
        return f"Approved the labels of {count}"
