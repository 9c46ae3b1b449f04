"""Objects are reviewed, corrected, approved and refined in the App, from patches or by selected labels."""

import json
from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.server.app import app
from fiftyone_autolabel import auto_label
from starlette.testclient import TestClient

PLUGIN = "@autolabel/prototypes"
FIELD = "auto_label_ground_truth"
CLASSES = ["cat", "rocket", "cup of coffee"]


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture(scope="module")
def template(scenes_to_clone) -> fo.Dataset:
    auto_label(scenes_to_clone, CLASSES, encoder="offline", objects="ground_truth")
    return scenes_to_clone


@pytest.fixture
def labelled(template) -> Iterator[fo.Dataset]:
    labelled = template.clone()
    yield labelled
    labelled.delete()


def operator(name: str) -> foo.Operator:
    return foo.get_operator(f"{PLUGIN}/{name}")


def ask(server: TestClient, route: str, name: str, dataset: fo.Dataset, params: dict, **context):
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "params": params}
    return server.post(f"/operators/{route}", json=request | context)


def form(server: TestClient, name: str, dataset: fo.Dataset, params: dict | None = None, **context) -> dict:
    context["target"] = "inputs"
    return ask(server, "resolve-type", name, dataset, params or {}, **context).json()["type"]["properties"]


def execute(
    server: TestClient, name: str, dataset: fo.Dataset, params: dict | None = None, **context
) -> dict:
    answer = ask(server, "execute", name, dataset, params or {}, **context).json()
    assert answer["error"] is None
    told = {message["operator_uri"]: message["params"] for message in answer["executor"]["requests"]}
    return answer["result"] | {"told": told}


def objects_of(dataset: fo.Dataset, field: str = FIELD) -> dict[str, fo.Detection]:
    return {one.id: one for objects in dataset.values(f"{field}.detections") for one in objects or []}


def selected_label(dataset: fo.Dataset, number: int, field: str) -> dict:
    sample = dataset.first()
    return {"label_id": sample[field].detections[number].id, "sample_id": sample.id, "field": field}


def test_selected_patches_are_corrected_in_the_app(server, labelled):
    patches = labelled.to_patches("ground_truth")
    ids = patches.values("id")[3:5]
    context = {"view": patches._serialize(), "selected": ids, "view_target": "SELECTED_SAMPLES"}
    count = form(server, "correct", labelled, **context)["count"]["view"]["label"]
    result = execute(server, "correct", labelled, {"class_name": "dog"}, **context)

    assert count == "Change the labels of 2 objects"
    assert result["told"]["notify"]["message"] == "2 objects labelled 'dog'"
    assert [objects_of(labelled)[one].label for one in ids] == ["dog", "dog"]
    assert list(objects_of(labelled, f"{FIELD}_corrected")) == ids


@pytest.mark.parametrize("field", [FIELD, "ground_truth"])
@pytest.mark.parametrize("is_open", [True, False])
def test_just_the_labels_that_are_selected_are_corrected(server, labelled, field, is_open):
    chosen = selected_label(labelled, 1, field)
    where = {"current_sample": chosen["sample_id"]} if is_open else {"view_target": "SELECTED_LABELS"}
    context = where | {"selected_labels": [chosen]}
    count = form(server, "correct", labelled, **context)["count"]["view"]["label"]
    result = execute(server, "correct", labelled, {"class_name": "dog"}, **context)

    assert count == "Change the labels of 1 object"
    assert result["sample_ids"] == [chosen["label_id"]]
    assert {"clear_selected_labels", "reload_dataset"} <= set(result["told"])


def test_the_open_patch_is_meant_when_nothing_is_selected(server, labelled):
    patches = labelled.to_patches(FIELD)
    one = patches.values("id")[5]
    context = {"view": patches._serialize(), "current_sample": one, "selected": []}
    assert execute(server, "approve", labelled, **context)["sample_ids"] == [one]


def test_all_objects_of_a_selected_image_are_approved(server, labelled):
    context = {"selected": [labelled.first().id], "view_target": "SELECTED_SAMPLES"}
    result = execute(server, "approve", labelled, **context)
    assert result["message"] == "Approved the labels of 3 objects"
    withdrawn = execute(server, "withdraw", labelled, **context)
    assert withdrawn["message"] == "Withdrew the reviews of 3 objects"


def test_review_next_shows_a_page_of_patches(server, labelled):
    result = execute(server, "review_next", labelled, {"count": 5})
    page = fo.DatasetView._build(labelled, result["told"]["set_view"]["view"])
    assert result["message"].startswith("5 objects to review, 19 more after this page.")
    assert page.values("id") == result["sample_ids"]
    assert page.limit(4).values(f"{FIELD}.review_rank") == [1, 2, 3, 4]  # the last one is drawn at random


def test_in_a_patches_view_the_field_of_its_objects_is_meant(server, labelled):
    vectors = np.random.default_rng(0).normal(size=(8, 4))
    auto_label(labelled, CLASSES, embeddings=vectors, text_embeddings=np.eye(4)[:3])
    patches = {"view": labelled.to_patches("ground_truth")._serialize()}

    assert form(server, "approve", labelled)["label_field"]["default"] == "auto_label"
    assert form(server, "approve", labelled, **patches)["count"]["view"]["label"].endswith("24 objects")
    assert execute(server, "review_next", labelled, {"count": 2}, **patches)["message"].startswith(
        "2 objects"
    )


def test_the_whole_loop_from_python(labelled):
    truth = {one: label.label for one, label in objects_of(labelled, "ground_truth").items()}
    ids = operator("review_next")(labelled, 6).result["sample_ids"]
    page = labelled.select_labels(ids=ids, fields=FIELD).to_patches(FIELD)
    for patch in page.filter_labels(FIELD, fo.ViewField("label").is_in(CLASSES)):
        if patch[FIELD].label != truth[patch.id]:
            operator("correct")(page.select(patch.id), truth[patch.id])
    operator("approve")(page)
    refined = operator("refine_with_corrections")(labelled).result

    assert refined["n_reviewed"] == 6
    after = objects_of(labelled)
    assert all(after[one].label == truth[one] for one in ids)


def test_the_app_refines_the_labels_of_objects(server, labelled):
    operator("approve")(labelled.limit(1))
    notice = form(server, "refine_with_corrections", labelled)["count"]["view"]["label"]
    lines = ask(server, "execute/generator", "refine_with_corrections", labelled, {}).text.splitlines()
    told = [json.loads(line)["body"] for line in lines]

    assert notice == "3 objects reviewed so far"
    assert told[-1]["params"]["results"]["n_reviewed"] == 3


def test_a_patches_view_of_other_objects_is_refused_with_a_sentence(server, labelled):
    labelled.clone_sample_field("ground_truth", "others")
    view = labelled.to_patches("others")._serialize()
    fields = form(server, "approve", labelled, {"label_field": FIELD}, view=view)
    assert "This view shows the objects in others" in fields["problem"]["error_message"]


@pytest.mark.parametrize("shown", [None, "ground_truth", FIELD])
def test_labels_of_objects_are_evaluated_in_the_app(server, labelled, shown):
    context = {"view": labelled.to_patches(shown)._serialize()} if shown else {}
    fields = form(server, "evaluate", labelled, **context)
    assert (fields["label_field"]["default"], fields["truth_field"]["default"]) == (FIELD, "ground_truth")
    result = execute(server, "evaluate", labelled, {"truth_field": "ground_truth"}, **context)
    assert result["n_images"] == 24
    assert "of the labels of 24 objects are right.**" in result["message"]
    assert f"`{FIELD}.{FIELD}_evaluation` says which are right" in result["message"]


def test_the_form_of_the_evaluation_asks_for_labels_in_patches_that_have_none(server, scenes):
    view = scenes.to_patches("ground_truth")._serialize()
    problem = form(server, "evaluate", scenes, view=view)["problem"]["error_message"]
    assert problem.startswith("There are no labels and ground truth to compare")


@pytest.mark.parametrize("shown", [None, "ground_truth", FIELD])
@pytest.mark.parametrize("params", [{}, {"label_field": FIELD}])
def test_the_labels_of_objects_are_exported_from_whatever_shows_them(
    server, labelled, tmp_path, shown, params
):
    view = labelled.to_patches(shown) if shown else labelled
    context = {"view": view._serialize()} if shown else {}
    fields = form(server, "export_labels", labelled, params, **context)
    assert "problem" not in fields
    assert fields["label_field"]["default"] == FIELD
    assert FIELD in fields["label_field"]["type"]["values"]
    params = params | {"folder": str(tmp_path / "out"), "format": "csv", "images": "none"}
    kind = "view" if shown else "dataset"
    assert (
        foo.execute_operator(f"{PLUGIN}/export_labels", {kind: view}, params=params).result["n_images"] == 8
    )
    rows = (tmp_path / "out" / "labels.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == [one.label for one in objects_of(labelled).values()]


def test_the_form_of_the_evaluation_says_that_no_run_labelled_objects(server, labelled):
    fields = form(server, "evaluate", labelled, {"label_field": "ground_truth", "truth_field": FIELD})
    assert "No run labelled the objects in 'ground_truth'" in fields["truth_field"]["error_message"]
