"""The operator that embeds images and stores the vectors in a field."""

from collections.abc import Callable
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Column, Samples
from ..plugin.engine.progress import Progress
from ..plugin.run.preparation import Computed, compute_embeddings
from ..plugin.wording import counted
from .preparing import PreparingOperator
from .reviewing import execute_on

FIELD = "embeddings"


class EmbedImages(PreparingOperator):
    """Embed images once, for several runs and for FiftyOne's similarity tools."""

    uri_name = "embed_images"
    title = "Embed images"
    description = "Use before several runs, for one set of vectors: writes a field, and replaces its values"
    icon = "scatter_plot"
    risk_level = types.RiskLevel.MEDIUM
    column = Column(FIELD, "embeddings")
    column_description = "Field for the vectors"

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
            encoder: As for `AutoLabel`; a text tower is not needed.
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"field": field, "encoder": encoder}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], Computed]:
        """Read the form."""
        encoder = ctx.params.get("encoder") or "auto"
        samples = ctx.target_view(require_flat=True)
        return lambda progress: compute_embeddings(
            samples, self.field(ctx), encoder=encoder, progress=progress
        )

    def lines(self, computed: Computed) -> list[str]:
        """The embeddings, in sentences."""
        return [
            f"**{counted(computed.n_written, 'image')} embedded** with {computed.encoder}.",
            f"The vectors are in `{computed.field}`: choose it as *Existing embeddings* of that encoder.",
        ]
