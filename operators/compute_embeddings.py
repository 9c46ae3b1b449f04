"""The operator that embeds images and keeps the vectors in a field.

What it does is told in `plugin.preparation`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.columns import Column, check_column
from ..plugin.dataset.reading import Samples
from ..plugin.pipeline import Progress
from ..plugin.preparation import Computed, compute_embeddings
from .background import is_in_app, message_output, run_with_progress, stream_with_progress
from .forms import refuse, sentence_of
from .preparing import SPANS, add_encoder, add_problem, show, summary
from .reviewing import execute_on, images

TITLE = "Compute embeddings"
FIELD = "embeddings"


class ComputeEmbeddings(foo.Operator):
    """Embed images once, for several runs and for FiftyOne's own tools."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="compute_embeddings",
            label=TITLE,
            description="Keep an encoder's vectors of the images in a field, for several runs to start from",
            icon="scatter_plot",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.LOW,
        )

    def __call__(
        self,
        sample_collection: Samples,
        *,
        field: str = FIELD,
        encoder: str = "auto",
        delegate: bool = False,
    ) -> Any:
        """Embed a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            field: Field for the vectors.
            encoder: As for `AutoLabel`; one that embeds only images will do.
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"field": field, "encoder": encoder}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        ctx.target_view()
        add_problem(inputs, ctx)
        add_encoder(inputs, ctx)
        field = inputs.str("field", default=FIELD, label="Field", description="For the vectors")
        name = ctx.params.get("field") or FIELD
        refuse(field, sentence_of(partial(check_column, ctx.dataset, Column(name, "embeddings"))))
        return types.Property(inputs, view=types.View(label=TITLE))

    def execute(self, ctx: foo.ExecutionContext) -> dict | Iterator:
        """Embed the target view.

        Returns:
            The messages for the App; elsewhere the summary.
        """
        samples = ctx.target_view(require_flat=True)

        def work(progress: Progress) -> Computed:
            encoder = ctx.params.get("encoder") or "auto"
            return compute_embeddings(
                samples, ctx.params.get("field") or FIELD, encoder=encoder, progress=progress
            )

        if not is_in_app(ctx):
            return _summary(run_with_progress(ctx, work, SPANS))
        return stream_with_progress(
            ctx, work, lambda computed: show(ctx, TITLE, _summary(computed)), title=TITLE, spans=SPANS
        )

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The closing summary."""
        return message_output(TITLE)


def _summary(computed: Computed) -> dict:
    return summary(
        computed,
        [
            f"**{images(computed.n_written)} embedded** with {computed.encoder}.",
            f"The vectors are in `{computed.field}`: choose it as *Existing embeddings* of that encoder.",
        ],
    )
