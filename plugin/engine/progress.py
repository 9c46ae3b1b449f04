"""How work says how far it is: the callbacks that every room takes and passes on, and the time that is left.

`Progress` names the stage; `Count` is for one stage alone.
"""

import time
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


class Pace:
    """How fast a stage goes, from the steps that it has reported since it began."""

    SECONDS_BEFORE_ESTIMATE = 4.0

    def __init__(self) -> None:
        """Nothing is reported yet."""
        self._stage, self._since, self._first = "", 0.0, 0

    def seconds_left(self, stage: str, done: int, total: int) -> float | None:
        """Seconds that the stage will take still; None while nothing tells.

        Args:
            stage: Name of the stage; the first report of another one starts the clock.
            done: Steps done.
            total: Steps in all.
        """
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since, self._first = stage, now, done
        past = now - self._since
        if past < self.SECONDS_BEFORE_ESTIMATE or not self._first < done < total:
            return None
        return past * (total - done) / (done - self._first)


class Clock:
    """A `Progress` that counts the time of every stage and passes the report on."""

    def __init__(self, progress: Progress) -> None:
        """Count from now on, and pass every report on to `progress`."""
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._since = time.perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note of a report; see `Progress`."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + (now - self._since if done else 0.0)
        self._since = now
        self._progress(stage, done, total)
