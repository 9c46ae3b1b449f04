"""The operator that groups images that look alike and keeps their groups in a field.

What it does is told in `plugin.preparation`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.columns import Column, check_column
from ..plugin.dataset.reading import Samples, vector_sources
from ..plugin.engine.config import PRESETS, Settings
from ..plugin.pipeline import Progress
from ..plugin.preparation import Computed, compute_clusters
from .background import is_in_app, message_output, run_with_progress, stream_with_progress
from .forms import dropdown, refuse, sentence_of
from .preparing import SPANS, add_encoder, add_problem, show, summary
from .reviewing import execute_on, images

TITLE = "Compute clusters"
FIELD = "cluster"


class ComputeClusters(foo.Operator):
    """Group images that look alike, before there are any classes."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="compute_clusters",
            label=TITLE,
            description="Keep groups of images that look alike in a field, to look at or to label from",
            icon="workspaces",
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
        embeddings: str | None = None,
        preset: str = PRESETS[0],
        delegate: bool = False,
    ) -> Any:
        """Cluster a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            field: Field for the whole numbers, -1 for an image in no cluster.
            encoder: As for `AutoLabel`; one that embeds only images will do.
            embeddings: Vector field or brain key to use in its place.
            preset: "auto", "small", "medium" or "large".
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"field": field, "encoder": encoder, "embeddings": embeddings, "preset": preset}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        sources = vector_sources(ctx.target_view())
        add_problem(inputs, ctx)
        if sources:
            inputs.enum(
                "embeddings",
                sources,
                label="Existing embeddings",
                description="Leave empty to compute them",
                view=dropdown(sources),
            )
        if not ctx.params.get("embeddings"):
            add_encoder(inputs, ctx)
        description = "How to cluster, by the size of the dataset"
        inputs.enum(
            "preset",
            PRESETS,
            default=PRESETS[0],
            label="Preset",
            description=description,
            view=dropdown(PRESETS),
        )
        field = inputs.str("field", default=FIELD, label="Field", description="For the number of the cluster")
        name = ctx.params.get("field") or FIELD
        refuse(field, sentence_of(partial(check_column, ctx.dataset, Column(name, "clusters"))))
        return types.Property(inputs, view=types.View(label=TITLE))

    def execute(self, ctx: foo.ExecutionContext) -> dict | Iterator:
        """Cluster the target view.

        Returns:
            The messages for the App; elsewhere the summary.
        """
        samples = ctx.target_view(require_flat=True)

        def work(progress: Progress) -> Computed:
            return compute_clusters(
                samples,
                ctx.params.get("field") or FIELD,
                encoder=ctx.params.get("encoder") or "auto",
                embeddings=ctx.params.get("embeddings") or None,
                settings=Settings.preset(ctx.params.get("preset") or PRESETS[0]),
                progress=progress,
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
    alone = f", {images(computed.n_unclustered)} in none" if computed.n_unclustered else ""
    return summary(
        computed,
        [
            f"**{computed.n_clusters:,} clusters of {images(computed.n_written)}**{alone}.",
            f"Their numbers are in `{computed.field}`: choose it as *Clusters*, or colour the grid by it.",
        ],
    )
