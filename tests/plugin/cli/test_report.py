"""The command `report`: what a run on a dataset came to, as a folder."""

import csv
import json

import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from typer.testing import CliRunner


def run(*arguments):
    """Run a command as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def labels_in(folder):
    """Path → label."""
    with open(folder / "labels.csv", encoding="utf-8", newline="") as lines:
        return {line["path"]: line["label"] for line in csv.DictReader(lines)}


def test_a_report_says_what_the_run_wrote_and_labels_new_images(demo_dataset, tmp_path):
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    result = run("report", demo_dataset.name, "--output", tmp_path / "out")
    paths, labels = demo_dataset.values(["filepath", "auto_label.label"])
    assert (result.exit_code, "no prototypes" in result.stdout) == (0, False)
    assert labels_in(tmp_path / "out") == dict(zip(paths, labels, strict=True))
    assert labelling.run_key in result.stdout
    surest = int(np.argmax(demo_dataset.values("confidence")))
    answer = json.loads(run("predict", tmp_path / "out", paths[surest], "--json", "-q").stdout)
    assert answer[0]["label"] == labels[surest]


def test_a_report_is_of_the_run_that_is_named_whatever_was_written_since(demo_dataset, tmp_path):
    first = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    before = demo_dataset.values("auto_label.label")
    auto_label(demo_dataset, ["cat", "rocket"], encoder="offline")
    run("report", demo_dataset.name, "--run", first.run_key, "--output", tmp_path / "out", "-q")
    assert list(labels_in(tmp_path / "out").values()) == before


def test_a_run_with_answers_of_people_can_be_repeated_for_its_prototypes(demo_dataset, tmp_path):
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    demo_dataset.limit(20).tag_samples("approved")
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    result = run("report", demo_dataset.name, "--output", tmp_path / "out")
    assert (result.exit_code, "no prototypes" in result.stdout) == (0, False)
    images = json.loads((tmp_path / "out" / "metadata.json").read_text())["images"]
    assert sum(image.get("label_by") == "person" for image in images) == 20


def test_a_run_from_arrays_has_a_report_without_prototypes(demo_dataset, tmp_path):
    X = np.random.default_rng(0).normal(size=(len(demo_dataset), 8))
    auto_label(demo_dataset, ["a", "b"], embeddings=X, text_embeddings=np.eye(8)[:2])
    result = run("report", demo_dataset.name, "--output", tmp_path / "out")
    assert (result.exit_code, "It was made from arrays" in result.stdout) == (0, True)
    assert not (tmp_path / "out" / "classes.json").exists()


def test_a_run_on_objects_has_a_report_of_its_objects(scenes, tmp_path):
    classes = ["cat", "rocket", "cup of coffee"]
    labelling = auto_label(scenes, classes, encoder="offline", objects="ground_truth")
    result = run("report", scenes.name, "--output", tmp_path / "out")
    assert (result.exit_code, "The run labelled objects" in result.stdout) == (0, True)
    with open(tmp_path / "out" / "labels.csv", encoding="utf-8", newline="") as lines:
        rows = [(line["id"], line["path"], line["label"]) for line in csv.DictReader(lines)]
    paths, ids, labels = scenes.values(
        ["filepath", "auto_label_ground_truth.detections.id", "auto_label_ground_truth.detections.label"]
    )
    objects = zip(paths, ids, labels, strict=True)
    expected = [
        (one, path, label) for path, of, named in objects for one, label in zip(of, named, strict=True)
    ]
    assert sorted(rows) == sorted(expected)
    assert labelling.to_frame()["id"].tolist() == labelling.sample_ids
    assert "24 objects labelled with 3 classes" in (tmp_path / "out" / "report.txt").read_text()
    assert "24 objects labelled" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert [image["id"] for image in metadata["images"]] == labelling.sample_ids


@pytest.mark.parametrize(
    ("options", "sentence"),
    [((), "No run has labelled anything"), (("--run", "none"), "There is no run 'none'")],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(demo_dataset, tmp_path, options, sentence):
    result = run("report", demo_dataset.name, "--output", tmp_path / "out", *options)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()
