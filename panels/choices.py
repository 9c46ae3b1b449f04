"""What was chosen in a panel: the run, the tab, and how to look at it.

It is all of the panel's state, so it stays small and comes back when a page is loaded again.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import fiftyone.operators as foo

NO_TRUTH = "(none)"
"""Cannot be the name of a field."""


def _at(path: str, default: object) -> Any:
    """A choice whose input lies at a path of the page."""
    return field(default=default, metadata={"path": path})


@dataclass(frozen=True)
class Choices:
    """What was chosen.

    Attributes:
        run_key: Key of the run, "" for the latest.
        follows: Whether the panel is restricted to what the grid shows.
        tab: Name of the tab that shows.
        level: Clusters of the heatmap, "micro" or "meta".
        keep: Share of the labels to keep, the most confident ones, in percent.
        truth: Field with the ground truth, `NO_TRUTH` for none.
        other_key: Key of the run to compare with, "" for none.
        cluster: Micro-cluster that a class is to be made of, None for none.
        asked: Name of the card of a cluster that is to get another class, "" for none.
        class_name: Name for that class.
    """

    run_key: str = _at("header.run", "")
    follows: bool = _at("header.follows", False)
    tab: str = _at("tab", "alignment")
    level: str = _at("body.level", "micro")
    keep: int = _at("body.keep", 80)
    truth: str = _at("body.truth", NO_TRUTH)
    other_key: str = _at("body.other", "")
    cluster: int | None = _at("body.cluster", None)
    asked: str = _at("body.asked", "")
    class_name: str = _at("body.class_name", "")

    @classmethod
    def of(cls, ctx: foo.ExecutionContext) -> "Choices":
        """Read the state that the App sent."""
        values = {name: _value_at(ctx.panel_state, path) for path, name in CHOSEN_AT.items()}
        return cls(**{name: value for name, value in values.items() if value is not None})

    def with_input(self, path: str, value: object) -> "Choices":
        """The same with another value in the input at a path of the page."""
        return replace(self, **{CHOSEN_AT[path]: value})

    def to_state(self) -> dict:
        """The same as the App keeps it: every input has its value at its path."""
        state: dict = {}
        for path, name in CHOSEN_AT.items():
            *groups, last = path.split(".")
            inner = state
            for group in groups:
                inner = inner.setdefault(group, {})
            inner[last] = getattr(self, name)
        return state


CHOSEN_AT = {each.metadata["path"]: each.name for each in fields(Choices)}
"""Path of an input on the page → the choice that it holds."""


def _value_at(state: object, path: str) -> object:
    for name in path.split("."):
        state = state.get(name) if isinstance(state, dict) else None
    return state
