"""A class is added in the form that the panel opens, and from Python."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.server.app import app
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from starlette.testclient import TestClient

URI = "@autolabel/prototypes/add_class"


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def labelled(demo_dataset) -> fo.Dataset:
    auto_label(demo_dataset, DEMO_CLASSES[1:], encoder="offline")
    return demo_dataset


def form(server: TestClient, dataset: fo.Dataset, **params) -> dict:
    """Fields of the form that the App shows, a view of six samples being open."""
    request = {"operator_uri": URI, "dataset_name": dataset.name, "params": params, "target": "inputs"}
    request["view"] = dataset.limit(6)._serialize()
    return server.post("/operators/resolve-type", json=request).json()["type"]["properties"]


def test_all_that_the_last_run_labelled_is_labelled_again_whatever_is_open(server, labelled):
    fields = form(server, labelled, name="astronaut")
    assert fields["what"]["view"]["label"] == "Label 93 images again, with 14 classes"
    assert "view_target" not in fields
    result = foo.get_operator(URI)(labelled, "astronaut").result
    assert (result["n_labelled"], len(result["counts"])) == (93, 14)


def test_patches_of_something_else_stay_open_while_images_are_labelled_again(server, labelled):
    box = fo.Detection(label="thing", bounding_box=[0.1, 0.1, 0.5, 0.5])
    labelled.set_values("boxes", [fo.Detections(detections=[box.copy()]) for _ in labelled])
    request = {"operator_uri": URI, "dataset_name": labelled.name, "params": {"name": "astronaut"}}
    request["view"] = labelled.to_patches("boxes")._serialize()
    lines = server.post("/operators/execute/generator", json=request).text.splitlines()
    told = {body["operator_uri"]: body["params"] for body in (json.loads(line)["body"] for line in lines)}
    assert "set_view" not in told
    assert "93 images labelled" in told["show_output"]["results"]["message"]


def test_the_form_says_if_the_encoder_of_the_last_run_does_not_know_the_name(server, labelled):
    warning = form(server, labelled, name="dandelion")["names_0"]["view"]["label"]
    assert warning.startswith("The offline encoder does not know: dandelion (taken for Pickelhaube).")
    assert "names_0" not in form(server, labelled, name="astronaut: space shuttle")


def test_several_names_are_refused_in_the_form(server, labelled):
    field = form(server, labelled, name="tulip, rose")["name"]
    assert "would be one class with commas in its name" in field["error_message"]


def test_a_class_that_is_there_already_is_refused_in_the_form(server, labelled):
    field = form(server, labelled, name="Coins")["name"]
    assert field["invalid"]
    assert "'Coins' is given twice" in field["error_message"]


def test_a_run_from_arrays_cannot_be_repeated_in_the_form_and_that_is_said(server, demo_dataset):
    vectors = np.random.default_rng(0).normal(size=(len(demo_dataset), 8))
    auto_label(demo_dataset, ["a", "b"], embeddings=vectors, text_embeddings=np.eye(8)[:2])
    problem = form(server, demo_dataset, name="c")["problem"]
    assert problem["invalid"]
    assert "label again with vectors for all classes" in problem["view"]["label"]


def test_without_a_run_there_is_nothing_to_add_to(server, demo_dataset):
    assert "run Auto-label first" in form(server, demo_dataset)["problem"]["view"]["label"]
