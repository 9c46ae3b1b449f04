"""The command `evaluate`: what a person types, reads and gets back."""

import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.cli.app import app
from typer.testing import CliRunner


def run(*arguments):
    """Run `evaluate` as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    command = ["evaluate", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


@pytest.fixture
def dataset(demo_dataset):
    """Demo photos that are labelled right, but for the cats, which are taken for coins."""
    truth = demo_dataset.values("ground_truth.label")
    labels = ["coins" if name == "cat" else name for name in truth]
    demo_dataset.set_values("auto_label", [fo.Classification(label=name, confidence=0.9) for name in labels])
    return demo_dataset


def test_the_tables_tell_accuracy_classes_and_errors(dataset):
    result = run(dataset.name, "--truth", "ground_truth")
    cats = dataset.count_values("ground_truth.label")["cat"]
    lines = [line.replace("│", " ").split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert ["Accuracy", f"{1 - cats / len(dataset):.1%}"] in lines
    assert ["Expected", "accuracy", "90.0%"] in lines
    assert ["cat", "0.0%", "0.0%", "0.0%", str(cats)] in lines
    assert ["cat", "coins", str(cats)] in lines
    assert "Stored on the dataset as auto_label_evaluation" in result.stdout


def test_everything_is_printed_as_json_when_asked_for(dataset):
    evaluation = json.loads(run(dataset.name, "--truth", "ground_truth", "--json").stdout)
    cats = dataset.count_values("ground_truth.label")["cat"]
    assert evaluation["confusions"] == [{"true": "cat", "label": "coins", "images": cats}]
    assert evaluation["n_images"] == len(dataset)


def test_a_saved_view_and_a_key_can_be_chosen(dataset):
    dataset.save_view("some", dataset.limit(10))
    options = ("--view", "some", "--key", "mine", "--json")
    assert json.loads(run(dataset.name, "--truth", "ground_truth", *options).stdout)["n_images"] == 10
    dataset.reload()
    assert dataset.list_evaluations() == ["mine"]


def test_labels_of_objects_are_counted_as_objects(scenes):
    X = np.random.default_rng(0).normal(size=(24, 4))
    auto_label(
        scenes,
        ["cat", "rocket", "cup of coffee"],
        embeddings=X,
        text_embeddings=np.eye(4)[:3],
        objects="ground_truth",
    )
    field = "auto_label_ground_truth"
    result = run(scenes.name, "--truth", "ground_truth", "--label-field", field)
    lines = [line.replace("│", " ").split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert ["Objects", "24"] in lines
    assert f"Stored on the objects in {field} as {field}_evaluation." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--truth", "truth"), "Error: There is no field 'truth' with one class per image"),
        (("--truth", "ground_truth", "--view", "none"), "Error: The dataset has no saved view 'none'"),
        (("--truth", "ground_truth", "--key", "confidence 1"), "Error: 'confidence 1' cannot be the key"),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(dataset, arguments, sentence):
    result = run(dataset.name, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1


def test_the_command_explains_itself():
    assert "--truth ground_truth" in run("--help").stdout
