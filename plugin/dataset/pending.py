"""Runs that wait for `fiftyone delegated launch`.

They have no record yet: FiftyOne keeps them as delegated operations until one begins.
"""

from dataclasses import dataclass
from datetime import datetime, timezone

import fiftyone as fo
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionRunState

from .fields import AUTHOR

OPERATORS = (f"{AUTHOR}/auto_label", f"{AUTHOR}/refine_with_corrections")


@dataclass(frozen=True)
class PendingRun:
    """A run that was asked for and has not begun.

    Attributes:
        operation: Id of the delegated operation, for `fiftyone delegated info` or `delete`.
        operator: Name of the operator that will do it.
        key: Key that the run will have, "" to have it numbered.
        queued: When it was asked for (UTC).
    """

    operation: str
    operator: str
    key: str
    queued: datetime


def pending_runs(dataset: fo.Dataset) -> list[PendingRun]:
    """Runs of a dataset that wait to be executed, oldest first."""
    service = DelegatedOperationService()
    queued = [
        _pending(operation)
        for operator in OPERATORS
        for state in (ExecutionRunState.QUEUED, ExecutionRunState.SCHEDULED)
        for operation in service.list_operations(
            operator=operator, dataset_id=dataset._doc.id, run_state=state
        )
    ]
    return sorted(queued, key=lambda run: run.queued)


def _pending(operation: object) -> PendingRun:
    params = operation.context.request_params.get("params") or {}
    return PendingRun(
        operation=str(operation.id),
        operator=operation.operator.rpartition("/")[2],
        key=params.get("run_key") or "",
        queued=(operation.queued_at or operation.scheduled_at).replace(tzinfo=timezone.utc),
    )
