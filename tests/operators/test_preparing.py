"""Embeddings and clusters, through Python, through the server's routes, and delegated."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionError
from fiftyone.server.app import app
from fiftyone_autolabel import load_encoder
from starlette.testclient import TestClient

PLUGIN = "@autolabel/prototypes"
FIELDS = {"embed_images": "embeddings", "cluster_images": "cluster"}


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


def operator(name):
    return foo.get_operator(f"{PLUGIN}/{name}")


def form(server, name, dataset, **params) -> dict:
    """Fields of the form that the App shows for these values."""
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "target": "inputs"}
    answer = server.post("/operators/resolve-type", json=request | {"params": params})
    return answer.json()["type"]["properties"]


def messages(server, name, dataset, **params) -> list[tuple[str, dict]]:
    """What the App is told while the operator runs, as (operator, parameters)."""
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "params": params}
    lines = server.post("/operators/execute/generator", json=request).text.splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    return [(body["operator_uri"], body["params"]) for body in bodies]


@pytest.mark.parametrize(("name", "field"), FIELDS.items())
def test_a_python_call_fills_the_field_and_returns_a_summary(demo_dataset, name, field):
    result = operator(name)(demo_dataset, encoder="offline").result
    assert (result["field"], result["n_written"]) == (field, len(demo_dataset))
    assert demo_dataset.count(field) == len(demo_dataset)
    json.dumps(result)


@pytest.mark.parametrize(("name", "field"), FIELDS.items())
def test_the_app_sees_progress_then_the_outcome(server, demo_dataset, name, field):
    demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    told = messages(server, name, demo_dataset, encoder="offline")
    assert [kind for kind, _ in told][-3:] == ["reload_dataset", "notify", "show_output"]
    notice = dict(told)["notify"]
    assert notice == {"message": f"{len(demo_dataset) - 1} images written to {field}", "variant": "warning"}
    assert "1 image could not be embedded" in told[-1][1]["results"]["message"]


@pytest.mark.parametrize(("name", "field"), FIELDS.items())
def test_a_delegated_operation_fills_the_field(demo_dataset, name, field):
    demo_dataset.persistent = True
    queued = operator(name)(demo_dataset, encoder="offline", delegate=True)
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=f"{PLUGIN}/{name}", log=False)
    assert service.get(doc_id=queued.result["id"]).run_state == "completed"
    demo_dataset.reload()
    assert demo_dataset.count(field) == len(demo_dataset)


@pytest.mark.parametrize("name", FIELDS)
def test_the_form_says_what_is_wrong_where_it_is_wrong(server, demo_dataset, name):
    fields = form(server, name, demo_dataset, field="ground_truth", encoder="ofline")
    assert fields["field"]["error_message"].startswith("Field 'ground_truth' exists")
    assert "did you mean 'offline'" in fields["encoder"]["error_message"]
    with pytest.raises(ExecutionError, match="Field 'ground_truth' exists"):
        operator(name)(demo_dataset, field="ground_truth")


def test_clusters_are_made_from_embeddings_that_are_there(server, demo_dataset):
    assert "embeddings" not in form(server, "cluster_images", demo_dataset)
    vectors = load_encoder("offline").embed_images(demo_dataset.values("filepath")).vectors
    demo_dataset.set_values("vector", vectors)
    fields = form(server, "cluster_images", demo_dataset, embeddings="vector")
    assert fields["embeddings"]["type"]["values"] == ["vector"]
    assert "encoder" not in fields
    result = operator("cluster_images")(demo_dataset, embeddings="vector").result
    assert result["encoder"] == "precomputed"


@pytest.mark.parametrize("name", FIELDS)
def test_a_dataset_of_videos_is_refused(server, name):
    videos = fo.Dataset()
    videos.add_sample(fo.Sample(filepath="/a.mp4"))
    assert form(server, name, videos)["problem"]["error_message"].startswith("These are video samples")
    videos.delete()
