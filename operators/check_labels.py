"""The operator that finds likely mistakes among labels that somebody made; see `plugin.run.checking`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Samples, check_checkable, checkable_fields
from ..plugin.engine.progress import Progress
from ..plugin.run.checking import CheckedLabels, check_labels
from ..plugin.wording import counted, plain
from .background import Spans
from .base import LongOperator
from .forms import add_problem, dropdown, refuse, sentence_of
from .preparing import SPANS, add_vectors_or_encoder
from .reviewing import execute_on

TITLE = "Check labels"
NO_LABELS = "There are no labels of whole images to check: choose a dataset that has some."


class CheckLabels(LongOperator):
    """Rank labels that somebody made by how much the other images speak against them."""

    uri_name = "check_labels"
    title = TITLE
    description = "Use on existing labels, such as a ground truth, to find likely mistakes among them"
    icon = "rule"
    returns = "n_checked sample_ids view pairs"
    risk_level = types.RiskLevel.MEDIUM

    def __call__(
        self,
        sample_collection: Samples,
        label_field: str = "ground_truth",
        *,
        encoder: str = "auto",
        embeddings: str | None = None,
        delegate: bool = False,
    ) -> Any:
        """Check the labels of a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            label_field: Field with one class per image.
            encoder: As for `AutoLabel`; a text tower is not needed.
            embeddings: Vector field or brain key with existing embeddings.
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"label_field": label_field, "encoder": encoder, "embeddings": embeddings}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs, samples = types.Object(), ctx.target_view(require_flat=True)
        fields = checkable_fields(samples)
        if not fields:
            add_problem(inputs, NO_LABELS)
            return types.Property(inputs, view=types.View(label=TITLE))
        chosen = inputs.enum(
            "label_field", fields, default=fields[0], label="Labels to check", view=dropdown(fields)
        )
        label_field = ctx.params.get("label_field") or fields[0]
        refuse(chosen, sentence_of(partial(check_checkable, samples, label_field)))
        add_vectors_or_encoder(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], CheckedLabels]:
        """Read the form."""
        samples, params = ctx.target_view(require_flat=True), ctx.params
        label_field = params.get("label_field") or next(iter(checkable_fields(samples)), "ground_truth")
        return lambda progress: check_labels(
            samples,
            label_field,
            encoder=params.get("encoder") or "auto",
            embeddings=params.get("embeddings") or None,
            progress=progress,
        )

    def views(self, ctx: foo.ExecutionContext, result: CheckedLabels) -> Iterator:
        """Show the likely mistakes, worst first."""
        if result.ids:
            yield ctx.ops.set_view(result.view)

    def summary(self, result: CheckedLabels) -> dict:
        """The result as JSON values."""
        lines = [plain(sentence) for sentence in result.sentences]
        where = f"`{result.mistakenness_field}` ranks all labels, `{result.suggested_field}` has the classes."
        return {
            "n_checked": result.n_checked,
            "sample_ids": result.ids,
            "view": result.view_name,
            "pairs": result.pair_rows,
            "message": "\n\n".join([*lines, where]),
        }

    def notice(self, result: CheckedLabels) -> tuple[str, str]:
        """How many labels are likely to be wrong."""
        return f"{counted(len(result.ids), 'likely mistake')} found", "success"

    def spans(self, ctx: foo.ExecutionContext) -> Spans:
        """Embedding takes the longest."""
        return SPANS
