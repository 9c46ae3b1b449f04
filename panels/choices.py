"""What a person chose in a panel: the run, the tab, and how to look at it.

It is all of the panel's state, so it stays small and comes back when a page is loaded again.
"""

from dataclasses import dataclass, replace
from enum import Enum

import fiftyone.operators as foo

NO_TRUTH = "(none)"
"""No name of a field."""


class Tab(str, Enum):
    """Parts of the panel, of which one shows."""

    CONVERGENCE = "convergence"
    ALIGNMENT = "alignment"
    CLASSES = "classes"
    CONFIDENCE = "confidence"
    NOVELTY = "novelty"
    COMPARISON = "comparison"


@dataclass(frozen=True)
class Choices:
    """What was chosen.

    Attributes:
        run_key: Key of the run, "" for the latest.
        follows: Whether the panel is restricted to what the grid shows.
        tab: The part that shows.
        level: Clusters of the heatmap, "micro" or "meta".
        keep: Share of the labels to keep, the most confident ones, in percent.
        truth: Field with the ground truth, `NO_TRUTH` for none.
        other_key: Key of the run to compare with, "" for none.
        cluster: Micro-cluster that a class is to be made of, None for none.
        class_name: Name for that class.
    """

    run_key: str = ""
    follows: bool = False
    tab: str = Tab.ALIGNMENT.value
    level: str = "micro"
    keep: int = 80
    truth: str = NO_TRUTH
    other_key: str = ""
    cluster: int | None = None
    class_name: str = ""

    @classmethod
    def of(cls, ctx: foo.ExecutionContext) -> "Choices":
        """Read the state that the App sent."""
        state = ctx.panel_state or {}
        values = {name: _at(state, path) for name, path in PATHS.items()}
        return cls(**{name: value for name, value in values.items() if value is not None})

    def with_choice(self, **values: object) -> "Choices":
        """The same with something else chosen."""
        return replace(self, **values)

    def of_another_run(self) -> "Choices":
        """The same without what was chosen of a run, whose clusters and rivals are its own."""
        return self.with_choice(cluster=None, class_name="", other_key="")

    def to_state(self) -> dict:
        """The same as the App keeps it: every input has its value at its path."""
        state: dict = {}
        for name, path in PATHS.items():
            *groups, last = path
            inner = state
            for group in groups:
                inner = inner.setdefault(group, {})
            inner[last] = getattr(self, name)
        return state


PATHS = {
    "run_key": ("header", "run"),
    "follows": ("header", "follows"),
    "tab": ("tab",),
    "level": ("body", "level"),
    "keep": ("body", "keep"),
    "truth": ("body", "truth"),
    "other_key": ("body", "other"),
    "cluster": ("body", "cluster"),
    "class_name": ("body", "class_name"),
}
"""Choice → where its input is on the page."""


def _at(state: dict, path: tuple[str, ...]) -> object:
    for name in path:
        state = state.get(name) if isinstance(state, dict) else None
    return state
