"""Review, correct, approve, withdraw, refine and evaluate, through Python, through the server's routes as
the App calls them, and delegated.
"""

import json

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.core.view import DatasetView
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionError
from fiftyone.server.app import app
from fiftyone_autolabel import auto_label, list_runs
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from starlette.testclient import TestClient

PLUGIN = "@autolabel/prototypes"
REVIEWING = ("review_next", "approve", "correct", "withdraw", "undo_review", "refine_with_corrections")


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def labelled(labelled_demo) -> fo.Dataset:
    return labelled_demo


def operator(name: str) -> foo.Operator:
    return foo.get_operator(f"{PLUGIN}/{name}")


def ask(server: TestClient, route: str, name: str, dataset: fo.Dataset, params: dict, **context):
    """What the server answers to a request of the App about an operator."""
    request = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset.name, "params": params}
    return server.post(f"/operators/{route}", json=request | context)


def form(server: TestClient, name: str, dataset: fo.Dataset, *, selected=(), view=(), **params) -> dict:
    """Fields of the form that the App shows for these values."""
    context = {"target": "inputs", "selected": list(selected), "view": list(view)}
    return ask(server, "resolve-type", name, dataset, params, **context).json()["type"]["properties"]


def execute(server: TestClient, name: str, dataset: fo.Dataset, *, selected=(), view=(), **params) -> dict:
    """Result and messages of an operator that the App executes on selected samples, or on a view."""
    if selected or view:
        params["view_target"] = "SELECTED_SAMPLES" if selected else "CURRENT_VIEW"
    context = {"selected": list(selected), "view": list(view)}
    answer = ask(server, "execute", name, dataset, params, **context).json()
    assert answer["error"] is None
    told = {message["operator_uri"]: message["params"] for message in answer["executor"]["requests"]}
    return answer["result"] | {"told": told}


def generate(server: TestClient, name: str, dataset: fo.Dataset, **params) -> list[tuple[str, dict]]:
    """What the App is told while a long operator runs, as (operator, parameters)."""
    lines = ask(server, "execute/generator", name, dataset, params).text.splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    return [(body["operator_uri"], body["params"]) for body in bodies]


def wrong(samples: fo.DatasetView) -> list[tuple[str, str]]:
    """(sample id, true class) of the samples whose label is wrong."""
    values = samples.values(["id", "auto_label.label", "ground_truth.label"])
    return [(sample_id, truth) for sample_id, label, truth in zip(*values, strict=True) if label != truth]


def test_labelling_and_the_loop_of_a_review_have_buttons_above_the_grid(server, demo_dataset):
    answer = server.post("/operators/resolve-placements", json={"dataset_name": demo_dataset.name}).json()
    places = {shown["operator_uri"]: shown["placement"]["place"] for shown in answer["placements"]}
    ours = {uri.rpartition("/")[2]: place for uri, place in places.items() if uri.startswith(PLUGIN)}
    loop = ("auto_label", "review_next", "correct", "approve", "refine_with_corrections")
    assert ours == dict.fromkeys(loop, "samples-grid-secondary-actions")


def test_the_whole_loop_from_python(labelled):
    page = labelled.select(operator("review_next")(labelled, 20).result["sample_ids"])
    others = labelled.exclude(page)
    wrong_before = len(wrong(others))
    for sample_id, truth in wrong(page):
        operator("correct")(labelled.select(sample_id), truth)
    operator("approve")(page)
    refined = operator("refine_with_corrections")(labelled).result
    assert refined["n_reviewed"] == 20
    assert len(wrong(others)) <= wrong_before
    auto_label(labelled, DEMO_CLASSES, encoder="offline")
    assert page.values("auto_label_corrected.label") == page.values("ground_truth.label")
    assert wrong(page) == []


def test_review_next_shows_a_page_in_the_grid(server, labelled):
    result = execute(server, "review_next", labelled, count=5)
    assert len(result["sample_ids"]) == 5
    assert result["n_left"] == len(labelled) - 5
    shown = [stage for stage in result["told"]["set_view"]["view"] if stage["_cls"].endswith("Select")]
    assert dict(shown[0]["kwargs"])["sample_ids"] == result["sample_ids"]


def test_the_next_page_opens_once_all_of_one_is_reviewed(server, labelled):
    page = execute(server, "review_next", labelled, count=8)
    ids, view = page["sample_ids"], page["told"]["set_view"]["view"]
    corrected = execute(server, "correct", labelled, selected=ids[:1], view=view, class_name="cat")
    assert "set_view" not in corrected["told"]
    approved = execute(server, "approve", labelled, view=view)
    n_left = len(labelled) - 16
    assert approved["message"].endswith(f". Next: 8 images to review, {n_left} more after this page.")
    following = DatasetView._build(labelled, approved["told"]["set_view"]["view"]).values("id")
    assert len({*following} - {*ids}) == 8
    (run,) = list_runs(labelled)
    assert following[-2:] == list(run.audit.ids[2:4])


def test_reviews_outside_of_a_page_leave_the_grid_as_it_is(server, labelled):
    execute(server, "review_next", labelled, count=8)
    other = labelled.limit(8)._serialize()
    assert "set_view" not in execute(server, "approve", labelled, view=other)["told"]


def test_the_last_page_says_that_nothing_is_left(server, labelled):
    operator("approve")(labelled.skip(4))
    view = execute(server, "review_next", labelled)["told"]["set_view"]["view"]
    approved = execute(server, "approve", labelled, view=view)
    assert approved["message"].endswith("Nothing left to review: every label is approved or corrected.")
    assert "reload_dataset" in approved["told"]


def test_review_next_says_when_all_is_answered(server, labelled):
    operator("approve")(labelled)
    result = execute(server, "review_next", labelled)
    assert "Nothing left" in result["told"]["notify"]["message"]
    assert "set_view" not in result["told"]


def test_review_next_can_go_worst_first(labelled):
    ids = operator("review_next")(labelled, 3, order="worst").result["sample_ids"]
    assert ids == labelled.sort_by("confidence").limit(3).values("id")


def test_selected_samples_are_corrected_in_the_app(server, labelled):
    ids = labelled.values("id")[4:7]
    result = execute(server, "correct", labelled, selected=ids, class_name="cat")
    assert result["sample_ids"] == ids
    assert result["told"]["notify"] == {"message": "3 images labelled 'cat'", "variant": "success"}
    assert {"clear_selected_samples", "reload_dataset"} <= set(result["told"])
    labelled.reload()
    assert labelled.select(ids).values("auto_label_corrected.label") == ["cat"] * 3
    assert labelled.count("auto_label_corrected") == 3


def test_selected_samples_are_approved_in_the_app(server, labelled):
    ids = labelled.values("id")[:2]
    operator("correct")(labelled.limit(1), "cat")
    result = execute(server, "approve", labelled, selected=ids)
    assert result["message"] == "Approved the labels of 1 image (1 reviewed before)"
    assert labelled.match_tags("approved").values("id") == ids[1:]


def test_the_open_sample_is_meant_when_nothing_is_selected(server, labelled):
    sample_id = labelled.values("id")[3]
    request = {"current_sample": sample_id, "selected": []}
    answer = ask(server, "execute", "approve", labelled, {}, **request).json()
    assert answer["result"]["sample_ids"] == [sample_id]


def test_what_was_said_of_selected_samples_is_withdrawn(server, labelled):
    labels = labelled.values("auto_label.label")
    operator("correct")(labelled.limit(2), "cat")
    result = execute(server, "withdraw", labelled, selected=labelled.values("id")[:3])
    assert result["message"] == "Withdrew the reviews of 2 images (1 not reviewed)"
    assert labelled.values("auto_label.label") == labels


def test_the_forms_say_how_many_samples_are_meant(server, labelled):
    ids = labelled.values("id")[:3]
    fields = form(server, "approve", labelled, selected=ids, view_target="SELECTED_SAMPLES")
    assert fields["count"]["view"]["label"] == "Approve the labels of 3 images"
    assert "problem" not in fields


@pytest.mark.parametrize("name", ["approve", "correct", "withdraw"])
def test_a_whole_dataset_is_not_answered_just_because_nothing_is_selected(server, labelled, name):
    assert form(server, name, labelled)["problem"]["view"]["label"].startswith("Nothing is selected")


def test_the_form_offers_the_known_classes_and_says_what_a_new_one_means(server, labelled):
    field = form(server, "correct", labelled, class_name="zebra")["class_name"]
    assert [choice["value"] for choice in field["view"]["choices"]] == DEMO_CLASSES
    assert field["view"]["description"].startswith("A new class")
    blank = form(server, "correct", labelled, class_name=" ")["class_name"]
    assert "name is blank" in blank["error_message"]


def test_the_forms_offer_a_label_field_where_there_are_several(server, labelled):
    assert "label_field" not in form(server, "approve", labelled)
    vectors = np.random.default_rng(0).normal(size=(len(labelled), 4))
    auto_label(labelled, ["a", "b"], embeddings=vectors, text_embeddings=np.eye(4)[:2], run_key="other")
    values = form(server, "approve", labelled)["label_field"]["type"]["values"]
    assert values == ["auto_label", "auto_label_other"]


@pytest.mark.parametrize("name", REVIEWING)
def test_before_the_first_run_the_forms_say_what_to_do(server, demo_dataset, name):
    assert "run Auto-label first" in form(server, name, demo_dataset)["problem"]["error_message"]


@pytest.mark.parametrize("name", REVIEWING)
def test_grouped_samples_are_refused_with_a_sentence(server, name):
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    dataset.add_sample(fo.Sample(filepath="/a.jpg", group=fo.Group().element("left")))
    assert form(server, name, dataset)["problem"]["invalid"]
    dataset.delete()


def test_nothing_can_be_refined_before_something_is_answered(server, labelled):
    problem = form(server, "refine_with_corrections", labelled)["problem"]
    assert problem["view"]["label"] == "No label is reviewed yet: approve or correct some first."
    with pytest.raises(ExecutionError, match="approve or correct some first"):
        operator("refine_with_corrections")(labelled)


def test_the_app_sees_a_refinement_move_and_what_it_changed(server, labelled):
    operator("approve")(labelled.limit(5))
    told = generate(server, "refine_with_corrections", labelled)
    names = [name for name, _ in told]
    assert names[0] == "set_progress"
    assert names[-3:] == ["reload_dataset", "notify", "show_output"]
    result = told[-1][1]["results"]
    assert result["n_reviewed"] == 5
    assert f"of {len(labelled) - 5} unreviewed ones" in result["message"]


def test_a_refinement_from_the_app_labels_all_of_the_run_whatever_the_grid_shows(server, labelled):
    operator("approve")(labelled.limit(5))
    view = labelled.limit(3)._serialize()
    answer = ask(server, "execute/generator", "refine_with_corrections", labelled, {}, view=view)
    last = json.loads(answer.text.splitlines()[-1])["body"]["params"]["results"]
    assert f"of {len(labelled) - 5} unreviewed ones" in last["message"]


def test_a_delegated_refinement_works(labelled):
    labelled.persistent = True
    operator("approve")(labelled.limit(5))
    queued = operator("refine_with_corrections")(labelled, delegate=True)
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=f"{PLUGIN}/refine_with_corrections", log=False)
    done = service.get(doc_id=queued.result["id"])
    assert (done.run_state, done.result.result["n_reviewed"]) == ("completed", 5)


def test_a_new_run_says_that_it_kept_what_people_said(labelled):
    operator("approve")(labelled.limit(2))
    operator("correct")(labelled.skip(90), "zebra")
    message = operator("auto_label")(labelled, DEMO_CLASSES, encoder="offline").result["message"]
    assert "2 reviewed labels used as anchors." in message
    assert "Corrected to zebra, not in this class list" in message


def test_labels_are_evaluated_and_the_outcome_can_be_read(labelled):
    operator("approve")(labelled.limit(3))
    result = operator("evaluate")(labelled, "ground_truth").result
    assert result["accuracy"] == pytest.approx(1 - len(wrong(labelled)) / len(labelled))
    assert "are right.**" in result["message"]
    assert "3 of them are reviewed" in result["message"]
    assert "class, lowest F1 first" in result["message"]
    assert labelled.list_evaluations() == ["auto_label_evaluation"]


def test_the_app_evaluates_a_view(server, labelled):
    view = labelled.limit(30)._serialize()
    params = {"truth_field": "ground_truth", "view_target": "CURRENT_VIEW"}
    answer = ask(server, "execute", "evaluate", labelled, params, view=view).json()
    assert answer["result"]["n_images"] == 30


def test_a_delegated_evaluation_works(labelled):
    labelled.persistent = True
    queued = operator("evaluate")(labelled, "ground_truth", delegate=True)
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=f"{PLUGIN}/evaluate", log=False)
    done = service.get(doc_id=queued.result["id"])
    assert (done.run_state, done.result.result["n_images"]) == ("completed", len(labelled))


def test_the_form_of_the_evaluation_refuses_samples_that_cannot_be_evaluated(server):
    videos = fo.Dataset()
    videos.add_sample(fo.Sample(filepath="/a.mp4"))
    assert form(server, "evaluate", videos)["problem"]["error_message"].startswith("These are video")
    videos.delete()


def test_the_form_of_the_evaluation_asks_for_labels_where_there_are_none(server):
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath="/a.jpg"))
    problem = form(server, "evaluate", dataset)["problem"]["error_message"]
    assert problem.startswith("There are no labels and ground truth to compare")
    dataset.delete()


def test_the_form_of_the_evaluation_offers_fields_and_says_what_is_wrong(server, labelled):
    fields = form(server, "evaluate", labelled)
    assert fields["label_field"]["default"] == "auto_label"
    assert fields["truth_field"]["type"]["values"] == ["ground_truth"]
    taken = form(server, "evaluate", labelled, truth_field="ground_truth", key="confidence")
    assert "overwrite the field 'confidence'" in taken["key"]["error_message"]


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("correct", {}, "Required property"),
        ("correct", {"class_name": " "}, "name is blank"),
        ("approve", {"label_field": "ground_truth"}, "No run wrote a label field 'ground_truth'"),
        ("review_next", {"order": "best"}, "Invalid enum value"),
        ("review_next", {"count": 0}, "count"),
        ("evaluate", {}, "Required property"),
        ("evaluate", {"truth_field": "confidence"}, "no field 'confidence' with one class per image"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(labelled, name, params, sentence):
    with pytest.raises(ExecutionError, match=sentence):
        foo.execute_operator(f"{PLUGIN}/{name}", {"dataset": labelled}, params=params)
    assert labelled.count("auto_label_corrected") == 0


def test_the_last_review_is_undone_in_the_app(server, labelled):
    ids = labelled.limit(2).values("id")
    before = labelled.limit(2).values("confidence")
    execute(server, "approve", labelled, selected=ids)
    shown = form(server, "undo_review", labelled)
    assert shown["count"]["view"]["label"] == "Take back the last review, of 2 images"
    assert execute(server, "undo_review", labelled)["message"] == "Took back the last review, of 2 images"
    labelled.reload()
    assert labelled.limit(2).values("confidence") == before
    assert any(field["invalid"] for field in form(server, "undo_review", labelled).values())
