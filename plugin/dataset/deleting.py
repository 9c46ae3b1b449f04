"""Deletes a run: its record, what it kept, and what no later run has written again.

Reviewed labels stay in any case.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import fiftyone as fo

from ..engine.errors import InputError
from .columns import Column
from .fields import FieldNames
from .lock import WriteLock
from .objects import clear_object_labels
from .reading import flat_samples
from .record import RunRecord, RunState, completed_runs, find_run, list_all_runs
from .review_views import delete_review_views
from .reviews import read_reviews
from .running import complete_interrupted, load_outcome


@dataclass(frozen=True)
class DeletedRun:
    """What went away with a run.

    Attributes:
        key: Key that the run had.
        fields: Fields that were deleted, because no other run has written them.
        n_cleared: Samples whose values were removed from fields that other runs have written too.
    """

    key: str
    fields: tuple[str, ...]
    n_cleared: int


def delete_run(dataset: fo.Dataset, key: str) -> DeletedRun:
    """Delete a run and what it wrote.

    A field that other runs have written too stays, and loses only the values of this run; one of embeddings
    or clusters stays as it is. Labels of runs before it do not return. Of a run whose record cannot be read
    only the record goes.

    Args:
        dataset: Dataset of the run.
        key: Key of the run.

    Raises:
        InputError: There is no such run, or it is under way.
    """
    complete_interrupted(dataset)
    with WriteLock(dataset) as lock:
        run = find_run(dataset, key)
        if run.state == RunState.RUNNING:
            raise InputError(f"Run {key!r} is under way: cancel it first, or wait for its end.")
        fields, cleared = _delete_values(lock.dataset, run) if _has_written(run) else ((), set())
        lock.dataset.delete_run(key)
    return DeletedRun(key, tuple(fields), len(cleared))


def fields_of_its_own(dataset: fo.Dataset, run: RunRecord) -> list[str]:
    """The fields that would be deleted with a run: no other run wrote them, and no review is in them.

    Approved objects are kept where they are approved, in the label field.
    """
    if isinstance(run.fields, FieldNames) and run.fields.objects and read_reviews(dataset, run.fields):
        return []
    others = [other for other in list_all_runs(dataset) if other.key != run.key]
    written = [other for other in others if _has_written(other) or other.state == RunState.UNKNOWN]
    shared = {name for other in written for name in other.fields.by_role().values()}
    return [
        name
        for name in run.fields.by_role().values()
        if _has_written(run) and name not in shared and dataset.has_sample_field(name)
    ]


def _has_written(run: RunRecord) -> bool:
    return bool(run.n_labelled) or run.state == RunState.COMPLETED


def _delete_values(dataset: fo.Dataset, run: RunRecord) -> tuple[list[str], set[str]]:
    """Delete the fields that are the run's alone, and clear its values in the others.

    Returns:
        The deleted fields, and the samples that lost a value in another.
    """
    if isinstance(run.fields, Column):
        own = fields_of_its_own(dataset, run)
        dataset.delete_sample_fields(own)
        return own, set()
    written = _written_ids(dataset, run, set())
    reviewed = set(read_reviews(dataset, run.fields))
    own = fields_of_its_own(dataset, run)
    later = [other for other in completed_runs(dataset) if _is_later(other, run)]
    rewritten = {other.key: _written_ids(dataset, other, written) for other in later}
    cleared: set[str] = set()
    for role, name in run.fields.by_role().items():
        if name in own or not dataset.has_sample_field(name):
            continue
        rewriters = [other for other in later if name in other.fields.by_role().values()]
        ids = written.difference(*(rewritten[other.key] for other in rewriters))
        if role in ("label", "confidence"):
            ids -= reviewed
        if run.fields.objects:
            clear_object_labels(dataset, name, ids)
        else:
            _clear(dataset, name, ids)
        cleared |= ids
    if own:
        dataset.delete_sample_fields(own)
    if run.fields.label in own:
        delete_review_views(dataset, run.fields.label)
        _delete_if_empty(dataset, run.fields.corrected)
    return own, cleared


def _written_ids(dataset: fo.Dataset, run: RunRecord, otherwise: set[str]) -> set[str]:
    """Samples that a run wrote to, or something else where what it saved cannot be read."""
    try:
        return load_outcome(dataset, run.key).written_ids
    except InputError:
        return otherwise


def _delete_if_empty(dataset: fo.Dataset, name: str) -> None:
    if dataset.has_sample_field(name) and not flat_samples(dataset).count(name):
        dataset.delete_sample_field(name)


def _is_later(other: RunRecord, run: RunRecord) -> bool:
    return run.finished is not None and other.finished > run.finished


def _clear(dataset: fo.Dataset, name: str, ids: Iterable[str]) -> None:
    if ids:
        dataset.set_values(name, dict.fromkeys(ids), key_field="id", validate=False)
