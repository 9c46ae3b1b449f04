"""Base classes of the operators: their configuration from class attributes, and long work with progress."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

import fiftyone.operators as foo
import numpy as np
from fiftyone.operators import types
from fiftyone.utils.eval.base import BaseClassificationResults

from ..plugin.dataset import Samples
from .background import SPANS, Spans, Work, is_in_app, run_with_progress, stream_with_progress
from .returned import returned


class DescribedOperator(foo.Operator):
    """An operator that is configured by class attributes.

    Attributes:
        uri_name: Name in its URI.
        title: Displayed name.
        description: What it does, in one line.
        icon: Name of a Material icon.
        risk_level: Risk level of FiftyOne.
        options: Further arguments of `OperatorConfig`.
        is_above_grid: Whether it has a button above the grid.
        returns: Names of what it returns beside its message, separated by spaces; see `returned`.
        is_told: Whether the App shows its message; other operators end with a notice.
        starts_run: Whether its work leaves a run record, so that it is listed as a run while it is queued.
    """

    uri_name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    icon: ClassVar[str]
    risk_level: ClassVar[types.RiskLevel] = types.RiskLevel.LOW
    options: ClassVar[dict[str, bool]] = {}
    is_above_grid: ClassVar[bool] = False
    returns: ClassVar[str] = ""
    is_told: ClassVar[bool] = False
    starts_run: ClassVar[bool] = False

    @property
    def config(self) -> foo.OperatorConfig:
        """FiftyOne's configuration of the operator."""
        return foo.OperatorConfig(
            name=self.uri_name,
            label=self.title,
            description=self.description,
            icon=self.icon,
            dynamic=True,
            risk_level=self.risk_level,
            **self.options,
        )

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What it returns; the App opens no window where there is nothing to show."""
        if is_in_app(ctx) and not self.is_told:
            return types.Property(types.Object())
        return returned(self.returns, self.title)

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement | None:
        """Its button, if it has one."""
        if not self.is_above_grid:
            return None
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label=self.title, icon=self.icon, prompt=True),
        )


class LongOperator(DescribedOperator, ABC):
    """An operator with progress, delegated execution and a closing summary."""

    options: ClassVar[dict[str, bool]] = {
        "execute_as_generator": True,
        "allow_immediate_execution": True,
        "allow_delegated_execution": True,
    }
    is_told = True

    @abstractmethod
    def work(self, ctx: foo.ExecutionContext) -> Work:
        """Read the form.

        Returns:
            A function of a progress callback that does the work.
        """

    @abstractmethod
    def summary(self, result: Any) -> dict:
        """The result as JSON values, with a "message"."""

    @abstractmethod
    def notice(self, result: Any) -> tuple[str, str]:
        """The closing notice, and its variant, "success" or "warning"."""

    def views(self, ctx: foo.ExecutionContext, result: Any) -> Iterator:
        """Messages that open a view in the App; none by default."""
        yield from ()

    def shown(self, ctx: foo.ExecutionContext, result: Any) -> dict:
        """The summary as the App shows it."""
        return self.summary(result)

    def spans(self, ctx: foo.ExecutionContext) -> Spans:
        """Stage → its span of the progress bar."""
        return SPANS

    def execute(self, ctx: foo.ExecutionContext) -> dict | Iterator:
        """Do the work.

        Returns:
            Messages in the App; elsewhere the summary.
        """
        work, spans = self.work(ctx), self.spans(ctx)
        if not is_in_app(ctx):
            return self.summary(run_with_progress(ctx, work, spans))
        return stream_with_progress(ctx, work, partial(self._show, ctx), title=self.title, spans=spans)

    def _show(self, ctx: foo.ExecutionContext, result: Any) -> Iterator:
        message, variant = self.notice(result)
        yield ctx.ops.reload_dataset()
        yield from self.views(ctx, result)
        yield ctx.ops.notify(message, variant=variant)
        yield ctx.ops.show_output(self.resolve_output(ctx).to_json(), self.shown(ctx, result))


class ConfidenceMetric(foo.EvaluationMetric):
    """A metric of FiftyOne's evaluations that compares confidence with which labels are right.

    Attributes:
        uri_name: Name in its URI.
        title: Displayed name.
        description: When to use it, in one line.
        measure: From (n,) float64 confidence and (n,) bool, whether labels are right, to a number.
    """

    uri_name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    measure: ClassVar[Callable[[np.ndarray, np.ndarray], float]]

    @property
    def config(self) -> foo.EvaluationMetricConfig:
        """FiftyOne's configuration of the metric."""
        return foo.EvaluationMetricConfig(
            name=self.uri_name, label=self.title, description=self.description, lower_is_better=True
        )

    def compute(self, samples: Samples, results: BaseClassificationResults) -> float | None:
        """The metric over all labels with a confidence; None if there are none.

        Args:
            samples: What was evaluated.
            results: FiftyOne's evaluation, of classes or of objects.
        """
        confidence = np.array([] if results.confs is None else results.confs, np.float64)  # None becomes NaN
        given = ~np.isnan(confidence)
        if not given.any():
            return None
        right = np.array(results.ytrue)[given] == np.array(results.ypred)[given]
        return float(type(self).measure(confidence[given], right))
