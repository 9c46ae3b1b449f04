"""A run leaves a record that can be listed, loaded and cloned."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label
from fiftyone_autolabel.plugin.dataset import record as runs
from fiftyone_autolabel.plugin.dataset.record import (
    METHOD,
    RunState,
    cancel_run,
    find_run,
    labelled_fields,
    latest_run,
    list_runs,
    read_results,
    update_record,
)
from fiftyone_autolabel.plugin.report.summary import RunSummary

RNG = np.random.default_rng(0)
VECTORS = {"embeddings": RNG.normal(size=(6, 4)), "text_embeddings": RNG.normal(size=(2, 4))}


def run(samples, **arguments):
    vectors = VECTORS | {"embeddings": VECTORS["embeddings"][: len(samples)]}
    return auto_label(samples, ["red", "green"], **vectors | arguments).run_key


def test_runs_are_numbered_and_known_by_their_method(dataset):
    assert [run(dataset), run(dataset)] == ["auto_label_1", "auto_label_2"]
    assert set(dataset.list_runs(method=METHOD)) == {"auto_label_1", "auto_label_2"}


def test_the_record_says_what_was_asked_for(dataset):
    dataset.set_values("mine", [1, 1, 1, 2, 2, 2])
    config = dataset.get_run_info(run(dataset, clusters="mine")).config
    assert config.classes == ["red", "green"]
    assert config.descriptions == [[], []]
    assert (config.encoder, config.second_encoder) == ("precomputed", None)
    assert config.clusters == "mine"
    assert config.settings["method"] == "anchored"
    assert config.fields == FieldNames().by_role()
    assert {"fiftyone", "numpy", "fiftyone-autolabel"} <= set(config.versions)


def test_the_record_says_what_came_of_it(dataset):
    dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    vectors = np.vstack([VECTORS["embeddings"], np.full(4, np.nan)])
    record = find_run(dataset, run(dataset, embeddings=vectors))
    assert (record.state, record.error) == (RunState.COMPLETED, "")
    assert (record.n_images, record.n_labelled, record.n_failed) == (7, 6, 1)
    assert record.expected_accuracy == pytest.approx(dataset.mean("confidence"))
    assert timedelta(0) < record.duration < timedelta(minutes=1)
    assert record.duration.total_seconds() >= sum(record.seconds.values()) - 0.01
    assert record.settings["min_cluster_size"] is not None


def test_the_results_hold_the_summary_that_figures_are_drawn_from(dataset):
    key = run(dataset)
    dataset.clear_cache()
    summary = RunSummary.from_dict(dataset.load_run_results(key).summary)
    assert (sum(summary.counts), summary.history[-1].level) == (6, "image")


def test_a_run_whose_file_is_gone_says_so(dataset):
    key = run(dataset)
    dataset._doc.runs[key].results.delete()
    with pytest.raises(InputError, match=f"What run '{key}' saved is not in the database"):
        read_results(dataset, key)


def test_a_record_that_a_crash_left_gives_way_to_a_run_of_its_key(dataset):
    run(dataset, run_key="mine")
    update_record(dataset, "mine", {"state": RunState.FAILED.value, "n_labelled": 0})
    dataset._doc.runs.pop("mine")
    dataset.save()
    run(dataset, run_key="mine")
    assert [(one.key, one.state) for one in list_runs(dataset)] == [("mine", RunState.COMPLETED)]


def test_threads_that_read_results_at_once_all_get_all_of_them(dataset):
    key = run(dataset)
    with ThreadPoolExecutor(8) as readers:
        read = list(readers.map(lambda _: read_results(dataset, key), range(200)))
    assert read == [read_results(dataset, key)] * 200


def test_a_run_on_a_view_remembers_the_view(dataset):
    assert len(dataset.load_run_view(run(dataset.limit(3)))) == 3


def test_a_clone_of_the_dataset_has_the_runs_too(dataset):
    key = run(dataset)
    clone = dataset.clone()
    assert find_run(clone, key) == find_run(dataset, key)
    clone.delete()


def test_the_latest_run_of_a_field_is_the_last_that_was_completed(dataset):
    assert latest_run(dataset, "auto_label") is None
    run(dataset)
    second = run(dataset)
    run(dataset, fields=FieldNames("other", "sure"))
    with pytest.raises(InputError):
        run(dataset, embeddings=np.full((6, 4), np.nan))
    assert latest_run(dataset, "auto_label").key == second
    assert labelled_fields(dataset) == ["auto_label", "other"]


def test_runs_are_listed_oldest_first(dataset):
    run(dataset)
    run(dataset, run_key="a")
    assert [record.key for record in list_runs(dataset)] == ["auto_label_1", "a"]


def test_an_unknown_run_lists_the_known_ones(dataset):
    with pytest.raises(InputError, match=r"no run 'nothing' on this dataset \(there are: none yet\)"):
        find_run(dataset, "nothing")
    run(dataset)
    with pytest.raises(InputError, match="there are: auto_label_1"):
        find_run(dataset, "nothing")


def test_a_run_with_a_key_writes_fields_of_its_own(dataset):
    run(dataset)
    before = dataset.values("auto_label")
    assert run(dataset, run_key="clip") == "clip"
    assert dataset.count("auto_label_clip") == dataset.count("confidence_clip") == 6
    assert dataset.values("auto_label") == before


def test_a_key_that_is_taken_is_refused_before_any_work(dataset):
    run(dataset, run_key="clip")
    with pytest.raises(InputError, match="There is a run 'clip' already"):
        run(dataset, run_key="clip")


def test_a_key_of_a_run_that_wrote_nothing_is_free(dataset):
    with pytest.raises(InputError, match="None of the 6 images"):
        run(dataset, run_key="clip", embeddings=np.full((6, 4), np.nan))
    assert run(dataset, run_key="clip") == "clip"
    assert [record.state for record in list_runs(dataset)] == [RunState.COMPLETED]


@pytest.mark.parametrize("key", ["two words", "", "1st", "a.b"])
def test_a_key_that_cannot_be_part_of_a_field_name_is_refused(dataset, key):
    with pytest.raises(InputError, match="cannot be the key of a run"):
        run(dataset, run_key=key)


@pytest.mark.parametrize("key", ["error", "micro_cluster", "corrected"])
def test_a_key_that_would_take_a_field_of_the_usual_run_is_refused(dataset, key):
    with pytest.raises(InputError, match="belongs to the label field 'auto_label'"):
        run(dataset, run_key=key)


def test_a_run_that_nothing_is_heard_of_has_failed(dataset, monkeypatch):
    key = run(dataset)
    update_record(dataset, key, {"state": "running"})
    assert find_run(dataset, key).state == RunState.RUNNING
    monkeypatch.setattr(runs, "LONGEST_SILENCE", timedelta(0))
    record = find_run(dataset, key)
    assert (record.state, record.error) == (RunState.FAILED, "The process that ran it ended unexpectedly.")


def test_only_a_run_that_is_under_way_can_be_cancelled(dataset):
    key = run(dataset)
    with pytest.raises(InputError, match="is completed: only a run that is under way can be cancelled"):
        cancel_run(dataset, key)
    update_record(dataset, key, {"state": "running", "is_writing": True})
    with pytest.raises(InputError, match="is already writing its labels and cannot be cancelled"):
        cancel_run(dataset, key)
