"""How long work says how far it is: the callbacks that every room takes and passes on.

`Progress` names the stage; `Count` is for one stage alone.
"""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""

ShowProgress = bool | Progress | None
"""How a call shows its progress: True for bars, False for none, None for bars unless FiftyOne's setting
`show_progress_bars` is off, or a `Progress` to call instead."""

Count = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that nobody sees."""
