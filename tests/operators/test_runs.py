"""The operators on runs, through Python and through the server's routes as the App calls them."""

import json
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionError, Executor
from fiftyone.server.app import app
from fiftyone_autolabel import InputError, auto_label
from fiftyone_autolabel.plugin.dataset import running
from fiftyone_autolabel.plugin.dataset.pending import pending_runs
from fiftyone_autolabel.plugin.dataset.record import RunState, cancel_run, list_runs, update_record
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from fiftyone_autolabel.plugin.engine.errors import RunCancelledError
from fiftyone_autolabel.plugin.run.preparation import compute_clusters
from starlette.testclient import TestClient

PLUGIN = "@autolabel/prototypes"
X = np.eye(4)[[0, 0, 1, 1, 0, 1]] + np.random.default_rng(0).normal(scale=0.01, size=(6, 4))


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def dataset():
    """Six samples, with no image files: the vectors are given."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(6)])
    yield dataset
    dataset.delete()


def run(dataset, classes=("red", "green"), **arguments) -> str:
    T = np.eye(4)[: len(classes)]
    return auto_label(dataset, classes, embeddings=X, text_embeddings=T, **arguments).run_key


def form(server, name, dataset, **params) -> dict:
    """Fields of the form that the App shows for these values."""
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "target": "inputs"}
    answer = server.post("/operators/resolve-type", json=request | {"params": params})
    return answer.json()["type"]["properties"]


def executed(server, name, dataset, **params) -> tuple[dict, list[tuple[str, dict]]]:
    """The result, and what the App is told to do, as (operator, parameters)."""
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "params": params}
    answer = server.post("/operators/execute", json=request).json()
    return answer["result"], [(one["operator_uri"], one["params"]) for one in answer["executor"]["requests"]]


def operator(name):
    return foo.get_operator(f"{PLUGIN}/{name}")


def test_a_run_is_shown_with_its_state_and_report(dataset):
    result = operator("show_run")(dataset, run(dataset)).result
    assert (result["state"], result["n_labelled"]) == ("completed", 6)
    assert "**auto_label_1**: completed just now, 6 images, precomputed." in result["message"]
    assert "AUTO-LABEL REPORT" in result["message"]
    json.dumps(result)


def test_a_run_that_failed_is_shown_with_its_reason(dataset):
    with pytest.raises(ValueError, match="None of the 6 images"):
        auto_label(dataset, ["a"], embeddings=np.full((6, 4), np.nan), text_embeddings=np.ones((1, 4)))
    result = operator("show_run")(dataset, "auto_label_1").result
    assert result["state"] == "failed"
    assert "None of the 6 images can be used" in result["message"]


def test_the_form_suggests_the_latest_run_and_lists_all(server, dataset):
    run(dataset)
    run(dataset, run_key="mine")
    field = form(server, "show_run", dataset)["run_key"]
    assert (field["default"], field["type"]["values"]) == ("mine", ["mine", "auto_label_1"])


@pytest.mark.parametrize("name", ["show_run", "delete_run", "cancel_run"])
def test_without_runs_a_form_says_so(server, dataset, name):
    assert form(server, name, dataset)["no_run_key"]["error_message"].startswith("There are no runs")
    with pytest.raises(ExecutionError, match="There are no runs"):
        operator(name)(dataset, "nothing")


def test_the_app_is_shown_the_report(server, dataset):
    result, _ = executed(server, "show_run", dataset, run_key=run(dataset))
    assert "Labels are in `auto_label`" in result["message"]


def test_two_runs_are_compared(dataset):
    first, second = run(dataset), run(dataset, ["blue", "green"], run_key="mine")
    result = operator("compare_runs")(dataset, first, second).result
    assert (result["n_common"], result["n_differing"], result["changes"]) == (6, 3, [["red", "blue", 3]])
    assert "3 of 6 images have different labels" in result["message"]
    assert len(result["sample_ids"]) == 3


def test_the_app_shows_the_images_that_two_runs_label_differently(server, dataset):
    run(dataset)
    run(dataset, ["blue", "green"])
    fields = form(server, "compare_runs", dataset)
    assert (fields["first"]["default"], fields["second"]["default"]) == ("auto_label_1", "auto_label_2")
    _, told = executed(server, "compare_runs", dataset, first="auto_label_1", second="auto_label_2")
    assert [name for name, _ in told] == ["set_view"]


def test_a_single_run_cannot_be_compared(server, dataset):
    assert "no_first" in form(server, "compare_runs", dataset)
    run(dataset)
    assert form(server, "compare_runs", dataset)["no_first"]["error_message"].startswith(
        "There is only one run"
    )


def test_a_run_is_not_compared_with_itself(server, dataset):
    run(dataset)
    run(dataset)
    fields = form(server, "compare_runs", dataset, first="auto_label_1", second="auto_label_1")
    assert fields["same"]["error_message"] == "Choose two different runs."


def test_a_run_is_deleted_with_its_fields(dataset):
    result = operator("delete_run")(dataset, run(dataset, run_key="mine")).result
    dataset.reload()
    assert "auto_label_mine" in result["fields"]
    assert dataset.list_runs() == []
    assert not dataset.has_sample_field("auto_label_mine")


def test_the_app_asks_before_it_deletes(server, dataset):
    run(dataset)
    fields = form(server, "delete_run", dataset)
    assert fields["what"]["view"]["label"].startswith("These fields are deleted with it: auto_label")
    assert fields["confirmed"]["error_message"] == "Select this to delete the run."
    with pytest.raises(ExecutionError, match="Select this"):
        foo.execute_operator(f"{PLUGIN}/delete_run", {"dataset": dataset}, params={"run_key": "auto_label_1"})
    assert not form(server, "delete_run", dataset, confirmed=True)["confirmed"]["invalid"]
    _, told = executed(server, "delete_run", dataset, run_key="auto_label_1", confirmed=True)
    assert [name for name, _ in told] == ["reload_dataset", "notify"]


def test_a_run_is_cancelled_from_the_app_while_it_is_at_work(server, dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)
    told = []

    def cancel_while_it_works(stage: str, done: int, total: int) -> None:
        if not told:
            told.extend(executed(server, "cancel_run", dataset, run_key="auto_label_1")[1])
            threading.Event().wait(0.5)

    with pytest.raises(RunCancelledError):
        run(dataset, progress=cancel_while_it_works)
    assert told == [
        (
            "notify",
            {"message": "Run auto_label_1 stops in a few seconds and writes nothing", "variant": "info"},
        )
    ]
    assert list_runs(dataset)[0].state == RunState.CANCELLED


def test_a_run_goes_on_when_the_browser_tab_is_closed(demo_dataset):
    params = {"classes": DEMO_CLASSES, "encoder": "offline"}
    request = {"operator_uri": f"{PLUGIN}/auto_label", "dataset_name": demo_dataset.name, "params": params}
    ctx = foo.ExecutionContext(request_params=request, executor=Executor())
    messages = operator("auto_label").execute(ctx)
    next(messages)
    messages.close()
    end = time.monotonic() + 60
    while not (runs := list_runs(demo_dataset)) or runs[0].state == RunState.RUNNING:
        assert time.monotonic() < end, "the run did not end"
        time.sleep(0.05)
    assert runs[0].state == RunState.COMPLETED
    assert demo_dataset.count("auto_label.label") == len(demo_dataset)


def test_only_runs_under_way_are_offered_to_be_cancelled(server, dataset):
    key = run(dataset)
    run(dataset)
    update_record(dataset, key, {"state": "running", "heartbeat": datetime.now(timezone.utc).isoformat()})
    assert form(server, "cancel_run", dataset)["run_key"]["type"]["values"] == [key]


@pytest.fixture
def pending(demo_dataset):
    """The id of a run that waits for a worker."""
    demo_dataset.persistent = True
    return operator("auto_label")(demo_dataset, DEMO_CLASSES, encoder="offline", delegate=True).result["id"]


def test_a_run_that_waits_is_shown(server, demo_dataset, pending):
    field = form(server, "show_run", demo_dataset)["run_key"]
    (choice,) = field["view"]["choices"]
    assert (choice["value"], choice["label"]) == (str(pending), "auto_label: pending, asked for just now")
    result = operator("show_run")(demo_dataset, str(pending)).result
    assert result["state"] == "pending"
    assert "`fiftyone delegated launch`" in result["message"]


def test_a_run_that_waits_is_cancelled_and_never_begins(server, demo_dataset, pending):
    assert form(server, "cancel_run", demo_dataset)["run_key"]["default"] == str(pending)
    result, _ = executed(server, "cancel_run", demo_dataset, run_key=str(pending))
    assert result["message"] == f"Run {pending} was removed from the queue"
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=f"{PLUGIN}/auto_label", log=False)
    done = service.get(doc_id=pending)
    assert (done.run_state, done.result.error) == ("failed", "Cancelled before it began.")
    demo_dataset.reload()
    assert (list_runs(demo_dataset), demo_dataset.has_sample_field("auto_label")) == ([], False)


def test_a_run_that_waits_is_cancelled_by_the_key_that_it_will_have(dataset):
    dataset.persistent = True
    operator("auto_label")(dataset, ["a", "b"], run_key="mine", delegate=True)
    assert [waiting.key for waiting in pending_runs(dataset)] == ["mine"]
    cancel_run(dataset, "mine")
    assert pending_runs(dataset) == []


def test_an_empty_key_names_no_run_that_waits(demo_dataset, pending):
    with pytest.raises(InputError, match="no run"):
        cancel_run(demo_dataset, "")
    assert len(pending_runs(demo_dataset)) == 1


def test_clusters_that_are_computed_are_shown_as_a_run_and_not_compared(server, dataset):
    key = compute_clusters(dataset, embeddings=X).run_key
    message = operator("show_run")(dataset, key).result["message"]
    assert message.startswith("**cluster_1**: completed just now, 6 images, precomputed.")
    assert "The clusters are in `cluster`." in message
    assert "no_first" in form(server, "compare_runs", dataset)
    assert form(server, "delete_run", dataset)["what"]["view"]["label"].endswith(": cluster.")


def test_clusters_that_are_being_computed_are_cancelled_from_the_app(server, dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)

    def cancel_while_it_works(stage: str, done: int, total: int) -> None:
        if stage == "cluster" and not done:
            assert form(server, "cancel_run", dataset)["run_key"]["default"] == "cluster_1"
            executed(server, "cancel_run", dataset, run_key="cluster_1")
            threading.Event().wait(0.5)

    with pytest.raises(RunCancelledError):
        compute_clusters(dataset, embeddings=X, progress=cancel_while_it_works)
    assert not dataset.has_sample_field("cluster")


def test_a_key_of_its_own_comes_from_the_form(server, demo_dataset):
    params = {"classes": DEMO_CLASSES, "encoder": "offline", "run_key": "mine", "label_field": "auto_label"}
    result = foo.execute_operator(f"{PLUGIN}/auto_label", {"dataset": demo_dataset}, params=params).result
    assert result["run_key"] == "mine"
    assert demo_dataset.count("auto_label_mine") == len(demo_dataset)
    sentence = form(server, "auto_label", demo_dataset, **params)["run_key"]["error_message"]
    assert sentence.startswith("There is a run 'mine' already")


def test_a_delegated_run_that_is_called_off_stops(demo_dataset, monkeypatch, in_plugin):
    demo_dataset.persistent = True
    monkeypatch.setattr(in_plugin("operators.background"), "SECONDS_BETWEEN_UPDATES", 0)
    pending = in_plugin("plugin.dataset.pending")
    queued = operator("auto_label")(demo_dataset, DEMO_CLASSES, encoder="offline", delegate=True)
    service = DelegatedOperationService()

    def called_off(doc_id):
        if list_runs(demo_dataset):
            service.set_failed(doc_id)
        return service.get(doc_id=doc_id)

    monkeypatch.setattr(
        pending, "DelegatedOperationService", lambda: type("", (), {"get": staticmethod(called_off)})
    )
    service.execute_queued_operations(operator=f"{PLUGIN}/auto_label", log=False)
    assert service.get(doc_id=queued.result["id"]).run_state == "failed"
    demo_dataset.reload()
    assert list_runs(demo_dataset)[0].state == RunState.CANCELLED
    assert not demo_dataset.has_sample_field("auto_label")


def test_fiftyone_delegated_launch_does_the_run(demo_dataset):
    demo_dataset.persistent = True
    queued = operator("auto_label")(demo_dataset, DEMO_CLASSES, encoder="offline", delegate=True)
    service, operation = DelegatedOperationService(), queued.result["id"]
    fiftyone = Path(sys.executable).with_name("fiftyone")
    worker = subprocess.Popen(
        [fiftyone, "delegated", "launch"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 120
        while service.get(doc_id=operation).run_state in ("queued", "running") and time.monotonic() < end:
            time.sleep(0.2)
    finally:
        worker.send_signal(signal.SIGINT)
        worker.wait(timeout=30)
    done = service.get(doc_id=operation)
    assert (done.run_state, done.status.progress) == ("completed", pytest.approx(1))
    demo_dataset.reload()
    assert demo_dataset.count("auto_label") == len(demo_dataset)
    assert list_runs(demo_dataset)[0].state == RunState.COMPLETED
