"""The operator that labels again with the reviewed labels as anchors."""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import fields_of_run, read_reviews
from ..plugin.run.again import refine_with_corrections
from ..plugin.run.results import FinishedRun
from ..plugin.wording import counted, percent, plain
from .background import Work
from .base import LongOperator
from .forms import add_problem
from .reviewing import add_label_field, all_samples, chosen_label_field, execute_on

TITLE = "Refine with corrections"


class RefineWithCorrections(LongOperator):
    """Label the samples or objects of the last run again, with all reviewed labels as anchors."""

    uri_name = "refine_with_corrections"
    title = TITLE
    description = "Use after a review: label all other images again, with the reviewed labels as anchors"
    icon = "auto_fix_high"
    returns = (
        "run_key n_reviewed n_changed accuracy_before accuracy_after expected_accuracy new_classes "
        "contradictions"
    )
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = True
    starts_run = True

    def __call__(self, dataset: fo.Dataset, *, label_field: str | None = None, delegate: bool = False) -> Any:
        """Refine the labels of a dataset from Python, as the form does in the App.

        Args:
            dataset: The dataset; the samples or objects of the last run are labelled.
            label_field: Field that a run wrote; by default "auto_label", or the only such field.
            delegate: Whether to queue the run for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {"label_field": label_field}, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = all_samples(ctx)
        if add_label_field(inputs, ctx, samples):
            names = fields_of_run(samples, chosen_label_field(ctx, samples))
            count = len(read_reviews(ctx.dataset, names))
            reviewed = counted(count, names.noun)
            inputs.view("count", types.Notice(label=f"{reviewed} reviewed so far"))
            if not count:
                add_problem(inputs, "No label is reviewed yet: approve or correct some first.")
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Work:
        """Read the form."""
        dataset, field = ctx.dataset, chosen_label_field(ctx, all_samples(ctx))
        return lambda progress: refine_with_corrections(dataset, field, progress=progress)

    def summary(self, run: FinishedRun) -> dict:
        """The changes as JSON values."""
        done = run.changes
        n_others = len(run.sample_ids) - done.n_reviewed
        lines = [
            f"**{_labels(done.n_changed)} changed** of {n_others:,} unreviewed ones, with "
            f"{counted(done.n_reviewed, 'reviewed label')} as anchors.",
            *map(plain, run.remarks),
        ]
        if n_others and len(run.classes) > 1:
            lines += [
                f"Expected accuracy of the {n_others:,} unreviewed labels: {percent(done.accuracy_after)} "
                f"(before: {percent(done.accuracy_before)}).",
                f"Expected accuracy of all labels: {percent(run.expected_accuracy)}.",
            ]
        if done.new_classes:
            lines.append(f"New classes: {', '.join(map(plain, done.new_classes))}.")
        if run.unlisted_classes:
            names = ", ".join(map(plain, run.unlisted_classes))
            lines.append(f"Not assigned to other images, as there is no text embedding: {names}.")
        return {
            "run_key": run.run_key,
            "n_reviewed": done.n_reviewed,
            "n_changed": done.n_changed,
            "accuracy_before": done.accuracy_before,
            "accuracy_after": done.accuracy_after,
            "expected_accuracy": run.expected_accuracy,
            "new_classes": done.new_classes,
            "contradictions": {one: list(pair) for one, pair in run.contradictions.items()},
            "message": "\n\n".join(lines),
        }

    def notice(self, result: FinishedRun) -> tuple[str, str]:
        """The number of changed labels."""
        return f"{_labels(result.changes.n_changed)} changed", "success"


def _labels(count: int) -> str:
    return counted(count, "label")
