"""A record of another version, or a damaged one, stops nothing: it is listed as what it is."""

from datetime import datetime, timedelta

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label, delete_run
from fiftyone_autolabel.plugin.dataset.columns import Column
from fiftyone_autolabel.plugin.dataset.deleting import fields_of_its_own
from fiftyone_autolabel.plugin.dataset.record import (
    cancel_run,
    completed_runs,
    find_run,
    latest_run,
    list_all_runs,
    read_results,
)
from fiftyone_autolabel.plugin.dataset.running import check_key, complete_interrupted, load_outcome
from fiftyone_autolabel.plugin.dataset.schema import (
    METHOD,
    NEEDED,
    PREPARATION,
    SCHEMA,
    VERSION,
    RunState,
    new_config,
    read_record,
)
from hypothesis import given, settings, strategies as st

RNG = np.random.default_rng(0)
VECTORS = {"embeddings": RNG.normal(size=(6, 4)), "text_embeddings": RNG.normal(size=(2, 4))}
ESSENTIAL = [name for name, entry in SCHEMA.items() if entry.default is NEEDED]
OPTIONAL = [name for name in SCHEMA if name not in ESSENTIAL]
NAMES = st.sampled_from([*SCHEMA, "objects"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    PLAIN, lambda one: st.lists(one) | st.dictionaries(st.text(max_size=8), one), max_leaves=6
)


@pytest.fixture(scope="module")
def config():
    """The record of a real run with custom clusters, as the database has it."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.png", mine=number % 2) for number in range(6)])
    yield stored(dataset, run(dataset, clusters="mine"))
    dataset.delete()


def run(dataset, **arguments):
    return auto_label(dataset, ["red", "green"], **VECTORS | arguments).run_key


def stored(dataset, key="auto_label_1"):
    config = dataset.get_run_info(key).config.serialize()
    return {name: value for name, value in config.items() if name not in ("cls", "type")}


def read(config):
    return read_record("odd", config, datetime(2026, 1, 2), timedelta(seconds=60))


def register(dataset, config, key="odd"):
    dataset.register_run(key, dataset.init_run(**config))
    return key


def without(config, *names):
    return {name: value for name, value in config.items() if name not in names}


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_entry_that_an_older_version_did_not_write_has_its_default(config, name):
    record = read(without(config, name))
    assert (record.state, record.error) == (RunState.COMPLETED, "")
    assert record.finished is not None


@pytest.mark.parametrize("name", ESSENTIAL)
def test_a_record_without_what_it_needs_is_unknown_and_says_what_is_missing(config, name):
    record = read(without(config, name))
    assert record.state == RunState.UNKNOWN
    assert f"no usable {name!r}" in record.error
    assert (record.n_images, record.started) == (6, read(config).started)


@settings(max_examples=500)
@given(name=NAMES, value=VALUES)
def test_an_entry_of_another_type_makes_a_record_unknown_at_most(config, name, value):
    record = read(config | {name: value})
    assert bool(record.error) == (record.state == RunState.UNKNOWN) or name in ("state", "error")
    assert record.kind in ("labels", "embeddings", "clusters")
    assert record.in_words


@given(config=st.dictionaries(NAMES, VALUES), method=st.sampled_from([METHOD, PREPARATION]))
def test_any_record_can_be_read(config, method):
    assert read({"method": method} | config).in_words


@pytest.mark.parametrize("value", ["red", [["red"]], {"red": 1}, 3])
def test_classes_that_are_no_list_of_names_are_not_usable(config, value):
    assert "no usable 'classes'" in read(config | {"classes": value}).error


def test_a_state_that_is_not_known_makes_a_record_unknown(config):
    assert read(config | {"state": "paused"}).state == RunState.UNKNOWN


def test_a_record_of_a_newer_version_says_to_update(config):
    record = read(config | {"record_version": VERSION + 1, "classes": {"new": "form"}})
    assert record.error == "A newer version of auto-label made this run: update auto-label to use it."


def test_a_record_of_version_0_1_is_read_by_the_names_of_today(config):
    old = {
        "visual_encoder": "dino",
        "visual_encoder_version": "2",
        "sources": {"embeddings": "vectors", "visual_embeddings": "more"},
    }
    kept = without(config, "inputs", "second_encoder", "second_encoder_version", "record_version")
    record = read(kept | old)
    assert (record.second_encoder, record.second_encoder_version) == ("dino", "2")
    assert record.inputs == {"embeddings": "vectors", "second_embeddings": "more"}
    assert record.state == RunState.COMPLETED


def test_a_setting_that_this_version_does_not_have_is_left_out(config):
    assert read(config | {"settings": config["settings"] | {"magic": 3}}).settings == config["settings"]


def test_a_new_record_has_every_entry(config):
    new = new_config({"classes": ["red"]}, None, FieldNames("a", "b"), 6)
    assert set(SCHEMA) <= set(new)
    assert (read(new).state, read(new).fields, read(new).n_images) == (
        RunState.RUNNING,
        FieldNames("a", "b"),
        6,
    )
    column = Column("group", "clusters")
    assert read(new_config({"classes": []}, None, column, 6)).fields == column


def test_the_record_tells_versions_and_custom_clusters(config):
    record = read(config)
    assert (record.clusters, record.inputs["clusters"]) == ("mine", "mine")
    assert record.versions["fiftyone"] == fo.__version__


def test_a_running_record_without_a_heartbeat_has_failed(config):
    record = read(without(config, "heartbeat") | {"state": "running", "finished": None})
    assert record.state == RunState.FAILED
    assert record.error == "The process that ran it ended unexpectedly."


def test_unknown_runs_stop_neither_lists_nor_labels_nor_deleting(labelled):
    config = stored(labelled)
    odd = {
        "paused": config | {"state": "paused"},
        "newer": config | {"record_version": VERSION + 1, "state": "running", "is_writing": True},
        "no_state": {"method": METHOD, "classes": ["red"]},
        "no_fields": {"method": PREPARATION},
    }
    for key, each in odd.items():
        register(labelled, each, key)
    states = {record.key: record.state for record in list_all_runs(labelled)}
    assert states == {"auto_label_1": "completed"} | dict.fromkeys(odd, RunState.UNKNOWN)
    assert [record.key for record in completed_runs(labelled)] == ["auto_label_1"]
    assert fields_of_its_own(labelled, find_run(labelled, "auto_label_1")) == []
    complete_interrupted(labelled)
    run(labelled)
    assert stored(labelled, "newer")["is_writing"]
    assert latest_run(labelled, "auto_label").key == "auto_label_2"
    for key in odd:
        with pytest.raises(InputError, match="is unknown: only a run that is under way"):
            cancel_run(labelled, key)
        with pytest.raises(InputError, match="There is a run"):
            check_key(labelled, key)
        with pytest.raises(InputError, match="cannot be read"):
            read_results(labelled, key)
        delete_run(labelled, key)
    assert set(labelled.list_runs()) == {"auto_label_1", "auto_label_2"}
    assert labelled.count("auto_label") == 6


def test_a_completed_record_leaves_its_history_to_the_summary(labelled):
    assert find_run(labelled, "auto_label_1").history == ()
    assert read_results(labelled, "auto_label_1")["summary"]["history"]


def test_a_run_whose_saved_results_are_damaged_says_so_and_can_be_deleted(labelled):
    damaged = labelled.init_run_results("auto_label_1", summary={}, outcome={"classes": ["red"]})
    labelled.save_run_results("auto_label_1", damaged, overwrite=True, cache=False)
    with pytest.raises(InputError, match="What run 'auto_label_1' saved is damaged"):
        load_outcome(labelled, "auto_label_1")
    delete_run(labelled, "auto_label_1")
    assert not labelled.has_sample_field("auto_label")


def test_a_later_run_whose_results_are_gone_keeps_its_labels(labelled):
    run(labelled)
    labelled._doc.runs["auto_label_2"].results.delete()
    delete_run(labelled, "auto_label_1")
    assert labelled.count("auto_label") == 6
    delete_run(labelled, "auto_label_2")
    assert not labelled.has_sample_field("auto_label")
