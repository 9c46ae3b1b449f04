"""Makes a dataset ready before its labels are read or reviewed: whole runs, and the last word of people.

Whatever reviews, exports, evaluates or refines calls it first.
"""

import fiftyone as fo

from .fields import FieldNames
from .labels import labels_of
from .lock import WriteLock
from .patience import wait_for_answer
from .record import completed_runs, is_being_written
from .reviews import adopt_edits
from .running import complete_interrupted, complete_written


def settle(dataset: fo.Dataset) -> None:
    """Complete what is half-written, and keep labels that were edited outside auto-label as reviews.

    A run that is writing is waited for; where it died, that takes as long as its lease, a minute at most.

    Args:
        dataset: Dataset of runs.

    Raises:
        DatabaseGoneError: The database is gone.
    """
    wait_for_answer()
    complete_interrupted(dataset)
    if is_being_written(dataset):
        complete_written(dataset)
    edited = [names for names in _label_fields(dataset) if labels_of(dataset, names).edited()]
    if edited:
        with WriteLock(dataset) as lock:
            for names in edited:
                adopt_edits(lock.dataset, names)


def _label_fields(dataset: fo.Dataset) -> list[FieldNames]:
    """Fields of the labels that runs wrote."""
    return list({run.fields.label: run.fields for run in completed_runs(dataset)}.values())
