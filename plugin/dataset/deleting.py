"""Deletes a run: its record, what it kept, and what no later run has written again.

Reviewed labels stay in any case.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import fiftyone as fo

from ..engine.errors import InputError
from .brain import brain_runs_of, vectors_field
from .columns import Column
from .fields import FieldNames
from .lock import WriteLock
from .objects import ObjectLabels
from .reading import flat_samples
from .record import RunRecord, RunState, completed_runs, find_run, list_all_runs
from .review_views import delete_review_views
from .reviews import adopt_edits, read_reviews
from .running import complete_interrupted, load_outcome
from .sidebar import drop_empty_group
from .writing import write_outcome


@dataclass(frozen=True)
class DeletedRun:
    """What went away with a run.

    Attributes:
        key: Key that the run had.
        fields: Fields that were deleted, because no other run has written them.
        n_cleared: Samples, or objects, whose values were removed from fields that other runs wrote too.
        n_restored: Samples, or objects, that have the label of an earlier run again.
        brain_runs: Brain runs of its vectors that were deleted.
    """

    key: str
    fields: tuple[str, ...]
    n_cleared: int
    n_restored: int = 0
    brain_runs: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """What was deleted, cleared and restored, in one sentence."""
        parts = [f"Deleted run {self.key}"]
        if self.fields:
            parts.append(f"the fields {', '.join(self.fields)}")
        if self.brain_runs:
            parts.append(f"its brain runs {', '.join(self.brain_runs)}")
        if self.n_cleared:
            parts.append(f"its values on {self.n_cleared:,} images or objects")
        sentence = " and ".join(parts)
        if self.n_restored:
            sentence += f"; {self.n_restored:,} have the label of an earlier run again"
        return f"{sentence}."


def delete_run(dataset: fo.Dataset, key: str) -> DeletedRun:
    """Delete a run and what it wrote.

    A field that other runs have written too stays: there the labels of the run before return, and what only
    this run labelled loses its label. One of embeddings or clusters stays as it is. Brain runs that
    `add_brain_runs` made for it go too, with their vectors unless other runs use them. Of a run whose record
    cannot be read only the record goes.

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
        vectors = _vectors_of_its_own(lock.dataset, run)
        brain_runs = _delete_brain_runs(lock.dataset, run, vectors)
        deleted = _delete_values(lock.dataset, run, vectors) if _has_written(run) else DeletedRun(key, (), 0)
        lock.dataset.delete_run(key)
    return replace(deleted, brain_runs=brain_runs)


def what_deleting_does(dataset: fo.Dataset, run: RunRecord) -> str:
    """What happens to the fields and brain runs when a run is deleted, in one or two sentences."""
    brain_runs = brain_runs_of(dataset, run)
    gone = f" Its brain runs too: {', '.join(brain_runs)}." if brain_runs else ""
    return _what_becomes_of_fields(dataset, run) + gone


def _what_becomes_of_fields(dataset: fo.Dataset, run: RunRecord) -> str:
    fields = fields_of_its_own(dataset, run)
    if fields:
        return (
            f"These fields are deleted with it: {', '.join([*fields, *_vectors_of_its_own(dataset, run)])}."
        )
    if isinstance(run.fields, Column) or not _has_written(run):
        return "No field is deleted with it."
    return "Labels of the run before return; what only this run labelled loses its label."


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


def _delete_brain_runs(dataset: fo.Dataset, run: RunRecord, vectors: list[str]) -> tuple[str, ...]:
    """Delete the brain runs of a run, and the records of the vectors that were made for them.

    Args:
        dataset: Dataset of the run.
        run: The run.
        vectors: Fields of those vectors, which are deleted with those of the run.

    Returns:
        Keys of the brain runs.
    """
    keys = tuple(brain_runs_of(dataset, run))
    for key in keys:
        dataset.delete_brain_run(key)
    for other in list_all_runs(dataset):
        if other.main_field in vectors:
            dataset.delete_run(other.key)
    return keys


def _vectors_of_its_own(dataset: fo.Dataset, run: RunRecord) -> list[str]:
    """The field of vectors that were made for the brain runs of a run, unless another run started from it."""
    if not run.brain_runs or run.inputs.get("embeddings"):
        return []
    field = vectors_field(run)
    is_used = any(other.inputs.get("embeddings") == field for other in list_all_runs(dataset))
    return [field] if dataset.has_sample_field(field) and not is_used else []


def _has_written(run: RunRecord) -> bool:
    return bool(run.n_labelled) or run.state == RunState.COMPLETED


def _delete_values(dataset: fo.Dataset, run: RunRecord, vectors: list[str]) -> DeletedRun:
    """Delete the fields that are the run's alone, and put what was there before into the others."""
    own = fields_of_its_own(dataset, run)
    if isinstance(run.fields, Column):
        dataset.delete_sample_fields(own)
        return DeletedRun(run.key, tuple(own), 0)
    adopt_edits(dataset, run.fields)
    written = _written_ids(dataset, run, set())
    same = [other for other in completed_runs(dataset) if other.fields.label == run.fields.label]
    for later in (other for other in same if _is_later(other, run)):
        written -= _written_ids(dataset, later, written)
    restored = _restore(dataset, [other for other in same if _is_later(run, other)], written)
    cleared = _clear_values(dataset, run.fields, written - restored, own)
    gone = [*own, *_empty_reviews(dataset, run.fields, own), *vectors]
    if gone:  # at one stroke: FiftyOne rewrites every sample whenever it deletes fields
        dataset.delete_sample_fields(gone)
    if run.fields.label in own:
        delete_review_views(dataset, run.fields.label)
        drop_empty_group(dataset)
    return DeletedRun(run.key, (*own, *vectors), len(cleared), len(restored))


def _restore(dataset: fo.Dataset, earlier: list[RunRecord], ids: set[str]) -> set[str]:
    """Write what the latest of earlier runs said of samples or objects; reviewed labels stay.

    Returns:
        Those of them that an earlier run had written to.
    """
    restored: set[str] = set()
    for run in reversed(earlier):
        try:
            outcome = load_outcome(dataset, run.key)
        except InputError:
            continue
        of_run = (ids - restored) & outcome.written_ids
        if of_run:
            write_outcome(dataset, outcome.only(of_run), run.label_fields, lambda done, total: None)
        restored |= of_run
    return restored


def _clear_values(dataset: fo.Dataset, fields: FieldNames, ids: set[str], own: list[str]) -> set[str]:
    """Remove values from fields that stay.

    Returns:
        The samples or objects that lost a value.
    """
    reviewed = set(read_reviews(dataset, fields))
    if fields.objects:
        is_left = fields.label not in own and dataset.has_sample_field(fields.label)
        lost = ids - reviewed if is_left else set()
        ObjectLabels(dataset, fields).clear(lost)
        return lost
    cleared: set[str] = set()
    for role, name in fields.by_role().items():
        if name in own or not dataset.has_sample_field(name):
            continue
        lost = ids - reviewed if role in ("label", "confidence") else ids
        _clear(dataset, name, lost)
        cleared |= lost
    return cleared


def _written_ids(dataset: fo.Dataset, run: RunRecord, otherwise: set[str]) -> set[str]:
    """Samples that a run wrote to, or something else where what it saved cannot be read."""
    try:
        return load_outcome(dataset, run.key).written_ids
    except InputError:
        return otherwise


def _empty_reviews(dataset: fo.Dataset, fields: FieldNames, own: list[str]) -> list[str]:
    """The field for reviews of a label field that is deleted, if there are none."""
    name = fields.corrected
    if fields.label not in own or not dataset.has_sample_field(name):
        return []
    return [] if flat_samples(dataset).count(name) else [name]


def _is_later(other: RunRecord, run: RunRecord) -> bool:
    return run.finished is not None and other.finished > run.finished


def _clear(dataset: fo.Dataset, name: str, ids: Iterable[str]) -> None:
    if ids:
        dataset.set_values(name, dict.fromkeys(ids), key_field="id", validate=False)
