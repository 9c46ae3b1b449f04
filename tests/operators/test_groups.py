"""The operators on grouped samples: they say which slice they mean, and find what a run labelled."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.server.app import app
from fiftyone_autolabel import auto_label, review_next
from starlette.testclient import TestClient

URI = "@autolabel/prototypes"
N = 4


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def grouped():
    """Groups of two images with a true class; "left" is shown, and "right" is labelled."""
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    groups = [fo.Group() for _ in range(N)]
    dataset.add_samples(
        fo.Sample(
            filepath=f"/{name}-{number}.png",
            group=group.element(name),
            truth=fo.Classification(label=("red", "green")[number % 2]),
        )
        for number, group in enumerate(groups)
        for name in ("left", "right")
    )
    X = np.random.default_rng(0).normal(size=(N, 4))
    right = dataset.select_group_slices("right")
    auto_label(right, ["red", "green"], embeddings=X, text_embeddings=np.eye(4)[:2])
    yield dataset
    dataset.delete()


def form(server: TestClient, name: str, dataset: fo.Dataset, **request) -> dict:
    asked = {"operator_uri": f"{URI}/{name}", "dataset_name": dataset.name, "target": "inputs", "params": {}}
    shown = server.post("/operators/resolve-type", json=asked | request).json()
    return shown["type"]["properties"]


def execute(server: TestClient, name: str, dataset: fo.Dataset, **request) -> dict:
    asked = {"operator_uri": f"{URI}/{name}", "dataset_name": dataset.name, "params": {}}
    answer = server.post("/operators/execute", json=asked | request).json()
    assert not answer.get("error"), answer["error"]
    return answer["result"]


def right_ids(dataset: fo.Dataset) -> set[str]:
    return set(dataset.select_group_slices("right").values("id"))


@pytest.mark.parametrize("slice_name", ["left", "right"])
def test_the_form_of_auto_label_says_which_slice_it_will_label(server, grouped, slice_name):
    fields = form(server, "auto_label", grouped, group_slice=slice_name)
    assert f"in the current slice ({slice_name})" in json.dumps(fields["view_target"])
    assert "problem" not in fields


def test_what_to_review_next_is_what_was_labelled_and_not_what_is_shown(server, grouped):
    assert "problem" not in form(server, "review_next", grouped)
    result = execute(server, "review_next", grouped)
    assert set(result["sample_ids"]) == right_ids(grouped)


def test_an_open_sample_of_another_slice_is_answered(server, grouped):
    (one,) = review_next(grouped, 1).values("id")
    params = {"class_name": "green"}
    result = execute(server, "correct", grouped, params=params, current_sample=one, group_slice="left")
    assert result["sample_ids"] == [one]
    assert grouped.select_group_slices("right").select(one).values("auto_label.label") == ["green"]


def test_a_page_of_the_review_is_approved_evaluated_and_exported(server, grouped, tmp_path):
    page = review_next(grouped)._serialize()
    assert execute(server, "approve", grouped, view=page)["n_reviewed"] == N
    assert "problem" not in form(server, "evaluate", grouped, view=page)
    assert execute(server, "evaluate", grouped, view=page, params={"truth_field": "truth"})["n_images"] == N
    assert "problem" not in form(server, "export_labels", grouped, view=page)
    view = fo.DatasetView._build(grouped, page)
    params = {"folder": str(tmp_path / "out"), "format": "csv", "images": "none"}
    result = foo.execute_operator(f"{URI}/export_labels", {"view": view}, params=params).result
    assert result["n_images"] == N
