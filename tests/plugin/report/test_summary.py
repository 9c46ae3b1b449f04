"""A summary goes into strict JSON and comes back the same."""

import json
from collections.abc import Iterator
from dataclasses import replace

import fiftyone as fo
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.summary import VERSION, RunSummary


@pytest.fixture
def dataset() -> Iterator[fo.Dataset]:
    """An empty dataset that is deleted afterwards."""
    dataset = fo.Dataset()
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("name", ["run", "leveled", "nasty"])
def test_a_summary_comes_back_from_json_as_it_was(name, request):
    summary = request.getfixturevalue(name).judged
    text = json.dumps(summary.to_dict(), allow_nan=False)
    assert RunSummary.from_dict(json.loads(text)) == summary


def test_a_summary_without_ground_truth_comes_back_without(run):
    assert RunSummary.from_dict(run.summary.to_dict()).truth is None


def test_a_summary_from_before_objects_were_told_apart_is_of_images(run):
    data = run.summary.to_dict()
    del data["noun"]
    assert RunSummary.from_dict(data) == run.summary


def test_a_summary_from_before_sources_were_kept_has_none(run):
    data = run.summary.to_dict()
    del data["sources"]
    assert RunSummary.from_dict(data) == replace(run.summary, sources=None)


@pytest.mark.parametrize("data", [{}, {"version": VERSION + 1}, [], None])
def test_a_summary_of_another_version_is_refused(data):
    with pytest.raises(InputError, match="label again to see it"):
        RunSummary.from_dict(data)


def test_a_level_without_clusters_is_refused_with_those_that_have_some(run):
    with pytest.raises(InputError, match="no clusters on the level 'nano': it has them on meta, micro"):
        run.summary.alignment_of("nano")


def test_a_summary_comes_back_from_the_record_of_a_run(nasty, dataset):
    summary = nasty.judged
    dataset.register_run("run", dataset.init_run())
    dataset.save_run_results("run", dataset.init_run_results("run", summary=summary.to_dict()))
    dataset.clear_cache()
    results = dataset.load_run_results("run", cache=False)
    assert RunSummary.from_dict(results.summary) == summary
