"""The operator through Python, through the server's routes as the App calls them, and delegated."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionError
from fiftyone.server.app import app
from fiftyone_autolabel import ExportOptions, auto_label
from starlette.testclient import TestClient

URI = "@autolabel/prototypes/export_labels"


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def operator():
    return foo.get_operator(URI)


@pytest.fixture
def dataset(demo_dataset) -> fo.Dataset:
    """Demo photos that are labelled right, but for the last, which has no label."""
    truth = demo_dataset.values("ground_truth.label")
    labels = [fo.Classification(label=label, confidence=0.9) for label in truth[:-1]]
    demo_dataset.set_values("auto_label", [*labels, None])
    return demo_dataset


def form(server: TestClient, dataset: fo.Dataset, **params) -> dict:
    """Fields of the form that the App shows for these values."""
    request = {"operator_uri": URI, "dataset_name": dataset.name, "target": "inputs", "params": params}
    return server.post("/operators/resolve-type", json=request).json()["type"]["properties"]


def messages(server: TestClient, dataset: fo.Dataset, **params) -> list[tuple[str, dict]]:
    """What the App is told while the operator runs, as (operator, parameters)."""
    request = {"operator_uri": URI, "dataset_name": dataset.name, "params": params}
    response = server.post("/operators/execute/generator", json=request)
    bodies = [json.loads(line)["body"] for line in response.text.splitlines()]
    return [(body["operator_uri"], body["params"]) for body in bodies]


def test_a_python_call_exports_and_returns_a_summary(operator, dataset, tmp_path):
    result = operator(dataset, tmp_path / "out", "folders").result
    assert len(list((tmp_path / "out").glob("*/*"))) == result["n_images"] == len(dataset) - 1
    assert result["left_out"] == {"without a label": 1}
    assert f"`{tmp_path / 'out'}`" in result["message"]
    assert "Left out: 1 without a label" in result["message"]


def test_a_python_call_exports_a_view(operator, dataset, tmp_path):
    assert operator(dataset.limit(7), tmp_path / "out", "coco").result["n_images"] == 7


def test_a_python_call_exports_the_boxes_of_patches(operator, dataset, tmp_path):
    box = fo.Detection(label="cat", bounding_box=[0, 0, 0.5, 0.5])
    pairs = [fo.Detections(detections=[box.copy(), box.copy()]) for _ in range(len(dataset))]
    dataset.set_values("objects", pairs)
    patches = dataset.to_patches("objects").limit(3)
    options = ExportOptions("objects", images="none")
    result = operator(patches, tmp_path / "out", "coco", options=options).result
    assert (result["n_images"], result["labels"]) == (2, {"all": {"cat": 3}})


def test_the_form_asks_for_a_margin_where_objects_are_cut_out(server, dataset):
    box = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0, 0, 0.5, 0.5])])
    dataset.set_values("objects", [box.copy() for _ in range(len(dataset))])
    assert form(server, dataset, label_field="objects")["margin"]["default"] == 0.1
    assert "margin" not in form(server, dataset, label_field="objects", format="coco")
    assert "margin" not in form(server, dataset, label_field="auto_label")


def test_a_python_call_takes_options(operator, dataset, tmp_path):
    options = ExportOptions(
        "ground_truth",
        splits=(0.5, 0.25, 0.25),
        images="symlink",
        write_split_tags=True,
        near_duplicates=0.999,
    )
    angles = 0.05 * np.arange(len(dataset))
    dataset.set_values("vector", list(np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    result = operator(dataset, tmp_path / "out", "csv", options=options, embeddings="vector").result
    dataset.reload()
    assert dataset.count_sample_tags() == result["images"]
    assert all(path.is_symlink() for path in (tmp_path / "out" / "data").iterdir())


def test_a_name_is_made_inside_the_folder_that_was_found(server, dataset, tmp_path):
    found = {"absolute_path": str(tmp_path), "name": tmp_path.name, "type": "directory"}
    messages(server, dataset, format="folders", folder="out", parent=found)
    assert (tmp_path / "out" / "manifest.json").is_file()
    shown = form(server, dataset, format="folders", folder="out", parent=found)
    assert "exists: choose another folder" in shown["folder"]["error_message"]


def test_a_full_path_needs_no_folder_that_was_found(server, dataset, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    found = {"absolute_path": str(tmp_path / "elsewhere")}
    messages(server, dataset, format="folders", folder=str(tmp_path / "out"), parent=found)
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_a_folder_that_is_not_there_cannot_be_found(server, dataset, tmp_path):
    nothing = tmp_path / "nothing"
    shown = form(server, dataset, parent={"absolute_path": str(nothing)})
    assert shown["parent"]["error_message"] == f"{nothing} does not exist: choose from the list."


def test_a_python_call_without_any_default_works(dataset, tmp_path):
    params = {"folder": str(tmp_path / "out.zip"), "format": "coco"}
    foo.execute_operator(URI, {"dataset": dataset}, params=params)
    assert (tmp_path / "out.zip").is_file()


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"format": "coco"}, "Required property"),
        ({"format": "voc", "folder": "/tmp/nowhere"}, "no export format 'voc': choose 'folders'"),
        ({"format": "coco", "folder": "/tmp"}, "/tmp exists: choose another folder"),
        (
            {"format": "csv", "folder": "/tmp/nowhere", "splits": "80 10 10"},
            "shares of train, val and test like",
        ),
        ({"format": "folders", "folder": "/tmp/nowhere", "images": "none"}, "needs the images"),
        ({"format": "csv", "folder": "/tmp/nowhere", "near_duplicates": 0.9}, "only matter where there are"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(dataset, params, sentence):
    with pytest.raises(ExecutionError, match=sentence):
        foo.execute_operator(URI, {"dataset": dataset}, params=params)


def test_the_form_says_what_is_wrong_where_it_is_wrong(server, dataset, tmp_path):
    (tmp_path / "thesis.tex").touch()
    fields = form(server, dataset, format="csv", folder=str(tmp_path), splits="80, 20")
    assert "exists: choose another folder" in fields["folder"]["error_message"]
    assert fields["splits"]["error_message"].startswith("Give three shares")
    assert not fields["images"]["invalid"]
    assert not [name for name in fields if name.startswith("replace_")]


def test_the_form_wants_a_full_path(server, dataset):
    assert form(server, dataset, folder="out")["folder"]["error_message"].startswith("Give the full path")


def test_an_export_is_replaced_when_the_box_of_the_form_is_ticked(server, dataset, tmp_path):
    chosen = {"folder": str(tmp_path / "out"), "format": "csv", "images": "none"}
    messages(server, dataset, **chosen)
    fields = form(server, dataset, **chosen)
    (box,) = [name for name in fields if name.startswith("replace_")]
    assert f"Replace the export of {len(dataset) - 1} images" in fields[box]["view"]["label"]
    assert "exists" in fields["folder"]["error_message"]
    assert not form(server, dataset, **chosen, **{box: True})["folder"]["invalid"]
    messages(server, dataset, **chosen | {"format": "coco"}, **{box: True})
    assert (tmp_path / "out" / "labels.json").is_file()


@pytest.mark.parametrize("asked", [{"overwrite": True}, {"replace": True}, {"replace_0": True}])
def test_a_bare_request_replaces_nothing(server, dataset, tmp_path, asked):
    chosen = {"folder": str(tmp_path / "out"), "format": "csv", "images": "none"}
    messages(server, dataset, **chosen)
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    request = {"operator_uri": URI, "dataset_name": dataset.name, "params": chosen | asked}
    for route in ("execute", "execute/generator"):
        text = json.dumps(request)
        server.post(f"/operators/{route}", content=text, headers={"content-type": "text/plain"})
        assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def test_a_python_call_replaces_an_export(operator, dataset, tmp_path):
    operator(dataset, tmp_path / "out", "csv")
    operator(dataset, tmp_path / "out", "coco", options=ExportOptions(overwrite=True))
    assert (tmp_path / "out" / "labels.json").is_file()


def test_the_form_counts_the_images(server, dataset):
    total = len(dataset)
    assert form(server, dataset)["count"]["view"]["label"] == f"{total} of {total} images"
    request = {
        "operator_uri": URI,
        "dataset_name": dataset.name,
        "target": "inputs",
        "params": {},
        "view": dataset.limit(7)._serialize(),
    }
    fields = server.post("/operators/resolve-type", json=request).json()["type"]["properties"]
    assert fields["count"]["view"]["label"] == f"7 of {total} images"
    assert "only_this_page" not in fields


def test_the_form_asks_whether_a_page_of_a_review_is_meant(server, dataset):
    page = dataset.select(dataset.values("id")[:24], ordered=True)._serialize()

    def asked(**params):
        request = {"operator_uri": URI, "dataset_name": dataset.name, "target": "inputs"}
        request |= {"params": params, "view": page}
        answer = server.post("/operators/resolve-type", json=request).json()
        return answer["type"]["properties"].get("only_this_page")

    assert "page of a review: confirm it, or choose the whole dataset" in asked()["error_message"]
    assert not asked(only_this_page=True)["invalid"]
    assert asked(view_target="DATASET") is None


def test_a_relative_folder_is_that_of_the_process_that_queues_the_export(
    operator, dataset, tmp_path, monkeypatch
):
    dataset.persistent = True
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    operator(dataset, "out", "csv", delegate=True)
    monkeypatch.chdir(tmp_path)
    DelegatedOperationService().execute_queued_operations(operator=URI, log=False)
    assert (tmp_path / "here" / "out" / "labels.csv").is_file()


def test_the_summary_says_what_is_missing(operator, dataset, tmp_path):
    boxes = [
        fo.Detection(label="cat", bounding_box=[0, 0, 0.5, 0.5], confidence=confidence)
        for confidence in (0.9, 0.1)
    ]
    dataset.set_values("objects", [fo.Detections(detections=boxes)] * len(dataset))
    options = ExportOptions("objects", minimum_confidence=0.5, images="none")
    result = operator(dataset.limit(3), tmp_path / "out", "coco", options=options).result
    assert result["missing_labels"] == {"below the minimum confidence": 3}
    assert "lack 3 labels below the minimum confidence" in result["message"]


def test_the_form_refuses_a_dataset_without_labels(server):
    unlabelled = fo.Dataset()
    unlabelled.add_sample(fo.Sample(filepath="/a.jpg"))
    assert "label the images" in form(server, unlabelled)["problem"]["error_message"]
    unlabelled.delete()


def test_the_form_offers_the_label_fields_the_one_of_a_run_first(server, dataset):
    field = form(server, dataset)["label_field"]
    assert set(field["type"]["values"]) == {"auto_label", "ground_truth"}
    assert field["default"] == "auto_label"


def test_the_app_sees_progress_then_a_summary(server, dataset, tmp_path):
    told = messages(server, dataset, folder=str(tmp_path / "out"), format="yolo-classification")
    names = [name for name, _ in told]
    assert names[0] == "set_progress"
    assert names[-3:] == ["reload_dataset", "notify", "show_output"]
    assert told[-2][1] == {"message": f"Exported {len(dataset) - 1} images", "variant": "success"}
    assert told[-1][1]["results"]["path"] == str(tmp_path / "out")


def test_the_app_is_told_of_an_error_that_only_shows_during_the_export(server, dataset, tmp_path):
    dataset.set_values("filepath", ["/nowhere.jpg"] * len(dataset))
    told = dict(messages(server, dataset, folder=str(tmp_path / "out"), format="coco"))
    assert told["notify"]["variant"] == "error"
    assert "images are missing, the first is /nowhere.jpg" in told["show_output"]["results"]["message"]
    assert list(tmp_path.glob("*out*")) == []


def test_a_delegated_export_keeps_its_progress(operator, dataset, tmp_path):
    dataset.persistent = True
    queued = operator(dataset, tmp_path / "out", "fiftyone", delegate=True)
    assert not (tmp_path / "out").exists()
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=URI, log=False)
    done = service.get(doc_id=queued.result["id"])
    assert (done.run_state, done.status.progress) == ("completed", pytest.approx(1))
    assert (tmp_path / "out" / "samples.json").exists()


def test_the_form_takes_minimum_confidences_by_class_and_says_what_they_keep(server):
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(30)])
    X = np.random.default_rng(0).normal(size=(30, 2))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=np.eye(2))
    shown = form(server, dataset, minimum_confidence="red: 0.7")
    assert "of 30 images have such a confidence" in shown["kept"]["view"]["label"]
    wrong = form(server, dataset, minimum_confidence="violet: 0.7")
    assert "names 'violet'" in wrong["minimum_confidence"]["error_message"]
    dataset.delete()


def test_a_python_call_takes_minimum_confidences_by_class(operator, dataset, tmp_path):
    name = dataset.first().auto_label.label
    least = {name: 1.0}
    result = operator(dataset, tmp_path / "out", "csv", images="none", minimum_confidence=least).result
    assert result["labels"]["all"][name] < dataset.count_values("auto_label.label")[name]
