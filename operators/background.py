"""Runs the work of an operator with progress, and shows errors.

In the App the work is done in a separate thread, which goes on if the browser tab is closed.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from traceback import format_exception, format_exception_only
from typing import TypeVar

import fiftyone.operators as foo

from ..plugin.dataset import was_called_off
from ..plugin.engine.errors import InputError, RunCancelledError
from ..plugin.engine.progress import Pace, Progress
from ..plugin.export.exporting import STAGES as EXPORT_STAGES
from ..plugin.run.pipeline import STAGES
from ..plugin.system.progress_bars import shown_progress
from ..plugin.system.requirements import what_is_missing
from ..plugin.wording import time_left
from .returned import returned

Result = TypeVar("Result")
Work = Callable[[Progress], Result]

SECONDS_BETWEEN_UPDATES = 2.0

# Stage → its span of the progress bar, roughly in proportion to its time.
Spans = dict[str, tuple[float, float]]
SPANS: Spans = {
    "load": (0.0, 0.02),
    "embed": (0.02, 0.8),
    "cluster": (0.8, 0.87),
    "refine": (0.87, 0.92),
    "suggest": (0.92, 0.94),
    "write": (0.94, 1.0),
}

_NAMES = STAGES | EXPORT_STAGES

BEFORE_FIRST_STAGE = "Reading the samples"

logger = logging.getLogger("fiftyone_autolabel")


class Position:
    """Where work is: its share of the whole and a sentence, from what it reports."""

    def __init__(self, spans: Spans) -> None:
        """Nothing is reported yet.

        Args:
            spans: Stage → its span of the progress bar, in [0, 1].
        """
        self._spans, self._pace = spans, Pace()

    def __call__(self, stage: str, done: int, total: int) -> tuple[float, str]:
        """The share, in [0, 1], and the stage with its counts and the time that it will take still."""
        start, end = self._spans[stage]
        counts = f" ({done:,} of {total:,})" if total > 1 else ""
        label = f"{_NAMES[stage]}{counts}{time_left(self._pace.seconds_left(stage, done, total))}"
        return start + (end - start) * done / max(total, 1), label


def is_in_app(ctx: foo.ExecutionContext) -> bool:
    """Whether a browser shows the messages of this execution.

    The App's requests name the operator; Python calls do not, and delegated runs have no browser.
    """
    return "operator_uri" in ctx.request_params and not ctx.delegated


def run_with_progress(ctx: foo.ExecutionContext, work: Work, spans: Spans = SPANS) -> Result:
    """Do the work in this thread, with progress on the delegated operation, or in bars if there is none.

    Raises:
        RunCancelledError: The delegated operation was marked as failed, which is how FiftyOne cancels one.
    """
    last, position = [-math.inf], Position(spans)
    with shown_progress(False if ctx.delegated else None, _NAMES) as show:

        def keep(stage: str, done: int, total: int) -> None:
            show(stage, done, total)
            progress, label = position(stage, done, total)
            now = time.monotonic()
            if now - last[0] >= SECONDS_BETWEEN_UPDATES:
                if was_called_off(ctx):
                    raise RunCancelledError("The delegated operation was cancelled.")
                ctx.set_progress(progress, label)
                last[0] = now

        result = work(keep)
    ctx.set_progress(1.0, "Done")
    return result


def stream_with_progress(
    ctx: foo.ExecutionContext,
    work: Work,
    on_success: Callable[[Result], Iterator],
    *,
    title: str = "Auto-label",
    spans: Spans = SPANS,
) -> Iterator:
    """Do the work in a thread and yield messages that show it in the App.

    Args:
        ctx: Execution of the operator.
        work: Called with a progress callback.
        on_success: Called with the result; yields further messages.
        title: Name of the work in messages.
        spans: Stage → its span of the progress bar, in [0, 1].
    """
    latest, position = [(0.0, BEFORE_FIRST_STAGE)], Position(spans)

    def remember(stage: str, done: int, total: int) -> None:
        latest[0] = position(stage, done, total)

    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="auto-label")
    future = executor.submit(work, remember)
    executor.shutdown(wait=False)
    while not future.done():
        progress, label = latest[0]
        yield ctx.ops.set_progress(progress=progress, label=label)
        wait([future], timeout=SECONDS_BETWEEN_UPDATES)
    yield from _outcome(ctx, future, on_success, title)


def _outcome(
    ctx: foo.ExecutionContext, future: Future, on_success: Callable[[Result], Iterator], title: str
) -> Iterator:
    error = future.exception()
    if error is None:
        yield from on_success(future.result())
        return
    message, details = str(error), ""
    if isinstance(error, ImportError) and what_is_missing():
        message = what_is_missing()
    elif not isinstance(error, InputError | RunCancelledError):
        logger.error("%s failed", title, exc_info=error)
        message = f"{title} failed with {''.join(format_exception_only(error)).strip()}"
        # The log of the App's server is not shown to the user.
        details = f"\n\nTo report it, copy this:\n\n```text\n{''.join(format_exception(error))}```"
    yield ctx.ops.notify(message, variant="warning" if isinstance(error, RunCancelledError) else "error")
    # The notice fades; what the prompt shows stays until it is closed.
    yield ctx.ops.show_output(returned(title=title).to_json(), {"message": message + details})
