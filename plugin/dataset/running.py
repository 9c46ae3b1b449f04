"""A run under way: its heartbeat, its cancellation, and an end that leaves all of its labels or none.

What a run found is saved with its record before any sample is written. A run that dies before that leaves
the samples as they were; for one that dies after it, `complete_interrupted` writes the rest.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from traceback import format_exception_only

import fiftyone as fo
import pymongo
from pymongo.errors import ConnectionFailure, PyMongoError

from ..engine.config import Settings
from ..engine.errors import InputError, RunCancelledError
from ..engine.progress import Pace, Progress
from ..engine.results import LevelHistory
from .columns import Column, adopt_column, discard_staged, stage_column, staged_fields
from .fields import FieldNames
from .internals import Samples, dataset_of, on_object, run_id
from .lock import WriteLock
from .outcome import Outcome
from .patience import (
    UNANSWERED,
    DatabaseGoneError,
    persistently,
    wait_for_answer,
)
from .record import (
    documents,
    find_run,
    free_key,
    list_all_runs,
    read_results,
    reading_results,
    taken_keys,
    update_record,
)
from .schema import UNHEARD, RunRecord, RunState, new_config, stamp
from .writing import write_outcome

SECONDS_BETWEEN_BEATS = 2.0
CANCELLED = "The run was cancelled, and nothing was written."

logger = logging.getLogger("fiftyone_autolabel")


class Run:
    """A run that is under way, made by `run_under_way`, and ended by `finish` or `fill`.

    Attributes:
        key: Key of the run on the dataset.
        dataset: Dataset of what is labelled.
        fields: Names of the fields that it writes.
        seconds: Stage → duration, as far as it went.
    """

    def __init__(
        self, dataset: fo.Dataset, key: str, fields: FieldNames | Column, progress: Progress | None
    ) -> None:
        """Take charge of a run whose record is there.

        Args:
            dataset: Dataset of what is labelled.
            key: Key of the run.
            fields: Names of the fields that it writes.
            progress: Called with (stage, done, total).
        """
        self.key = key
        self.seconds: dict[str, float] = {}
        self.dataset, self.fields = dataset, fields
        self._progress = progress
        self._at, self._since = ("", 0, 0), time.perf_counter()
        self._pace, self._seconds_left = Pace(), None
        self._history: tuple[LevelHistory, ...] = ()
        self._cancelled, self._ended = threading.Event(), threading.Event()

    def report(self, stage: str, done: int, total: int) -> None:
        """Count the time since the last report for its stage, and tell whoever listens.

        Raises:
            RunCancelledError: Somebody wants the run to stop.
        """
        self._count_time()
        self._at, self._seconds_left = (stage, done, total), self._pace.seconds_left(stage, done, total)
        if self._progress:
            self._progress(stage, done, total)
        self._stop_if_cancelled()

    def follow(self, history: tuple[LevelHistory, ...]) -> None:
        """Take note of a round of refinement, so that whoever waits can watch it settle.

        Args:
            history: One entry per level so far.

        Raises:
            RunCancelledError: Somebody wants the run to stop.
        """
        self._history = history
        self._stop_if_cancelled()

    def finish(self, outcome: Outcome, summary: dict, settings: Settings) -> None:
        """Write the labels to the samples and complete the record.

        Args:
            outcome: What to write.
            summary: What figures are drawn from, in values that go through JSON.
            settings: Settings of the run, with nothing left automatic.

        Raises:
            RunCancelledError: The run was cancelled, just in time.
        """
        self.report("write", 0, len(outcome.sample_ids))
        wait_for_answer()
        with WriteLock(self.dataset) as lock:
            _complete_all_interrupted(lock)
            self._save_results(lock.dataset, outcome, summary)
            found = {
                "n_labelled": len(outcome.sample_ids),
                "n_failed": len(outcome.failures),
                "expected_accuracy": outcome.expected_accuracy,
                "settings": asdict(settings),
            }
            self._begin_writing(found)
            self._write(partial(write_outcome, lock.dataset, outcome, self.fields), lock)

    def fill(self, values: dict[str, object], info: dict[str, str], settings: Settings | None) -> None:
        """Write one value per sample to the column of the run and complete the record.

        Args:
            values: Sample id → value, None for what failed.
            info: What the values are from.
            settings: Settings of the run, with nothing left automatic; None where it has none.

        Raises:
            RunCancelledError: The run was cancelled; the column is as it was.
        """
        self.report("fill", 0, len(values))
        wait_for_answer()
        with WriteLock(self.dataset) as lock:
            _complete_all_interrupted(lock)
            n_failed = sum(value is None for value in values.values())
            found = {"n_failed": n_failed, "settings": asdict(settings) if settings else {}}
            try:
                stage_column(lock.dataset, self.fields, info, values, partial(self._written, lock))
                self._begin_writing(found)
            except BaseException:
                discard_staged(lock.dataset)
                raise
            self._write(partial(adopt_column, lock.dataset, self.fields), lock)

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise RunCancelledError(CANCELLED)

    def _save_results(self, dataset: fo.Dataset, outcome: Outcome, summary: dict) -> None:
        results = dataset.init_run_results(self.key, summary=summary, outcome=outcome.to_dict())
        persistently(lambda: dataset.save_run_results(self.key, results, cache=False))

    def _begin_writing(self, found: dict[str, object]) -> None:
        """Record that from now on all is written, unless the run was cancelled before."""
        wanted = {"state": RunState.RUNNING.value, "cancel_requested": False}
        if not update_record(self.dataset, self.key, found | {"is_writing": True}, wanted):
            raise RunCancelledError(CANCELLED)

    def _write(self, write: Callable[[Callable[[int, int], None]], None], lock: WriteLock) -> None:
        """Write what is saved: once a part is in place the rest follows, whatever stops the first try."""
        try:
            write(partial(self._written, lock))
        except DatabaseGoneError:
            raise
        except ConnectionFailure:  # of a call that is not made again by itself
            wait_for_answer()
            write(partial(self._written, lock))
        except BaseException:
            write(lambda done, total: lock.renew())
            _mark_completed(lock.dataset, self.key, {})
            raise
        lock.refresh()  # whoever sees that the run is completed finds its fields
        self._count_time()
        _mark_completed(lock.dataset, self.key, {"seconds": self._rounded_seconds()})

    def _written(self, lock: WriteLock, done: int, total: int) -> None:
        lock.renew()
        self.report("write" if isinstance(self.fields, FieldNames) else "fill", done, total)

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """Say every few seconds that the run is alive, how far it is, and listen for its cancellation."""
        pulse = threading.Thread(target=self._beat, name=f"auto-label {self.key}", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            self._ended.set()
            pulse.join()

    def _beat(self) -> None:
        record = documents(self.dataset).filter(key=self.key)
        was_silent = False
        while not self._ended.wait(SECONDS_BETWEEN_BEATS):
            news = {
                "config.heartbeat": stamp(),
                "config.progress": list(self._at),
                "config.seconds_left": self._seconds_left,
                "config.history": [level.to_dict() for level in self._history],
            }
            try:
                with pymongo.timeout(SECONDS_BETWEEN_BEATS):
                    found = record.clone().modify(new=True, __raw__={"$set": news})
            except UNANSWERED:  # it may come back before the run needs it
                if not was_silent:
                    logger.warning("The database does not answer: start it before the labels are written.")
                was_silent = True
                continue
            was_silent = False
            if found is None or found.config.get("cancel_requested"):
                self._cancelled.set()

    def _give_up(self, error: BaseException) -> None:
        """Note why the run ended early; a half-written one is left for `complete_interrupted`."""
        is_cancelled = isinstance(error, RunCancelledError | KeyboardInterrupt)
        sentence = _sentence(error)
        self._count_time()
        end = {
            "state": (RunState.CANCELLED if is_cancelled else RunState.FAILED).value,
            "error": "Stopped from the keyboard." if isinstance(error, KeyboardInterrupt) else sentence,
            "finished": stamp(),
            "seconds": self._rounded_seconds(),
        }
        running = {"state": RunState.RUNNING.value}
        dead = {"heartbeat": stamp(UNHEARD), "error": f"It stopped while it wrote: {sentence}"}
        if isinstance(error, DatabaseGoneError):
            return
        try:
            update_record(self.dataset, self.key, end, running | {"is_writing": False})
            update_record(self.dataset, self.key, dead, running | {"is_writing": True})
        except (PyMongoError, ValueError) as second:  # ValueError: the dataset was deleted meanwhile
            logger.warning("Could not note that run %s ended: %s", self.key, second)

    def _count_time(self) -> None:
        now, stage = time.perf_counter(), self._at[0]
        if stage:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now

    def _rounded_seconds(self) -> dict[str, float]:
        return {stage: round(duration, 3) for stage, duration in self.seconds.items()}


@contextmanager
def run_under_way(
    samples: Samples,
    described: dict[str, object],
    settings: Settings | None,
    fields: FieldNames | Column,
    *,
    n_images: int,
    key: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Run]:
    """Start a run, keep its record true while it is at work, and note how it ended.

    Args:
        samples: What is labelled; the record remembers the view.
        described: What the run works from, as its record has it.
        settings: How it clusters and refines; None if it does neither.
        fields: Names of the fields that it writes, or the column that it fills.
        n_images: Number of images.
        key: Key of the run; by default the label field with a number.
        progress: Called with (stage, done, total).

    Raises:
        InputError: The key is taken, or the database went away.
    """
    dataset = dataset_of(samples)
    config = new_config(described, settings, fields, n_images)
    with WriteLock(dataset) as lock:
        _complete_all_interrupted(lock)
        check_key(dataset, key)
        key = key or free_key(dataset, fields)
        persistently(partial(_register, on_object(samples, lock.dataset), key, config))
    run = Run(dataset, key, fields, progress)
    try:
        with run._beating():
            yield run
    except ConnectionFailure as error:
        run._give_up(error)
        raise DatabaseGoneError from error
    except BaseException as error:
        run._give_up(error)
        raise


def _register(samples: Samples, key: str, config: dict) -> None:
    """Begin a record, and remove one of its key that belongs to no dataset, as a crash may have left it."""
    samples.register_run(key, samples.init_run(**config), overwrite=True)
    dataset = dataset_of(samples)
    documents(dataset).filter(key=key, id__ne=run_id(dataset, key)).delete()


def check_key(dataset: fo.Dataset, key: str | None) -> None:
    """Check that a run may have a key: none, a free one, or that of a run which wrote nothing.

    Raises:
        InputError: It may not.
    """
    if key is None:
        return
    if not key.isidentifier():
        raise InputError(f"{key!r} cannot be the key of a run: use letters, digits and underscores.")
    may_be_replaced = {
        run.key
        for run in list_all_runs(dataset)
        if run.state in (RunState.FAILED, RunState.CANCELLED) and not run.is_interrupted
    }
    if key in taken_keys(dataset) and key not in may_be_replaced:
        raise InputError(f"There is a run {key!r} already: choose another key, or delete that run first.")


def complete_interrupted(dataset: fo.Dataset) -> None:
    """Write what is missing of runs that died while they wrote, and discard what one left before that."""
    runs = list_all_runs(dataset)
    is_at_work = any(run.state == RunState.RUNNING for run in runs)
    if any(run.is_interrupted for run in runs) or (staged_fields(dataset) and not is_at_work):
        complete_written(dataset)


def complete_written(dataset: fo.Dataset) -> None:
    """Wait for the run that is writing, and write what is missing where it has died."""
    with WriteLock(dataset) as lock:
        _complete_all_interrupted(lock)


def load_outcome(dataset: fo.Dataset, key: str) -> Outcome:
    """The labels of a run on every sample, also where later runs have written since.

    Raises:
        InputError: There is no such run, it wrote nothing, or what it saved is gone or damaged.
    """
    saved = read_results(dataset, key)
    with reading_results(key):
        return Outcome.from_dict(saved["outcome"])


def _complete_all_interrupted(lock: WriteLock) -> None:
    """Only the holder of the lock writes, so every run that is still writing has died."""
    dataset = lock.dataset
    for document in documents(dataset).filter(config__state="running", config__is_writing=True):
        run = find_run(dataset, document.key)
        if run.state == RunState.UNKNOWN:
            continue
        logger.warning("Run %s died while it wrote: writing the rest.", run.key)
        try:
            _write_again(run, lock)
        except ConnectionFailure:
            raise
        except Exception as error:
            what = "labels" if isinstance(run.fields, FieldNames) else "values"
            missing = f"Some of its {what} may be missing: run it again, or delete the run"
            sentence = f"{missing} ({_sentence(error)})."
            end = {"state": RunState.FAILED.value, "finished": stamp(), "error": sentence}
            update_record(dataset, run.key, end | {"is_writing": False})
    discard_staged(dataset)


def _sentence(error: BaseException) -> str:
    """The message of an error, with its type before it unless it is ours."""
    if isinstance(error, RunCancelledError | InputError):
        return str(error)
    return "".join(format_exception_only(error)).strip()


def _write_again(run: RunRecord, lock: WriteLock) -> None:
    if isinstance(run.fields, Column):
        adopt_column(lock.dataset, run.fields, lambda done, total: lock.renew())
    else:
        outcome = load_outcome(lock.dataset, run.key)
        write_outcome(lock.dataset, outcome, run.fields, lambda done, total: lock.renew())
    _mark_completed(lock.dataset, run.key, {})


def _mark_completed(dataset: fo.Dataset, key: str, values: dict) -> None:
    end = {"state": RunState.COMPLETED.value, "is_writing": False, "error": "", "finished": stamp()}
    end["history"] = []  # the summary has it
    update_record(dataset, key, end | values)
