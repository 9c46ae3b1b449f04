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

import fiftyone as fo
from pymongo.errors import PyMongoError

from ..engine.config import Settings
from ..engine.errors import InputError, RunCancelledError
from ..engine.results import LevelHistory
from .fields import FieldNames
from .lock import WriteLock
from .outcome import Outcome
from .reading import Samples, dataset_of
from .review import save_review_views
from .runs import (
    UNHEARD,
    RunInputs,
    RunState,
    documents,
    find_run,
    free_key,
    list_runs,
    new_config,
    stamp,
    update_record,
)
from .writing import write_outcome

SECONDS_BETWEEN_BEATS = 2.0

Progress = Callable[[str, int, int], None]
logger = logging.getLogger("fiftyone_autolabel")


class Run:
    """A run that is under way, made by `run_under_way`.

    Attributes:
        key: Key of the run on the dataset.
        dataset: Dataset of what is labelled.
        fields: Names of the fields that it writes.
        seconds: Stage → duration, as far as it went.
    """

    def __init__(self, samples: Samples, key: str, fields: FieldNames, progress: Progress | None) -> None:
        """Take charge of a run whose record is there.

        Args:
            samples: What is labelled.
            key: Key of the run.
            fields: Names of the fields that it writes.
            progress: Called with (stage, done, total).
        """
        self.key = key
        self.seconds: dict[str, float] = {}
        self._samples, self.dataset, self.fields = samples, dataset_of(samples), fields
        self._progress = progress
        self._at, self._since = ("", 0, 0), time.perf_counter()
        self._history: tuple[LevelHistory, ...] = ()
        self._cancelled, self._ended = threading.Event(), threading.Event()

    def report(self, stage: str, done: int, total: int) -> None:
        """Count the time since the last report for its stage, and tell whoever listens.

        Raises:
            RunCancelledError: Somebody wants the run to stop.
        """
        self._count_time()
        self._at = (stage, done, total)
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
        with WriteLock(self.dataset) as lock:
            _complete_all_interrupted(self.dataset, lock)
            self._save_results(outcome, summary)
            self._begin_writing(outcome, settings)

            def written(done: int, total: int) -> None:
                lock.renew()
                self.report("write", done, total)

            try:
                write_outcome(self.dataset, outcome, self.fields, written)
            except BaseException:
                # Some labels are in place, so the others have to follow, whatever stopped the first attempt.
                _complete(self.dataset, self.key, outcome, self.fields, lock)
                raise
            self._count_time()
            _mark_completed(self.dataset, self.key, self.fields, {"seconds": self._rounded_seconds()})

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise RunCancelledError("The run was cancelled, and no label was written.")

    def _save_results(self, outcome: Outcome, summary: dict) -> None:
        results = self._samples.init_run_results(self.key, summary=summary, outcome=outcome.to_dict())
        self._samples.save_run_results(self.key, results, cache=False)

    def _begin_writing(self, outcome: Outcome, settings: Settings) -> None:
        """Say that from now on all labels will be written, unless somebody cancelled the run before."""
        found = {
            "is_writing": True,
            "n_labelled": len(outcome.sample_ids),
            "n_failed": len(outcome.failures),
            "expected_accuracy": outcome.expected_accuracy,
            "settings": asdict(settings),
        }
        wanted = {"state": RunState.RUNNING.value, "cancel_requested": False}
        if not update_record(self.dataset, self.key, found, wanted):
            raise RunCancelledError("The run was cancelled, and no label was written.")

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
        while not self._ended.wait(SECONDS_BETWEEN_BEATS):
            news = {
                "config.heartbeat": stamp(),
                "config.progress": list(self._at),
                "config.history": [level.to_dict() for level in self._history],
            }
            try:
                found = record.clone().modify(new=True, __raw__={"$set": news})
            except PyMongoError as error:  # it may come back before the run needs it
                logger.warning("The database does not answer: %s", error)
                continue
            if found is None or found.config["cancel_requested"]:
                self._cancelled.set()

    def _give_up(self, error: BaseException) -> None:
        """Note why the run ended early; a half-written one is left for `complete_interrupted`."""
        is_cancelled = isinstance(error, RunCancelledError | KeyboardInterrupt)
        sentence = str(error) if isinstance(error, RunCancelledError | InputError) else repr(error)
        self._count_time()
        end = {
            "state": (RunState.CANCELLED if is_cancelled else RunState.FAILED).value,
            "error": "Stopped from the keyboard." if isinstance(error, KeyboardInterrupt) else sentence,
            "finished": stamp(),
            "seconds": self._rounded_seconds(),
        }
        running = {"state": RunState.RUNNING.value}
        dead = {"heartbeat": stamp(UNHEARD), "error": f"It stopped while it wrote: {sentence}"}
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
    inputs: RunInputs,
    settings: Settings,
    fields: FieldNames,
    *,
    n_images: int,
    key: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Run]:
    """Start a run, keep its record true while it is at work, and note how it ended.

    Args:
        samples: What is labelled; the record remembers the view.
        inputs: What the run works from.
        settings: How it clusters and refines.
        fields: Names of the fields that it writes.
        n_images: Number of images.
        key: Key of the run; by default the label field with a number.
        progress: Called with (stage, done, total).

    Raises:
        InputError: The key is taken.
    """
    dataset = dataset_of(samples)
    config = new_config(inputs, settings, fields, n_images)
    with WriteLock(dataset) as lock:
        _complete_all_interrupted(dataset, lock)
        check_key(dataset, key)
        key = key or free_key(dataset, fields.label)
        samples.register_run(key, samples.init_run(**config), overwrite=True)
    run = Run(samples, key, fields, progress)
    try:
        with run._beating():
            yield run
    except BaseException as error:
        run._give_up(error)
        raise


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
        for run in list_runs(dataset)
        if run.state in (RunState.FAILED, RunState.CANCELLED) and not run.is_interrupted
    }
    if key in dataset.list_runs() and key not in may_be_replaced:
        raise InputError(f"There is a run {key!r} already: choose another key, or delete that run first.")


def complete_interrupted(dataset: fo.Dataset) -> None:
    """Write what is missing of the labels of runs that died while they wrote."""
    if any(run.is_interrupted for run in list_runs(dataset)):
        with WriteLock(dataset) as lock:
            _complete_all_interrupted(dataset, lock)


def load_outcome(dataset: fo.Dataset, key: str) -> Outcome:
    """What a run said of every sample, also where later runs have written since.

    Raises:
        InputError: There is no such run, or it wrote nothing.
    """
    run = find_run(dataset, key)
    if not run.n_labelled:
        raise InputError(f"Run {key!r} is {run.state.value} and has no labels.")
    if key not in dataset.list_runs():  # another process made it
        dataset.reload()
    results = dataset.load_run_results(key, cache=False, load_view=False)
    return Outcome.from_dict(results.outcome)


def _complete_all_interrupted(dataset: fo.Dataset, lock: WriteLock) -> None:
    """Only the holder of the lock writes, so every run that is still writing has died."""
    for document in documents(dataset).filter(config__state="running", config__is_writing=True):
        key = document.key
        logger.warning("Run %s died while it wrote its labels: writing the rest.", key)
        fields = find_run(dataset, key).fields
        try:
            _complete(dataset, key, load_outcome(dataset, key), fields, lock)
        except PyMongoError:
            raise
        except Exception as error:
            sentence = f"Some of its labels may be missing: label again, or delete the run ({error!r})."
            end = {"state": RunState.FAILED.value, "finished": stamp(), "error": sentence}
            update_record(dataset, key, end | {"is_writing": False})


def _complete(dataset: fo.Dataset, key: str, outcome: Outcome, fields: FieldNames, lock: WriteLock) -> None:
    write_outcome(dataset, outcome, fields, lambda done, total: lock.renew())
    _mark_completed(dataset, key, fields, {})


def _mark_completed(dataset: fo.Dataset, key: str, fields: FieldNames, values: dict) -> None:
    end = {"state": RunState.COMPLETED.value, "is_writing": False, "error": "", "finished": stamp()}
    update_record(dataset, key, end | values)
    save_review_views(dataset, fields.label)
