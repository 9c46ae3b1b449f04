"""A database that makes no more indexes costs the order of the grid, and no label."""

import numpy as np
import pytest
from fiftyone_autolabel import auto_label, delete_run
from fiftyone_autolabel.plugin.dataset.indexes import create_indexes
from fiftyone_autolabel.plugin.dataset.record import RunState, list_runs
from pymongo import IndexModel

MOST_INDEXES = 64
"""As many as MongoDB allows in a collection."""

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4))


def run(dataset, key: str) -> None:
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T, run_key=key)


@pytest.fixture
def crowded(dataset):
    """A dataset with room for the indexes of one run, which has six."""
    indexes = dataset._sample_collection
    n_free = MOST_INDEXES - len(indexes.index_information()) - 6
    indexes.create_indexes([IndexModel(f"spare_{number}") for number in range(n_free)])
    return dataset


def test_a_run_that_gets_no_indexes_is_complete_and_says_what_it_is_without(crowded, caplog):
    run(crowded, "first")
    assert not caplog.messages
    run(crowded, "second")
    assert crowded.count("auto_label_second") == 6
    assert [record.state for record in list_runs(crowded)] == [RunState.COMPLETED] * 2
    (message,) = caplog.messages
    assert message.startswith("The grid cannot sort by confidence_second, auto_label_second_review_rank, ")
    assert message.endswith("delete runs that are not needed, then label again.")


def test_deleting_a_run_makes_room_for_the_indexes_of_the_next(crowded):
    run(crowded, "first")
    run(crowded, "second")
    delete_run(crowded, "first")
    run(crowded, "third")
    assert {"confidence_third", "auto_label_third.label"} <= set(crowded.list_indexes())


def test_the_most_useful_fields_are_indexed_as_far_as_there_is_room(crowded, caplog):
    names = [f"value_{number}" for number in range(8)]
    for name in names:
        crowded.set_values(name, range(6))
    create_indexes(crowded, names)
    assert [name for name in names if name in crowded.list_indexes()] == names[:6]
    assert "cannot sort by value_6, value_7, and" in caplog.text
