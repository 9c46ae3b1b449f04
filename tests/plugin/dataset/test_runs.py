"""A run leaves a record that can be listed, loaded and deleted."""

import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, refine
from fiftyone_autolabel.plugin.dataset.runs import METHOD, RunInputs, record_run
from fiftyone_autolabel.plugin.encoders.descriptions import ClassDescription
from fiftyone_autolabel.plugin.encoders.precomputed import PrecomputedEncoder


@pytest.fixture
def record(dataset):
    rng = np.random.default_rng(0)
    encoder = PrecomputedEncoder(rng.normal(size=(6, 4)), rng.normal(size=(2, 4)))
    refinement = refine(rng.normal(size=(6, 4)), rng.normal(size=(2, 4)))

    def record(samples=dataset) -> str:
        classes = [ClassDescription("red", ("crimson",)), ClassDescription("green")]
        inputs = RunInputs(classes, ["a {} thing"], encoder, clusters="mine")
        return record_run(
            samples, inputs, refinement, failures=0, fields=FieldNames(), seconds={"embed": 0.12345}
        )

    return record


def test_runs_are_numbered_and_known_by_their_method(dataset, record):
    assert [record(), record()] == ["auto_label_1", "auto_label_2"]
    assert set(dataset.list_runs(method=METHOD)) == {"auto_label_1", "auto_label_2"}


def test_the_record_says_what_was_asked_for(dataset, record):
    config = dataset.get_run_info(record()).config
    assert config.classes == ["red", "green"]
    assert config.descriptions == [["crimson"], []]
    assert config.prompt_templates == ["a {} thing"]
    assert (config.encoder, config.visual_encoder) == ("precomputed", None)
    assert config.clusters == "mine"
    assert config.settings["method"] == "anchored"
    assert config.fields == FieldNames().by_role()
    assert config.seconds == {"embed": 0.123}
    assert {"fiftyone", "numpy", "fiftyone-autolabel"} <= set(config.versions)


def test_the_record_keeps_counts_history_and_alignment(dataset, record):
    key = record()
    dataset.clear_cache()
    results = dataset.load_run_results(key, cache=False)
    assert sum(results.counts) == results.n_labelled == 6
    assert results.history[-1]["level"] == "image"
    assert set(results.alignment) == {"meta", "micro"}
    assert 0 < results.expected_accuracy <= 1


def test_a_run_on_a_view_remembers_the_view(dataset, record):
    key = record(dataset.limit(3))
    assert len(dataset.load_run_view(key)) == 3


def test_a_run_can_be_deleted(dataset, record):
    dataset.delete_run(record())
    assert dataset.list_runs() == []
