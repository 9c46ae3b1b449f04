"""Tasks as Label Studio documents them, and its annotations as reviews of a run."""

import json
from xml.etree import ElementTree

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import ExportOptions, InputError, auto_label, export_labels, read_label_studio

from .conftest import add_image


@pytest.fixture
def run(tmp_path):
    """Four images, each with a box, and a run over the images and one over the boxes."""
    dataset = fo.Dataset()
    for number in range(4):
        sample = add_image(dataset, tmp_path / "images" / f"{number} &.png", None)
        box = fo.Detection(bounding_box=[0.25, 0.5, 0.5, 0.25])
        sample["boxes"] = fo.Detections(detections=[box])
        sample.save()
    given = {"embeddings": np.eye(2)[[0, 0, 1, 1]], "text_embeddings": np.eye(2)}
    auto_label(dataset, ["cat", "dog"], **given)
    auto_label(dataset, ["cat", "dog"], objects="boxes", **given)
    yield dataset
    dataset.delete()


def export(dataset, folder, label_field="auto_label"):
    return export_labels(dataset, folder, "label-studio", options=ExportOptions(label_field=label_field)).path


def first_task(folder):
    return json.loads((folder / "tasks.json").read_text(encoding="utf-8"))[0]


def annotate(folder, name):
    """What Label Studio exports when a person has changed the first prediction and left the others."""
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    result = tasks[0]["predictions"][0]["result"][0]
    result["value"][result["type"]] = [name]
    tasks[0]["annotations"] = [{"result": [result], "was_cancelled": False}]
    for other in tasks[1:]:
        other["annotations"] = []
    path = folder.parent / "answers.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_a_task_has_the_class_as_a_prediction_with_its_score(run, tmp_path):
    first, label = first_task(export(run, tmp_path / "out")), run.first().auto_label
    assert first["data"] == {"image": "/data/local-files/?d=data/0%20%26.png", "sample_id": run.first().id}
    assert first["predictions"][0]["score"] == pytest.approx(label.confidence)
    assert first["predictions"][0]["result"][0]["value"] == {"choices": [label.label]}


def test_a_box_is_in_percent_of_an_image_of_known_size(run, tmp_path):
    (result,) = first_task(export(run, tmp_path / "out", "auto_label_boxes"))["predictions"][0]["result"]
    assert (result["original_width"], result["original_height"]) == (16, 12)
    corners = {"x": 25, "y": 50, "width": 50, "height": 25}
    assert {name: result["value"][name] for name in corners} == corners


@pytest.mark.parametrize(("field", "tag"), [("auto_label", "Choice"), ("auto_label_boxes", "Label")])
def test_the_labelling_interface_offers_the_classes(run, tmp_path, field, tag):
    folder = export(run, tmp_path / "out", field)
    tree = ElementTree.parse(folder / "labels.xml")
    assert [each.get("value") for each in tree.iter(tag)] == ["cat", "dog"]


@pytest.mark.parametrize("field", ["auto_label", "auto_label_boxes"])
def test_an_annotation_is_read_back_as_a_review(run, tmp_path, field):
    answers = read_label_studio(run, annotate(export(run, tmp_path / "out", field), "fox"), field)
    assert (answers.n_reviewed, answers.n_passed_over) == (1, 0)
    label = run.first()[field]
    assert (label if field == "auto_label" else label.detections[0]).label == "fox"
    assert run.count(f"{field}_corrected") == 1


def test_an_annotation_of_a_sample_that_is_gone_is_counted(run, tmp_path):
    answers = annotate(export(run, tmp_path / "out"), "fox")
    run.delete_samples(run.first().id)
    assert read_label_studio(run, answers).n_passed_over == 1


@pytest.mark.parametrize("text", ["no json", "[1]", '[{"data": {}}]', "7"])
def test_what_is_not_an_export_of_label_studio_is_refused(run, tmp_path, text):
    (tmp_path / "answers.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not an export of Label Studio"):
        read_label_studio(run, tmp_path / "answers.json")
