"""The runs of a dataset: list them, find one, change its record, cancel it.

Kept as a FiftyOne custom run, so that it is listed, loaded and cloned by FiftyOne's own calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import fiftyone as fo
from bson import json_util
from gridfs.errors import CorruptGridFile, NoFile
from mongoengine import Document
from mongoengine.queryset import QuerySet
from pymongo.errors import PyMongoError

from ..engine.errors import InputError
from .columns import Column
from .fields import FieldNames
from .internals import reload_run, run_documents
from .patience import persistently
from .pending import cancel_pending
from .schema import METHOD, PREPARATION, RunRecord, RunState, read_record

LONGEST_SILENCE = timedelta(seconds=60)
"""How long nothing may be heard of a running run before it counts as dead."""


def list_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The runs of a dataset that label, oldest first, as the database has them now; nothing heavy is read."""
    return [run for run in list_all_runs(dataset) if isinstance(run.fields, FieldNames)]


def list_all_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The same, with those that only computed embeddings or clusters."""
    records = [_record(document) for document in documents(dataset)]
    return sorted(records, key=lambda run: run.started)


def find_run(dataset: fo.Dataset, key: str) -> RunRecord:
    """The run of a key, whatever it does.

    Raises:
        InputError: There is none.
    """
    return _record(_document(dataset, key))


def read_results(dataset: fo.Dataset, key: str) -> dict[str, Any]:
    """What a run saved beside its record: its summary, and the labels of every sample.

    FiftyOne's own `load_run_results` has the threads of a process read from one open file, of which each gets
    a part. Here everyone opens a file.

    Raises:
        InputError: There is no such run, it wrote no labels, or what it saved is gone or damaged.
    """
    document = _document(dataset, key)
    run, saved = _record(document), document.results
    if run.state == RunState.UNKNOWN:
        raise InputError(f"Run {key!r} cannot be read. {run.error}")
    if not run.n_labelled:
        raise InputError(f"Run {key!r} is {run.state.value} and has no labels.")
    try:
        with reading_results(key):
            return dict(json_util.loads(saved.fs.get(saved.grid_id).read()))
    except NoFile as error:
        raise InputError(
            f"What run {key!r} saved is not in the database: delete it, and label again."
        ) from error


@contextmanager
def reading_results(key: str) -> Iterator[None]:
    """Say in a sentence that what a run saved is damaged, however that shows in the block.

    Raises:
        InputError: It is damaged.
    """
    try:
        yield
    except Exception as error:  # every kind of damage raises its own
        if isinstance(error, PyMongoError) and not isinstance(error, CorruptGridFile):
            raise
        raise InputError(f"What run {key!r} saved is damaged: delete it, and label again.") from error


def completed_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The runs that wrote labels, in the order in which they did."""
    completed = [run for run in list_runs(dataset) if run.state == RunState.COMPLETED]
    return sorted(completed, key=lambda run: run.finished)


def latest_run(dataset: fo.Dataset, label_field: str) -> RunRecord | None:
    """The run that wrote a label field last, None if none did."""
    wrote_it = [run for run in completed_runs(dataset) if run.fields.label == label_field]
    return wrote_it[-1] if wrote_it else None


def labelled_fields(dataset: fo.Dataset) -> list[str]:
    """Label fields of whole images that runs wrote."""
    runs = completed_runs(dataset)
    return list(dict.fromkeys(run.fields.label for run in runs if run.fields.objects is None))


def cancel_run(dataset: fo.Dataset, key: str) -> None:
    """Ask a run to stop, wherever it is at work; it does at its next report, seconds later as a rule.

    One that waits for `fiftyone delegated launch` never begins; it may be named by its operation.

    Raises:
        InputError: There is no such run, or it cannot be stopped any more.
    """
    if cancel_pending(dataset, key):
        return
    run = find_run(dataset, key)
    if run.state != RunState.RUNNING:
        raise InputError(f"Run {key!r} is {run.state.value}: only a run that is under way can be cancelled.")
    if not update_record(dataset, key, {"cancel_requested": True}, {"is_writing": False}):
        raise InputError(
            f"Run {key!r} is already writing its labels and cannot be cancelled: wait a few seconds, "
            "then delete it."
        )


def is_being_written(dataset: fo.Dataset) -> bool:
    """Whether a run is writing its labels now, or died while it did."""
    return bool(documents(dataset).filter(config__state="running", config__is_writing=True).count())


def documents(dataset: fo.Dataset) -> QuerySet:
    """The records of a dataset's runs in the database; those that FiftyOne keeps in memory grow old.

    Without the views that the runs were made on, which may list the ids of a million samples.
    """
    return run_documents(dataset).filter(config__method__in=(METHOD, PREPARATION)).exclude("view_stages")


def update_record(
    dataset: fo.Dataset, key: str, values: dict[str, object], only_if: dict[str, object] | None = None
) -> bool:
    """Change a record at one stroke, and nothing else of it.

    Args:
        dataset: Dataset of the run.
        key: Key of the run.
        values: Name → new value.
        only_if: Name → value that it must have now.

    Returns:
        Whether there was such a record.
    """
    found = documents(dataset).filter(key=key, __raw__=_in_config(only_if or {}))
    is_changed = bool(persistently(lambda: found.update_one(__raw__={"$set": _in_config(values)})))
    reload_run(dataset, key)
    return is_changed


def taken_keys(dataset: fo.Dataset) -> set[str]:
    """Keys of all runs in the database, those of other processes and of other plugins too."""
    return set(run_documents(dataset).distinct("key"))


def free_key(dataset: fo.Dataset, fields: FieldNames | Column) -> str:
    """The name of the label field, or of the column, with the first number that is free."""
    main = next(iter(fields.by_role().values()))
    taken = taken_keys(dataset)
    number = 1
    while f"{main}_{number}" in taken:
        number += 1
    return f"{main}_{number}"


def _document(dataset: fo.Dataset, key: str) -> Document:
    document = documents(dataset).filter(key=key).first()
    if document is None:
        known = ", ".join(run.key for run in list_all_runs(dataset)) or "none yet"
        raise InputError(f"There is no run {key!r} on this dataset (there are: {known}).")
    return document


def _record(document: Document) -> RunRecord:
    return read_record(document.key, document.config, document.timestamp, LONGEST_SILENCE)


def _in_config(values: dict[str, object]) -> dict[str, object]:
    return {f"config.{name}": value for name, value in values.items()}
