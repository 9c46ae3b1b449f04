"""How long work says how far it is: the callbacks that every room takes and passes on.

`Progress` names the stage; `Count` is for one stage alone.
"""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""

Count = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that nobody sees."""
