"""The operator that compares labels with a ground truth; see `plugin.run.evaluation`."""

from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Samples, evaluable_fields, labelled_fields, truth_choices, why_no_objects
from ..plugin.run.evaluation import Evaluation, check_evaluation, evaluate, evaluation_key
from ..plugin.wording import counted, plain
from .base import DescribedOperator
from .forms import add_problem, dropdown, refuse, sentence_of
from .reviewing import execute_on, usual_label_field

TITLE = "Evaluate labels"
MOST_SHOWN = 10


class Evaluate(DescribedOperator):
    """Measure accuracy against a ground truth."""

    uri_name = "evaluate"
    title = TITLE
    description = "Use if there is a ground truth: accuracy, confusions, calibration; replaces the last one"
    icon = "grading"
    returns = (
        "key n_images n_left_out accuracy accuracy_unreviewed expected_accuracy calibration_error "
        "single_labels"
    )
    is_told = True
    risk_level = types.RiskLevel.MEDIUM
    options: ClassVar[dict[str, bool]] = {
        "allow_immediate_execution": True,
        "allow_delegated_execution": True,
    }

    def __call__(
        self,
        sample_collection: Samples,
        truth_field: str,
        *,
        label_field: str | None = None,
        key: str | None = None,
        delegate: bool = False,
    ) -> Any:
        """Evaluate the labels of a dataset or view from Python.

        Args:
            sample_collection: Dataset or view, also of object patches.
            truth_field: Field with the true classes; for labelled objects, the field that they came from.
            label_field: Field with the labels; by default "auto_label", or the only such field.
            key: Key of the evaluation on the dataset; "<label field>_evaluation" if None.
            delegate: Whether to queue the evaluation for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"truth_field": truth_field, "label_field": label_field, "key": key}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = ctx.target_view(require_flat=True)
        problem = why_no_objects(samples)
        fields = [] if problem else evaluable_fields(samples)
        if fields:
            _add_fields(inputs, ctx, samples, fields)
        else:
            problem = problem or "There are no labels and ground truth to compare: label the images first."
            add_problem(inputs, problem)
        return types.Property(inputs, view=types.View(label=TITLE))

    def execute(self, ctx: foo.ExecutionContext) -> dict:
        """Evaluate the target view.

        Returns:
            The summary.
        """
        samples = ctx.target_view(require_flat=True)
        label_field = _chosen_label_field(ctx, evaluable_fields(samples))
        key = ctx.params.get("key") or None
        evaluation = evaluate(samples, ctx.params["truth_field"], label_field, key=key)
        ctx.ops.reload_dataset()
        return summary(evaluation)


def _add_fields(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples, fields: list[str]) -> None:
    """The two fields, and the key of the evaluation."""
    usual, label_field = _usual_field(ctx, fields), _chosen_label_field(ctx, fields)
    others = truth_choices(samples, label_field) or truth_choices(samples, usual)
    inputs.enum("label_field", fields, default=usual, label="Labels", view=dropdown(fields))
    truth = inputs.enum(
        "truth_field",
        others,
        required=True,
        default=others[0],
        label="Ground truth",
        description="Field with the true classes; runs do not use it",
        view=dropdown(others),
    )
    key = inputs.str(
        "key",
        default=evaluation_key(label_field),
        label="Key",
        description="Key of the evaluation, and name of the field with the result per sample",
    )
    chosen = ctx.params.get("key") or evaluation_key(label_field)
    truth_field = ctx.params.get("truth_field") or others[0]
    problem = sentence_of(partial(check_evaluation, samples, truth_field, label_field, chosen))
    refuse(key if repr(chosen) in problem else truth, problem)


def _chosen_label_field(ctx: foo.ExecutionContext, fields: list[str]) -> str:
    return ctx.params.get("label_field") or _usual_field(ctx, fields)


def _usual_field(ctx: foo.ExecutionContext, fields: list[str]) -> str:
    """A field that a run wrote if there is one, else a field of another tool."""
    return usual_label_field([one for one in labelled_fields(ctx.dataset) if one in fields] or fields)


def summary(evaluation: Evaluation) -> dict:
    """The evaluation as JSON values."""
    parts = [_headline(evaluation), _classes(evaluation), _confusions(evaluation)]
    return {
        "key": evaluation.key,
        "n_images": evaluation.n_images,
        "n_left_out": evaluation.n_left_out,
        "accuracy": evaluation.accuracy,
        "accuracy_unreviewed": evaluation.accuracy_unreviewed,
        "expected_accuracy": evaluation.expected_accuracy,
        "calibration_error": evaluation.calibration_error,
        "single_labels": evaluation.single and asdict(evaluation.single),
        "message": "\n\n".join([part for part in parts if part] + [_where(evaluation)]),
    }


def _where(evaluation: Evaluation) -> str:
    if evaluation.single:
        return "Of several labels an image FiftyOne keeps no evaluation."
    if evaluation.noun == "image":
        return f"Stored as `{evaluation.key}`: open it in FiftyOne's Model Evaluation panel."
    marks = f"`{evaluation.label_field}.{evaluation.key}` says which are right: filter by it in the sidebar."
    return f"{marks} Of images with several objects it opens in FiftyOne's Model Evaluation panel too."


def _headline(evaluation: Evaluation) -> str:
    things = counted(evaluation.n_images, evaluation.noun)
    lines = [f"**{evaluation.accuracy:.1%} of the labels of {things} are right.**"]
    if evaluation.single:
        lines = [f"**All labels of {evaluation.accuracy:.1%} of {things} are right.**"]
        lines.append(f"{evaluation.of_single_labels}.")
    if evaluation.n_reviewed and evaluation.accuracy_unreviewed is not None:
        lines.append(
            f"{evaluation.n_reviewed:,} of them are reviewed; of the others, "
            f"{evaluation.accuracy_unreviewed:.1%} are right."
        )
    if evaluation.expected_accuracy is not None:
        lines.append(
            f"Expected accuracy: {evaluation.expected_accuracy:.1%}; expected calibration error: "
            f"{evaluation.calibration_error:.1%}."
        )
    if evaluation.n_left_out:
        left_out = counted(evaluation.n_left_out, evaluation.noun)
        lines.append(f"{left_out} left out, without a label or a true class.")
    return " ".join(lines)


def _classes(evaluation: Evaluation) -> str:
    """A table of the classes, lowest F1 first."""
    worst = sorted(evaluation.classes, key=lambda score: (score.f1, score.name))
    rows = [
        f"| {plain(one.name)} | {one.precision:.0%} | {one.recall:.0%} | {one.images:,} |"
        for one in worst[:MOST_SHOWN]
    ]
    header = [f"| class, lowest F1 first | precision | recall | {evaluation.noun}s |", "|---|---|---|---|"]
    rest = len(worst) - len(rows)
    return "\n".join(header + rows) + (f"\n\nand {rest} more classes" if rest else "")


def _confusions(evaluation: Evaluation) -> str:
    pairs = list(evaluation.confusions.items())[:MOST_SHOWN]
    said = ", ".join(f"{plain(true)} labelled {plain(label)} ({count:,})" for (true, label), count in pairs)
    return f"Most frequent errors: {said}." if said else ""
