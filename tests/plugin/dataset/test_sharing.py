"""A run gets through although other threads load its dataset anew, as the events of the App do."""

import threading

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, list_runs
from fiftyone_autolabel.plugin.dataset import sharing
from fiftyone_autolabel.plugin.dataset.runs import RunState
from fiftyone_autolabel.plugin.dataset.sharing import despite_reloads

IMAGES, RUNS = 30, 4
SECONDS_BETWEEN_EVENTS = 0.05


@pytest.fixture
def dataset():
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(IMAGES)])
    yield dataset
    dataset.delete()


def failing(*errors: Exception):
    """A function that raises these errors, one a call, and then returns."""
    left = list(errors)

    def act() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return act


def test_what_a_reload_broke_is_done_again(dataset):
    act = failing(ValueError("Dataset has no field 'confidence'"), ReferenceError(), AttributeError())
    assert despite_reloads(dataset, act) == "done"


@pytest.mark.parametrize("error", [InputError("No."), OSError("No space left on device")])
def test_other_errors_are_raised_at_once(dataset, error):
    act = failing(error)
    with pytest.raises(type(error)):
        despite_reloads(dataset, act)
    assert act() == "done"


def test_an_error_that_stays_is_raised_in_the_end(dataset, monkeypatch):
    monkeypatch.setattr(sharing, "SECONDS_BETWEEN_TRIES", (0, 0))
    with pytest.raises(ValueError, match="third"):
        despite_reloads(dataset, failing(*map(ValueError, ["first", "second", "third", "fourth"])))


def test_runs_end_well_while_another_thread_loads_the_dataset_anew(dataset):
    is_over = threading.Event()

    def load_anew() -> None:
        while not is_over.wait(SECONDS_BETWEEN_EVENTS):
            fo.load_dataset(dataset.name, reload=True)

    events = threading.Thread(target=load_anew)
    events.start()
    vectors = np.random.default_rng(0).normal(size=(IMAGES, 4))
    try:
        for number in range(RUNS):
            given = {"embeddings": vectors, "text_embeddings": np.eye(4)[:2], "run_key": f"run{number}"}
            auto_label(dataset, ["red", "green"], **given)
    finally:
        is_over.set()
        events.join()
    dataset.reload()
    assert [run.state for run in list_runs(dataset)] == [RunState.COMPLETED] * RUNS
    assert all(dataset.count(f"auto_label_run{number}") == IMAGES for number in range(RUNS))
