"""What a run wrote goes with it, and nothing that anybody wrote since."""

import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label
from fiftyone_autolabel.plugin.dataset.deleting import delete_run
from fiftyone_autolabel.plugin.dataset.record import list_runs, update_record
from fiftyone_autolabel.plugin.dataset.reviewing import correct

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4))


def run(samples, classes=("red", "green"), rows=slice(None), **arguments) -> str:
    return auto_label(samples, classes, embeddings=X[rows], text_embeddings=T, **arguments).run_key


def test_the_only_run_leaves_the_dataset_as_it_was_before(dataset):
    before = list(dataset.get_field_schema()), dataset.list_indexes()
    deleted = delete_run(dataset, run(dataset))
    assert set(deleted.fields) == set(FieldNames().by_role().values())
    assert (list(dataset.get_field_schema()), dataset.list_indexes()) == before
    assert dataset.list_saved_views() == dataset.list_runs() == []


def test_fields_that_a_later_run_wrote_stay_as_they_are(dataset):
    first = run(dataset)
    run(dataset, ["new", "other"])
    before = dataset.values("auto_label")
    deleted = delete_run(dataset, first)
    assert (deleted.fields, deleted.n_cleared) == ((), 0)
    assert dataset.values("auto_label") == before
    assert dataset.list_runs() == ["auto_label_2"]


def test_samples_that_no_later_run_wrote_lose_their_labels(dataset):
    first = run(dataset)
    run(dataset[:2], rows=slice(2))
    deleted = delete_run(dataset, first)
    assert deleted.n_cleared == 4
    assert [label is None for label in dataset.values("auto_label")] == [False] * 2 + [True] * 4
    assert [value is None for value in dataset.values("confidence")] == [False] * 2 + [True] * 4


def test_labels_that_the_last_run_replaced_return(dataset):
    run(dataset[:4], rows=slice(4))
    before = dataset.values(["auto_label.label", "confidence", "auto_label.margin", "auto_label_review_rank"])
    second = run(dataset[2:], ["new", "other"], rows=slice(2, None))
    deleted = delete_run(dataset, second)
    assert (deleted.n_restored, deleted.n_cleared) == (2, 2)
    fields = ["auto_label.label", "confidence", "auto_label.margin", "auto_label_review_rank"]
    assert dataset.values(fields) == before


def test_labels_return_from_the_latest_run_that_gave_one(dataset):
    run(dataset, ["old", "oldest"])
    run(dataset[:3], ["new", "newer"], rows=slice(3))
    before = dataset.values("auto_label.label")
    delete_run(dataset, run(dataset, ["other", "another"]))
    assert dataset.values("auto_label.label") == before


def test_an_edit_made_outside_stays_when_its_run_is_deleted(dataset):
    run(dataset)
    second = run(dataset, ["new", "other"])
    sample = dataset.first()
    sample.auto_label.label = "edited"
    sample.save()
    delete_run(dataset, second)
    assert dataset.first().auto_label.label == "edited"


def test_fields_of_other_runs_are_not_touched(dataset):
    run(dataset)
    before = dataset.values("auto_label")
    delete_run(dataset, run(dataset, run_key="mine"))
    assert not dataset.has_sample_field("auto_label_mine")
    assert dataset.values("auto_label") == before


def test_what_people_said_stays(dataset):
    run(dataset)
    second = run(dataset, ["red", "green"])
    correct(dataset[:1], "green")
    delete_run(dataset, second)
    assert dataset.first().auto_label.label == "green"
    delete_run(dataset, "auto_label_1")
    assert dataset.first().auto_label_corrected.label == "green"
    assert not dataset.has_sample_field("auto_label")


def test_a_run_that_wrote_nothing_loses_only_its_record(dataset):
    with pytest.raises(InputError):
        auto_label(dataset, ["a"], embeddings=np.full((6, 4), np.nan), text_embeddings=np.ones((1, 4)))
    assert delete_run(dataset, "auto_label_1").fields == ()
    assert list_runs(dataset) == []


def test_a_run_that_is_under_way_is_not_deleted(dataset):
    key = run(dataset)
    update_record(dataset, key, {"state": "running"})
    with pytest.raises(InputError, match="is under way: cancel it first"):
        delete_run(dataset, key)
