"""Auto-label on objects: the form finds them, and a patches view is labelled without being asked."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.server.app import app
from starlette.testclient import TestClient

URI = "@autolabel/prototypes/auto_label"
FIELD = "auto_label_ground_truth"
OFFLINE = {"classes": ["cat", "rocket", "cup of coffee"], "encoder": "offline"}


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


def asked(samples: fo.Dataset | fo.DatasetView, params: dict) -> dict:
    dataset = samples._root_dataset
    view = samples._serialize() if isinstance(samples, fo.DatasetView) else []
    return {"operator_uri": URI, "dataset_name": dataset.name, "view": view, "params": params}


def form(server: TestClient, samples: fo.Dataset | fo.DatasetView, **params) -> dict:
    request = asked(samples, params) | {"target": "inputs"}
    return server.post("/operators/resolve-type", json=request).json()["type"]["properties"]


def messages(server: TestClient, samples: fo.Dataset | fo.DatasetView, **params) -> dict[str, dict]:
    response = server.post("/operators/execute/generator", json=asked(samples, params))
    bodies = [json.loads(line)["body"] for line in response.text.splitlines()]
    return {body["operator_uri"]: body["params"] for body in bodies}


def test_the_form_offers_objects_only_where_there_are_fields_of_them(server, scenes, demo_dataset):
    assert form(server, scenes)["objects"]["type"]["values"] == ["ground_truth"]
    assert "objects" not in form(server, demo_dataset)


def test_the_form_asks_for_a_margin_and_names_the_field_when_objects_are_chosen(server, scenes):
    plain, chosen = form(server, scenes), form(server, scenes, objects="ground_truth")
    assert "margin" not in plain
    assert chosen["margin"]["default"] == 0.1
    assert f"'{FIELD}'" in chosen["into"]["view"]["label"]
    assert "confidence_field" not in chosen


def test_labelled_objects_are_not_offered_beside_those_that_they_are_from(server, scenes):
    foo.execute_operator(URI, {"dataset": scenes}, params=OFFLINE | {"objects": "ground_truth"})
    assert form(server, scenes)["objects"]["type"]["values"] == ["ground_truth"]


def test_in_a_patches_view_the_form_has_chosen_its_objects(server, scenes):
    fields = form(server, scenes.to_patches("ground_truth"))
    assert {"problem", "objects"}.isdisjoint(fields)
    assert f"'{FIELD}'" in fields["into"]["view"]["label"]


def test_the_form_refuses_a_field_of_somebody_elses(server, scenes):
    fields = form(server, scenes, objects="ground_truth", label_field="ground_truth")
    assert "was not written by auto-label" in fields["label_field"]["error_message"]


def test_a_python_call_labels_objects(scenes):
    operator = foo.get_operator(URI)
    result = operator(
        scenes, OFFLINE["classes"], encoder="offline", objects="ground_truth", margin=0.2
    ).result
    assert result["n_labelled"] == 24
    assert "24 objects labelled" in result["message"]
    assert scenes.get_run_info(result["run_key"]).config.margin == 0.2
    assert scenes.count(f"{FIELD}.detections.label") == 24


def test_after_a_run_in_a_patches_view_the_app_shows_the_labelled_patches(server, scenes):
    patches = scenes.to_patches("ground_truth").limit(4)
    told = messages(server, patches, **OFFLINE)
    shown = fo.DatasetView._build(scenes, told["set_view"]["view"])
    assert shown.values("id") == patches.values("id")
    assert shown.count(f"{FIELD}.confidence") == 4
    assert told["notify"]["message"] == "Labelled 4 objects"


def test_in_the_app_a_dataset_stays_in_the_grid_of_its_images(server, scenes):
    assert "set_view" not in messages(server, scenes, objects="ground_truth", **OFFLINE)


def test_bad_objects_are_counted_and_pointed_to(server, scenes):
    sample = scenes.first()
    sample.ground_truth.detections[0].bounding_box = [2, 2, 1, 1]
    sample.save()
    told = messages(server, scenes, objects="ground_truth", **OFFLINE)
    assert "1 object could not be read: see the reasons in `auto_label_ground_truth.error`" in json.dumps(
        told["show_output"]
    )
