"""The operator that clusters similar images and stores the clusters in a field."""

from collections.abc import Callable
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import Column, Samples
from ..plugin.engine.config import PRESETS, Settings
from ..plugin.engine.progress import Progress
from ..plugin.run.preparation import Computed, compute_clusters
from ..plugin.wording import counted
from .forms import add_preset
from .preparing import PreparingOperator, add_vectors_or_encoder
from .reviewing import execute_on

FIELD = "cluster"


class ClusterImages(PreparingOperator):
    """Cluster similar images, without class names."""

    uri_name = "cluster_images"
    title = "Cluster images"
    description = "Use before several runs, for one clustering: writes a field, and replaces its values"
    icon = "workspaces"
    risk_level = types.RiskLevel.MEDIUM
    column = Column(FIELD, "clusters")
    column_description = "Field for the cluster numbers"

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
            field: Field for the cluster numbers, -1 for images in no cluster.
            encoder: As for `AutoLabel`; a text tower is not needed.
            embeddings: Vector field or brain key with existing embeddings.
            preset: "auto", "small", "medium" or "large".
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        params = {"field": field, "encoder": encoder, "embeddings": embeddings, "preset": preset}
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def add_inputs(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
        """Existing embeddings or an encoder, and the preset."""
        add_vectors_or_encoder(inputs, ctx, samples)
        add_preset(inputs)

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], Computed]:
        """Read the form."""
        samples = ctx.target_view(require_flat=True)
        return lambda progress: compute_clusters(
            samples,
            self.field(ctx),
            encoder=ctx.params.get("encoder") or "auto",
            embeddings=ctx.params.get("embeddings") or None,
            settings=Settings.preset(ctx.params.get("preset") or PRESETS[0]),
            progress=progress,
        )

    def lines(self, computed: Computed) -> list[str]:
        """The clusters, in sentences."""
        alone = f", {counted(computed.n_unclustered, 'image')} in none" if computed.n_unclustered else ""
        return [
            f"**{computed.n_clusters:,} clusters of {counted(computed.n_written, 'image')}**{alone}.",
            f"Cluster numbers are in `{computed.field}`: choose it as *Clusters*, or colour the grid by it.",
        ]
