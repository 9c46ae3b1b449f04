"""The operator that compares two runs and shows the images whose labels differ."""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import RunComparison, compare_runs, completed_runs
from ..plugin.wording import counted, plain
from .base import DescribedOperator
from .choosing_runs import add_run
from .forms import add_problem
from .reviewing import execute_on

TITLE = "Compare runs"
MOST_SHOWN = 15


class CompareRuns(DescribedOperator):
    """Count the labels that differ between two runs, and show their images."""

    uri_name = "compare_runs"
    title = TITLE
    description = "Use after two runs, to see which labels differ and on which images"
    icon = "compare_arrows"
    returns = "n_common n_differing n_only_first n_only_second changes sample_ids"
    is_told = True

    def __call__(self, dataset: fo.Dataset, first: str, second: str) -> Any:
        """Compare two runs from Python.

        Args:
            dataset: Dataset of both.
            first: Key of one run.
            second: Key of the other.

        Returns:
            The `ExecutionResult`, whose `result` is a summary with the ids of the samples that differ; in a
            notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {"first": first, "second": second})

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        runs = completed_runs(ctx.dataset)
        first = add_run(inputs, ctx, runs, name="first", label="First run", number=1)
        second = first and add_run(inputs, ctx, runs, name="second", label="Second run")
        if second and first.key == second.key:
            add_problem(inputs, "Choose two different runs.", "same")
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Compare"))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Compare the runs, and open the differing samples in the App.

        Returns:
            The summary.
        """
        comparison = compare_runs(ctx.dataset, ctx.params["first"], ctx.params["second"])
        if comparison.n_differing:
            ctx.ops.set_view(comparison.view)
        return summary(comparison)


def summary(comparison: RunComparison) -> dict:
    """The differences as JSON values."""
    done = comparison
    lines = [
        f"**{done.n_differing:,} of {counted(done.n_common, done.noun)} have different labels** "
        f"({done.agreement:.1%} have the same)."
    ]
    if done.changes:
        lines.append(_table(done))
    for key, count in ((done.first, done.n_only_first), (done.second, done.n_only_second)):
        if count:
            lines.append(f"{counted(count, done.noun)} labelled only by `{key}`.")
    return {
        "n_common": done.n_common,
        "n_differing": done.n_differing,
        "n_only_first": done.n_only_first,
        "n_only_second": done.n_only_second,
        "changes": [list(change) for change in done.changes],
        "sample_ids": done.view.values("id"),
        "message": "\n\n".join(lines),
    }


def _table(comparison: RunComparison) -> str:
    rows = [
        f"| {plain(label)} | {plain(other)} | {count:,} |"
        for label, other, count in comparison.changes[:MOST_SHOWN]
    ]
    head = [f"| {comparison.first} | {comparison.second} | {comparison.noun}s |", "|---|---|---|"]
    rest = len(comparison.changes) - len(rows)
    return "\n".join(head + rows) + (f"\n\nand {rest:,} more pairs" if rest else "")
