"""The base of the operators that compute embeddings and clusters; see `plugin.run.preparation`."""

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from typing import ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Column, Samples, check_column, vector_sources, why_not_labelable
from ..plugin.encoders.registry import ENCODER_NAMES, choose_encoder
from ..plugin.run.preparation import Computed
from ..plugin.wording import counted
from .background import Spans
from .base import LongOperator
from .forms import add_missing_packages, add_problem, dropdown, refuse, sentence_of, suggesting

SPANS: Spans = {"load": (0.0, 0.02), "embed": (0.02, 0.8), "cluster": (0.8, 0.9), "fill": (0.9, 1.0)}


class PreparingOperator(LongOperator):
    """An operator that fills a field for several runs.

    Attributes:
        column: The default field.
        column_description: Its description in the form.
    """

    starts_run = True
    returns = "run_key field encoder n_written n_failed n_clusters n_unclustered"
    column: ClassVar[Column]
    column_description: ClassVar[str]

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        add_missing_packages(inputs)
        samples = ctx.target_view()
        problem = why_not_labelable(ctx.target_view(require_flat=True))
        if problem:
            add_problem(inputs, problem)
        self.add_inputs(inputs, ctx, samples)
        field = inputs.str(
            "field", default=self.column.name, label="Field", description=self.column_description
        )
        chosen = replace(self.column, name=self.field(ctx))
        refuse(field, sentence_of(partial(check_column, ctx.dataset, chosen)))
        return types.Property(inputs, view=types.View(label=self.title))

    def add_inputs(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
        """Add the inputs of the computation."""
        add_encoder(inputs, ctx)

    def field(self, ctx: foo.ExecutionContext) -> str:
        """Name of the field that was chosen."""
        return ctx.params.get("field") or self.column.name

    @abstractmethod
    def lines(self, computed: Computed) -> list[str]:
        """The result, in sentences."""

    def summary(self, computed: Computed) -> dict:
        """The result as JSON values."""
        lines = self.lines(computed)
        if computed.failures:
            first = next(iter(computed.failures.values()))
            lines.append(
                f"{counted(len(computed.failures), 'image')} could not be embedded. The first: {first}"
            )
        return {
            "run_key": computed.run_key,
            "field": computed.field,
            "encoder": computed.encoder,
            "n_written": computed.n_written,
            "n_failed": len(computed.failures),
            "n_clusters": computed.n_clusters,
            "n_unclustered": computed.n_unclustered,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: Computed) -> tuple[str, str]:
        """The number of values written, and the field."""
        written = f"{counted(result.n_written, 'image')} written to {result.field}"
        return written, "warning" if result.failures else "success"

    def spans(self, ctx: foo.ExecutionContext) -> Spans:
        """Embedding takes the longest."""
        return SPANS


def add_vectors_or_encoder(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
    """Existing embeddings where there are some, and an encoder unless they are chosen."""
    if sources := vector_sources(samples):
        inputs.enum(
            "embeddings",
            sources,
            label="Existing embeddings",
            description="Leave empty to compute them",
            view=dropdown(sources),
        )
    if not ctx.params.get("embeddings"):
        add_encoder(inputs, ctx)


def add_encoder(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """The encoder, from the list or any model."""
    names = (
        "auto",
        *(name for name in ENCODER_NAMES if name not in ("auto", "zoo", "ray")),
        "zoo:dinov2-vits14-torch",
    )
    encoder = inputs.str(
        "encoder",
        default="auto",
        label="Encoder",
        description='A name from the list, or a model, e.g. "openclip:ViT-L-14/openai"',
        view=suggesting(names),
    )
    chosen = ctx.params.get("encoder") or "auto"
    # "auto" may ask the network, which a form must not wait for.
    if chosen != "auto":
        refuse(encoder, sentence_of(partial(choose_encoder, chosen)))
