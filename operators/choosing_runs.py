"""The choice of a run in the forms of several operators, latest first."""

from collections.abc import Sequence
from typing import Any, TypeVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import PendingRun, RunRecord
from .base import DescribedOperator
from .forms import add_problem
from .reviewing import execute_on

KEY = "run_key"

AnyRun = TypeVar("AnyRun", bound=RunRecord | PendingRun)


class OperatorOnRun(DescribedOperator):
    """An operator that is called with the key of a run."""

    def __call__(self, dataset: fo.Dataset, run_key: str) -> Any:
        """Do it from Python.

        Args:
            dataset: Dataset of the run.
            run_key: Key of the run; for a pending run without a key, the id of its operation.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {KEY: run_key})


def add_run(
    inputs: types.Object,
    ctx: foo.ExecutionContext,
    runs: Sequence[AnyRun],
    *,
    name: str = KEY,
    label: str = "Run",
    number: int = 0,
) -> AnyRun | None:
    """Add the choice of a run, or a message if there is none.

    Args:
        inputs: The form.
        ctx: Its context.
        runs: Runs to choose from, oldest first.
        name: Parameter for its key.
        label: Label of the choice.
        number: Default run, 0 for the latest, 1 for the one before it.

    Returns:
        The run that is chosen, or would be.
    """
    if len(runs) <= number:
        problem = (
            "There is only one run to choose from."
            if runs
            else "There are no runs to choose from on this dataset."
        )
        add_problem(inputs, problem, f"no_{name}")
        return None
    latest = list(reversed(runs))
    view = types.Dropdown()
    for run in latest:
        view.add_choice(name_of(run), label=f"{run.key or run.operator}: {run.in_words}")
    names = [name_of(run) for run in latest]
    inputs.enum(name, names, required=True, default=names[number], label=label, view=view)
    chosen = ctx.params.get(name)
    return next((run for run in latest if name_of(run) == chosen), latest[number])


def name_of(run: RunRecord | PendingRun) -> str:
    """What a run is chosen by: its key, or its operation if it has no key yet."""
    return run.key or run.operation
