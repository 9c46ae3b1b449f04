"""The operator that labels again, anchored to what people approved and corrected.

What it does is told in `plugin.run.corrections`.
"""

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.reviews import fields_of_run, read_reviews
from ..plugin.run.corrections import Relabelling, refine_with_corrections
from ..plugin.wording import counted, percent, plain
from .background import Work
from .base import LongOperator
from .forms import add_problem
from .reviewing import add_label_field, all_samples, chosen_label_field, execute_on

TITLE = "Refine with corrections"


class RefineWithCorrections(LongOperator):
    """Label the samples or objects of the last run again, with all answers as anchors."""

    uri_name = "refine_with_corrections"
    title = TITLE
    description = "Label the others again, anchored to what was approved and corrected"
    icon = "auto_fix_high"
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = True
    starts_run = True

    def __call__(self, dataset: fo.Dataset, *, label_field: str | None = None, delegate: bool = False) -> Any:
        """Refine the labels of a dataset from Python, as the form does in the App.

        Args:
            dataset: The dataset; the samples or objects of the last run are labelled.
            label_field: Field that a run wrote; by default "auto_label", or the only one that there is.
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
            inputs.view("count", types.Notice(label=f"{reviewed} approved or corrected so far"))
            if not count:
                add_problem(inputs, "Approve or correct some labels first.")
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Work:
        """Read the form."""
        dataset, field = ctx.dataset, chosen_label_field(ctx, all_samples(ctx))
        return lambda progress: refine_with_corrections(dataset, field, progress=progress)

    def summary(self, relabelling: Relabelling) -> dict:
        """What the run changed, in values that go through JSON."""
        done = relabelling
        n_others = len(done.labelling.sample_ids) - done.n_reviewed
        lines = [
            f"**{_labels(done.n_changed)} changed** of {n_others:,} that nobody has answered, "
            f"anchored to {_labels(done.n_reviewed)} that people gave or approved.",
            f"Of the {n_others:,}, {percent(done.accuracy_after)} are expected to be right; "
            f"before, {percent(done.accuracy_before)} were.",
            f"Of all {len(done.labelling.sample_ids):,}, {percent(done.labelling.expected_accuracy)} are.",
        ]
        if done.new_classes:
            lines.append(f"New classes: {', '.join(map(plain, done.new_classes))}.")
        if done.labelling.unlisted_classes:
            names = ", ".join(map(plain, done.labelling.unlisted_classes))
            lines.append(f"Not looked for on others, for want of a text vector: {names}.")
        return {
            "run_key": done.labelling.run_key,
            "n_reviewed": done.n_reviewed,
            "n_changed": done.n_changed,
            "accuracy_before": done.accuracy_before,
            "accuracy_after": done.accuracy_after,
            "expected_accuracy": done.labelling.expected_accuracy,
            "new_classes": done.new_classes,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: Relabelling) -> tuple[str, str]:
        """How many labels changed."""
        return f"{_labels(result.n_changed)} changed", "success"


def _labels(count: int) -> str:
    return counted(count, "label")
