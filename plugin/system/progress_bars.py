"""Progress bars with the time that is left, on the error stream, alike in Python and on the command line.

FiftyOne's own setting `show_progress_bars` decides where a caller does not.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..engine.progress import Progress, ShowProgress, silent

if TYPE_CHECKING:
    from rich.progress import TaskID

SWITCH = "FIFTYONE_SHOW_PROGRESS_BARS"
"""FiftyOne's environment variable, for work that does not need FiftyOne."""


class StageBars:
    """One bar per stage; an instance is a `Progress`."""

    def __init__(self, stages: Mapping[str, str]) -> None:
        """Prepare the bars without drawing them.

        Args:
            stages: Stage → its name.
        """
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress as Bars,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._stages = stages
        self._bars = Bars(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of a stage are finished.

        Drawing begins with the first finished step: work that is refused before it is told in one line.
        """
        if done:
            self._bars.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(self._stages[stage], total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)

    def stop(self) -> None:
        """Stop drawing."""
        if self._bars.live.is_started:
            self._bars.stop()


@contextmanager
def shown_progress(wanted: ShowProgress, stages: Mapping[str, str]) -> Iterator[Progress]:
    """A callback for work to report to, and bars for it while the work goes on if they are wanted.

    Args:
        wanted: See `ShowProgress`.
        stages: Stage → its name.
    """
    if callable(wanted):
        yield wanted
        return
    if not (_fiftyone_shows_bars() if wanted is None else wanted):
        yield silent
        return
    bars = StageBars(stages)
    try:
        yield bars
    finally:
        bars.stop()


def _fiftyone_shows_bars() -> bool:
    fiftyone = sys.modules.get("fiftyone")
    if fiftyone is not None:
        return bool(fiftyone.config.show_progress_bars)
    return os.environ.get(SWITCH, "").lower() not in ("0", "false")
