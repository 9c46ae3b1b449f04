"""Runs that wait for `fiftyone delegated launch`, or that a worker took and could not begin.

They have no record: FiftyOne keeps them as delegated operations until one begins.
"""

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache

import fiftyone as fo
import fiftyone.operators as foo
from bson import ObjectId
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionResult, ExecutionRunState

from ..engine.errors import InputError
from ..wording import ago
from .fields import AUTHOR
from .internals import dataset_id, delegated_operation_id

WAITING = (ExecutionRunState.QUEUED, ExecutionRunState.SCHEDULED)


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

    @property
    def in_words(self) -> str:
        """State and age, for a list of runs."""
        return f"pending, asked for {ago(self.queued)}"


def pending_runs(dataset: fo.Dataset) -> list[PendingRun]:
    """Runs of a dataset that wait to be executed, oldest first."""
    queued = [_pending(operation) for state in WAITING for operation in _operations(dataset, state)]
    return sorted(queued, key=lambda run: run.queued)


def find_pending(dataset: fo.Dataset, name: str) -> PendingRun | None:
    """The pending run of a key or an operation, None if there is none."""
    return next((run for run in pending_runs(dataset) if name and name in (run.operation, run.key)), None)


def cancel_pending(dataset: fo.Dataset, name: str) -> bool:
    """See to it that a pending run never begins.

    Args:
        dataset: Dataset of the run.
        name: Key of the run, or id of its operation.

    Returns:
        Whether there was one, and no worker had taken it yet.
    """
    run = find_pending(dataset, name)
    if run is None:
        return False
    # FiftyOne has no state for what was cancelled, and fails what it calls off itself.
    why, service = ExecutionResult(error="Cancelled before it began."), DelegatedOperationService()
    return any(
        service.set_failed(ObjectId(run.operation), result=why, required_state=state) for state in WAITING
    )


def failed_start(dataset: fo.Dataset, since: datetime | None) -> str:
    """Why the latest queued run ended before it left a record, "" if it did not.

    Args:
        dataset: Dataset of the run.
        since: When the latest run with a record began (UTC), None if there is none.
    """
    failed = [
        operation
        for operation in _operations(dataset, ExecutionRunState.FAILED)
        # Others were cancelled while they waited, or have a record, from which on runs report progress.
        if operation.started_at and not operation.status
    ]
    latest = max(failed, key=lambda operation: operation.started_at, default=None)
    if latest is None or (since and since >= latest.started_at.replace(tzinfo=timezone.utc)):
        return ""
    return _last_words(latest.result.error if latest.result else "")


def was_called_off(ctx: foo.ExecutionContext) -> bool:
    """Whether the delegated operation of an execution was marked as failed, or deleted, meanwhile."""
    operation = delegated_operation_id(ctx)
    if not (ctx.delegated and operation):
        return False
    found = DelegatedOperationService().get(doc_id=operation)
    return found is None or found.run_state == ExecutionRunState.FAILED


def _operations(dataset: fo.Dataset, state: str) -> list:
    """The delegated operations of a dataset that are runs and in a state."""
    operations = DelegatedOperationService().list_operations(dataset_id=dataset_id(dataset), run_state=state)
    return [operation for operation in operations if _starts_run(operation.operator)]


def _starts_run(uri: str) -> bool:
    """Whether an operator says that it starts runs; where the plugin is not installed, any of it may."""
    if not uri.startswith(f"{AUTHOR}/"):
        return False
    try:
        return _known_to_start_run(uri)
    except ValueError:
        return True


@cache
def _known_to_start_run(uri: str) -> bool:
    return foo.get_operator(uri).starts_run


def _last_words(traceback: str | None) -> str:
    """The message of the error at the end of a traceback, with its type unless it is an `InputError`."""
    lines = (traceback or "").strip().splitlines()
    if not lines:
        return "no reason is recorded; see `fiftyone delegated list`."
    kind, _, sentence = lines[-1].partition(": ")
    return sentence if kind.endswith(f".{InputError.__name__}") else lines[-1]


def _pending(operation: object) -> PendingRun:
    params = operation.context.request_params.get("params") or {}
    return PendingRun(
        operation=str(operation.id),
        operator=operation.operator.rpartition("/")[2],
        key=params.get("run_key") or "",
        queued=(operation.queued_at or operation.scheduled_at).replace(tzinfo=timezone.utc),
    )
