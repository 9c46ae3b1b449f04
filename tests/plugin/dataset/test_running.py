"""Whatever ends a run, its labels are all there or none is, and its record says so."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from unittest import mock

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.dataset import labels, record as runs, running, writing
from fiftyone_autolabel.plugin.dataset.record import RunState, cancel_run, list_runs, update_record
from fiftyone_autolabel.plugin.dataset.running import complete_interrupted, load_outcome
from fiftyone_autolabel.plugin.engine.errors import InputError, RunCancelledError
from pymongo.errors import AutoReconnect, OperationFailure

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4))

DIES = """
import os, signal, sys
from datetime import timedelta
from unittest import mock
import fiftyone as fo, numpy as np
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.dataset import lock, writing

lock.LEASE = timedelta(seconds=1)
writing.CHUNK_LABELS = 2

def die(stage, done, total):
    if (stage, done) == ("write", int(sys.argv[2])):
        os.kill(os.getpid(), signal.SIGKILL)

rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 4)), rng.normal(size=(2, 4))
auto_label(fo.load_dataset(sys.argv[1]), ["new", "other"], embeddings=X, text_embeddings=T, progress=die)
"""
"""A run in a process that is killed when so many samples are written."""


def run(dataset, classes=("red", "green"), **arguments):
    return auto_label(dataset, classes, embeddings=X, text_embeddings=T, **arguments)


def killed_run(dataset, written: int) -> None:
    dataset.persistent = True
    done = subprocess.run([sys.executable, "-c", DIES, dataset.name, str(written)], timeout=120)
    assert done.returncode == -signal.SIGKILL
    dataset.reload()


@pytest.fixture
def impatient(monkeypatch):
    """Runs count as dead as soon as they are silent."""
    monkeypatch.setattr(runs, "LONGEST_SILENCE", timedelta(0))


def test_a_run_that_is_killed_before_it_writes_leaves_the_samples_as_they_were(dataset, impatient):
    run(dataset)
    before = dataset.values("auto_label")
    killed_run(dataset, written=0)
    complete_interrupted(dataset)
    assert dataset.values("auto_label") == before
    dead = list_runs(dataset)[-1]
    assert (dead.state, dead.is_interrupted) == (RunState.FAILED, False)
    run(dataset)


def test_a_run_that_is_killed_while_it_writes_is_completed_by_the_next_use(dataset, impatient):
    run(dataset)
    killed_run(dataset, written=4)
    assert dataset.distinct("auto_label.label") != ["new", "other"], "it was not killed halfway"
    assert list_runs(dataset)[-1].is_interrupted
    complete_interrupted(dataset)
    after = dataset.values("auto_label.label"), dataset.values("confidence")
    completed = list_runs(dataset)[-1]
    assert (completed.state, completed.is_interrupted) == (RunState.COMPLETED, False)
    run(dataset, ["new", "other"])
    assert (dataset.values("auto_label.label"), dataset.values("confidence")) == after


def test_the_next_run_completes_one_that_was_killed_before_it_writes_itself(dataset):
    killed_run(dataset, written=4)
    run(dataset, ["mine", "yours"])
    assert [record.state for record in list_runs(dataset)] == [RunState.COMPLETED] * 2
    assert set(dataset.distinct("auto_label.label")) <= {"mine", "yours"}


def test_labels_are_complete_although_the_first_attempt_to_write_them_fails(dataset, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_LABELS", 2)

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("write", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(dataset, progress=stop)
    assert dataset.count("auto_label") == 6
    assert list_runs(dataset)[-1].state == RunState.COMPLETED


def test_a_database_that_is_gone_for_a_while_costs_no_label(dataset):
    gone = ConnectionError("the database is gone")
    with (
        mock.patch.object(labels, "update_documents", side_effect=gone),
        pytest.raises(ConnectionError),
    ):
        run(dataset)
    (interrupted,) = list_runs(dataset)
    assert interrupted.is_interrupted
    assert interrupted.error.startswith("It stopped while it wrote: ConnectionError")
    complete_interrupted(dataset)
    assert dataset.count("auto_label") == 6
    assert list_runs(dataset)[-1].state == RunState.COMPLETED


@pytest.mark.parametrize("error", [ValueError, OperationFailure])
def test_a_run_that_cannot_be_completed_says_so_and_blocks_nobody(dataset, error):
    key = run(dataset).run_key
    update_record(dataset, key, {"state": "running", "is_writing": True})
    full = mock.patch.object(running, "write_outcome", side_effect=error("no room"))
    with full, pytest.raises(error, match="no room"):
        run(dataset)
    assert list_runs(dataset)[0].state == RunState.FAILED
    assert "Some of its labels may be missing" in list_runs(dataset)[0].error
    run(dataset, ["new", "other"])
    assert set(dataset.distinct("auto_label.label")) <= {"new", "other"}


def test_a_run_that_cannot_be_completed_for_want_of_a_database_waits_for_it(dataset):
    key = run(dataset).run_key
    update_record(dataset, key, {"state": "running", "is_writing": True})
    gone = AutoReconnect("the database is gone")
    with mock.patch.object(running, "write_outcome", side_effect=gone), pytest.raises(AutoReconnect):
        run(dataset)
    assert list_runs(dataset)[0].state == RunState.RUNNING


def test_ctrl_c_marks_the_run_as_cancelled(dataset):
    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(dataset, progress=stop)
    (record,) = list_runs(dataset)
    assert (record.state, record.error) == (RunState.CANCELLED, "Stopped from the keyboard.")
    assert record.finished is not None


def test_a_run_is_cancelled_from_elsewhere(dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)
    waiting = threading.Event()

    def cancel_once(stage: str, done: int, total: int) -> None:
        if stage == "refine" and not waiting.is_set():
            cancel_run(dataset, "auto_label_1")
            waiting.wait(0.5)
            waiting.set()

    with pytest.raises(RunCancelledError):
        run(dataset, progress=cancel_once)
    assert not dataset.has_sample_field("auto_label")
    assert [record.state for record in list_runs(dataset)] == [RunState.CANCELLED]


def test_a_run_that_is_cancelled_at_the_last_moment_writes_nothing(dataset):
    def cancel(stage: str, done: int, total: int) -> None:
        if stage == "write":
            cancel_run(dataset, "auto_label_1")

    with pytest.raises(RunCancelledError):
        run(dataset, progress=cancel)
    assert not dataset.has_sample_field("auto_label")


def test_others_see_that_a_run_is_alive_and_how_far_it_is(dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)
    seen = []

    def look(stage: str, done: int, total: int) -> None:
        if stage == "write" and not seen:
            threading.Event().wait(0.2)
            seen.extend(list_runs(dataset))

    run(dataset, progress=look)
    assert (seen[0].state, seen[0].stage, seen[0].done, seen[0].total) == (RunState.RUNNING, "write", 0, 6)


def test_others_can_watch_the_labels_settle(dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)
    seen = []

    def look(stage: str, done: int, total: int) -> None:
        if stage == "write" and not seen:
            threading.Event().wait(0.2)
            seen.extend(list_runs(dataset))

    labelling = run(dataset, progress=look)
    assert seen[0].history == labelling.refinement.history


def test_a_run_can_be_cancelled_between_two_rounds(dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)
    follow = running.Run.follow

    def cancel_first(self, history):
        cancel_run(dataset, self.key)
        threading.Event().wait(0.2)
        follow(self, history)

    monkeypatch.setattr(running.Run, "follow", cancel_first)
    with pytest.raises(RunCancelledError):
        run(dataset)
    assert [len(record.history) for record in list_runs(dataset)] == [0]


def test_what_a_run_said_stays_when_later_runs_write_the_same_fields(dataset):
    first = run(dataset)
    run(dataset, ["new", "other"])
    outcome = load_outcome(dataset, first.run_key)
    assert outcome.classes == ("red", "green")
    np.testing.assert_array_equal(outcome.labels, first.refinement.labels)


def test_a_run_of_another_process_can_be_loaded(dataset):
    stale = fo.load_dataset(dataset.name)
    key = run(dataset).run_key
    stale._doc.runs = {}
    assert len(load_outcome(stale, key).labels) == 6


def test_a_key_that_another_process_has_taken_is_refused(dataset):
    killed_run(dataset, written=4)
    (key,) = dataset.list_runs()
    elsewhere = fo.core.odm.RunDocument.objects(dataset_id=dataset._doc.id, key=key)
    elsewhere.update(key="taken")  # as another process does, unseen by this one
    with pytest.raises(InputError, match="There is a run 'taken' already"):
        run(dataset, run_key="taken")
