"""What waits for `fiftyone delegated launch` is listed as a run if its operator says that it starts one."""

import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone_autolabel.operators import OPERATORS
from fiftyone_autolabel.plugin.dataset import pending
from fiftyone_autolabel.plugin.dataset.fields import AUTHOR
from fiftyone_autolabel.plugin.dataset.pending import pending_runs

RUNS = {operator.uri_name for operator in OPERATORS if operator.starts_run}


@pytest.fixture
def queue(dataset):
    queued = []

    def put(uri):
        context = {"request_params": {"dataset_name": dataset.name, "params": {}}}
        queued.append(DelegatedOperationService().queue_operation(operator=uri, context=context))

    yield put
    for each in queued:
        DelegatedOperationService().delete_operation(each.id)


def test_every_operator_that_can_be_queued_starts_a_run_but_those_that_look_at_labels():
    queueable = {each.uri_name for each in OPERATORS if each.options.get("allow_delegated_execution")}
    assert queueable - RUNS == {"check_labels", "evaluate", "export_labels"}
    assert queueable >= RUNS


def test_only_operators_of_this_plugin_that_start_runs_are_pending_runs(dataset, queue):
    for name in [*sorted(RUNS), "check_labels", "export_labels", "evaluate"]:
        queue(f"{AUTHOR}/{name}")
    queue("@voxel51/brain/compute_similarity")
    assert [run.operator for run in pending_runs(dataset)] == sorted(RUNS)


def test_where_the_plugin_is_not_installed_all_that_it_queued_may_be_runs(dataset, queue, monkeypatch):
    def not_found(uri):
        raise ValueError(f"Operator '{uri}' not found")

    monkeypatch.setattr(pending.foo, "get_operator", not_found)
    pending._known_to_start_run.cache_clear()
    queue(f"{AUTHOR}/auto_label")
    queue("@voxel51/brain/compute_similarity")
    assert [run.operator for run in pending_runs(dataset)] == ["auto_label"]
