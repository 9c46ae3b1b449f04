"""A run ends well although other threads load its dataset anew, as the events of the App do."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, list_runs
from fiftyone_autolabel.plugin.dataset import sharing
from fiftyone_autolabel.plugin.dataset.runs import RunState
from fiftyone_autolabel.plugin.dataset.sharing import despite_reloads

IMAGES = 30
VECTORS = np.random.default_rng(0).normal(size=(IMAGES, 4))


@pytest.fixture
def dataset(dataset_of):
    return dataset_of([f"/{number}.jpg" for number in range(IMAGES)])


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


def spoil_first(monkeypatch, method: str, error: Exception | None) -> None:
    """Have the first call of a method fail, or come to nothing, as a reload in between has it."""
    right, is_spoilt = getattr(fo.Dataset, method), []

    def spoilt(self, *arguments, **options):
        if is_spoilt:
            return right(self, *arguments, **options)
        is_spoilt.append(True)
        if error:
            raise error

    monkeypatch.setattr(fo.Dataset, method, spoilt)


SPOILT = {
    "register_run": (ReferenceError("gone"), None),
    "save_run_results": (ReferenceError("gone"),),
    "add_sample_field": (ValueError("Cannot infer an appropriate type"), None),
    "create_index": (ValueError("Dataset has no field 'confidence'"),),
    "save_view": (ReferenceError("gone"),),
}
"""Method → how its first call ends: with an error, or with None for a change that is lost."""


@pytest.mark.parametrize(
    ("method", "error"), [(method, error) for method, errors in SPOILT.items() for error in errors]
)
def test_a_run_ends_well_where_a_reload_spoils_a_change_of_the_dataset(dataset, monkeypatch, method, error):
    spoil_first(monkeypatch, method, error)
    labelling = auto_label(dataset, ["red", "green"], embeddings=VECTORS, text_embeddings=np.eye(4)[:2])
    dataset.reload()
    (record,) = list_runs(dataset)
    assert record.state == RunState.COMPLETED
    assert dataset.count("auto_label") == IMAGES
    assert set(labelling.fields.by_role().values()) <= dataset.get_field_schema().keys()
    assert set(dataset.list_saved_views()) == {"auto_label review first", "auto_label worst first"}
    assert "confidence" in dataset.list_indexes()
