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
from fiftyone.operators import types

from ..plugin.dataset import was_called_off
from ..plugin.engine.errors import InputError, RunCancelledError
from ..plugin.engine.progress import Progress
from ..plugin.export.exporting import STAGES as EXPORT_STAGES
from ..plugin.run.pipeline import STAGES

Result = TypeVar("Result")
Work = Callable[[Progress], Result]

SECONDS_BETWEEN_UPDATES = 2.0

# Stage → its span of the progress bar, roughly in proportion to its time.
Spans = dict[str, tuple[float, float]]
SPANS: Spans = {
    "embed": (0.0, 0.8),
    "cluster": (0.8, 0.87),
    "refine": (0.87, 0.92),
    "suggest": (0.92, 0.94),
    "write": (0.94, 1.0),
}

_NAMES = STAGES | EXPORT_STAGES

logger = logging.getLogger("fiftyone_autolabel")


def is_in_app(ctx: foo.ExecutionContext) -> bool:
    """Whether a browser shows the messages of this execution.

    The App's requests name the operator; Python calls do not, and delegated runs have no browser.
    """
    return "operator_uri" in ctx.request_params and not ctx.delegated


def run_with_progress(ctx: foo.ExecutionContext, work: Work, spans: Spans = SPANS) -> Result:
    """Do the work in this thread, with progress on the delegated operation if there is one.

    Raises:
        RunCancelledError: The delegated operation was marked as failed, which is how FiftyOne cancels one.
    """
    last = [-math.inf]

    def keep(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= SECONDS_BETWEEN_UPDATES:
            if was_called_off(ctx):
                raise RunCancelledError("The delegated operation was cancelled.")
            ctx.set_progress(*_position(spans, stage, done, total))
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
    latest = [(0.0, "Starting")]

    def remember(stage: str, done: int, total: int) -> None:
        latest[0] = _position(spans, stage, done, total)

    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="auto-label")
    future = executor.submit(work, remember)
    executor.shutdown(wait=False)
    while not future.done():
        progress, label = latest[0]
        yield ctx.ops.set_progress(progress=progress, label=label)
        wait([future], timeout=SECONDS_BETWEEN_UPDATES)
    yield from _outcome(ctx, future, on_success, title)


def message_output(title: str = "Auto-label") -> types.Property:
    """An output with one text, `message`, in Markdown."""
    outputs = types.Object()
    outputs.str("message", view=types.MarkdownView())
    return types.Property(outputs, view=types.View(label=title))


def _outcome(
    ctx: foo.ExecutionContext, future: Future, on_success: Callable[[Result], Iterator], title: str
) -> Iterator:
    error = future.exception()
    if error is None:
        yield from on_success(future.result())
        return
    message, details = str(error), ""
    if not isinstance(error, InputError | RunCancelledError):
        logger.error("%s failed", title, exc_info=error)
        message = f"{title} failed with {''.join(format_exception_only(error)).strip()}"
        # The log of the App's server is not shown to the user.
        details = f"\n\nTo report it, copy this:\n\n```text\n{''.join(format_exception(error))}```"
    yield ctx.ops.notify(message, variant="warning" if isinstance(error, RunCancelledError) else "error")
    # The notice fades; what the prompt shows stays until it is closed.
    yield ctx.ops.show_output(message_output(title).to_json(), {"message": message + details})


def _position(spans: Spans, stage: str, done: int, total: int) -> tuple[float, str]:
    start, end = spans[stage]
    counts = f" ({done} of {total})" if total > 1 else ""
    return start + (end - start) * done / max(total, 1), f"{_NAMES[stage]}{counts}"
