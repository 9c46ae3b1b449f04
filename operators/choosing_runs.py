"""Pieces that the operators on runs share: the choice of a run, and a run in words.

The latest run comes first.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.runs import RunRecord, RunState, list_runs
from .forms import refuse

KEY = "run_key"


def add_run(
    inputs: types.Object,
    ctx: foo.ExecutionContext,
    states: Iterable[RunState] = tuple(RunState),
    *,
    name: str = KEY,
    label: str = "Run",
    number: int = 0,
) -> RunRecord | None:
    """Add the choice of a run, or a sentence where there is none to choose.

    Args:
        inputs: The form.
        ctx: Its context.
        states: States that a run may be in.
        name: Parameter for its key.
        label: What to call it.
        number: Which run to suggest, 0 for the latest, 1 for the one before it.

    Returns:
        The run that is chosen, or would be.
    """
    allowed = set(states)
    runs = [run for run in reversed(list_runs(ctx.dataset)) if run.state in allowed]
    if len(runs) <= number:
        problem = "There is no such run on this dataset." if number == 0 else "There is only one such run."
        refuse(inputs.view(f"no_{name}", types.Error(label=problem)), problem)
        return None
    view = types.Dropdown()
    for run in runs:
        view.add_choice(run.key, label=f"{run.key}: {in_words(run)}")
    keys = [run.key for run in runs]
    inputs.enum(name, keys, required=True, default=keys[number], label=label, view=view)
    chosen = ctx.params.get(name)
    return next((run for run in runs if run.key == chosen), runs[number])


def in_words(run: RunRecord) -> str:
    """State, age, images and encoder of a run."""
    images = run.n_labelled or run.n_images
    return f"{run.state.value} {ago(run.finished or run.started)}, {images:,} images, {run.encoder}"


def ago(moment: datetime) -> str:
    """How long a moment is past, in words."""
    past = max(datetime.now(timezone.utc) - moment, timedelta(0))
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count = past // length
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
