"""The operator that opens a run to the Embeddings panel and to similarity search; see `plugin.run.brain`."""

from collections.abc import Callable
from typing import Any, ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import completed_runs
from ..plugin.engine.progress import Progress
from ..plugin.run.brain import METHODS, BrainRuns, add_brain_runs
from .background import Spans
from .base import LongOperator
from .choosing_runs import add_run
from .forms import dropdown
from .reviewing import execute_on

TITLE = "Add brain runs"
USUAL = "by what is installed and the number of images"


class AddBrainRuns(LongOperator):
    """Make FiftyOne's visualization and similarity index of the vectors of a run."""

    uri_name = "add_brain_runs"
    title = TITLE
    description = "Use after a run to see its images in the Embeddings panel and to search for similar ones"
    icon = "hub"
    returns = "run_key embeddings_field similarity_key visualization_key method"
    risk_level = types.RiskLevel.MEDIUM
    starts_run: ClassVar[bool] = True

    def __call__(
        self,
        dataset: fo.Dataset,
        run: str | None = None,
        *,
        method: str | None = None,
        delegate: bool = False,
    ) -> Any:
        """Make the brain runs from Python.

        Args:
            dataset: Dataset of the run.
            run: Key of the run; that which wrote labels last if None.
            method: "umap", "tsne" or "pca"; chosen by what is installed if None.
            delegate: Whether to queue the work for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        return execute_on(self.uri, dataset, {"run": run, "method": method}, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        if add_run(inputs, ctx, completed_runs(ctx.dataset), name="run"):
            inputs.enum(
                "method",
                list(METHODS),
                label="Visualization method",
                description=f"How the images are placed in two dimensions; by default {USUAL}",
                view=dropdown(list(METHODS)),
            )
        return types.Property(inputs, view=types.PromptView(label=TITLE, submit_button_label="Add"))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], BrainRuns]:
        """Read the form."""
        run_key, method = ctx.params.get("run") or None, ctx.params.get("method") or None
        return lambda progress: add_brain_runs(ctx.dataset, run_key, method=method, progress=progress)

    def spans(self, ctx: foo.ExecutionContext) -> Spans:
        """Reading the vectors is what reports its progress."""
        return {"load": (0.0, 0.1), "embed": (0.1, 0.3), "fill": (0.3, 0.5)}

    def summary(self, result: BrainRuns) -> dict:
        """The result as JSON values."""
        search = result.why_no_text_search or "Texts can be searched for too."
        lines = [
            f"Choose `{result.visualization_key}` in the *Embeddings* panel, colored by label or confidence.",
            f"Sort the grid by similarity with `{result.similarity_key}`. {search}",
        ]
        return {
            "run_key": result.run_key,
            "embeddings_field": result.embeddings_field,
            "similarity_key": result.similarity_key,
            "visualization_key": result.visualization_key,
            "method": result.method,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: BrainRuns) -> tuple[str, str]:
        """Where to look."""
        return f"Open the Embeddings panel and choose {result.visualization_key}", "success"
