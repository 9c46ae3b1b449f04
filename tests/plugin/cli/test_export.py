"""The command `export`: what a person types, reads and gets back."""

import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.cli.export import FORMATS, IMAGE_MODES
from fiftyone_autolabel.plugin.export.options import Format, ImageMode
from typer.testing import CliRunner


def run(*arguments):
    """Run `export` as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    command = ["export", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


@pytest.fixture
def dataset(demo_dataset):
    """Demo photos that are labelled right, but for the last, which has no label."""
    truth = demo_dataset.values("ground_truth.label")
    labels = [fo.Classification(label=label, confidence=0.9) for label in truth[:-1]]
    demo_dataset.set_values("auto_label", [*labels, None])
    return demo_dataset


def test_the_help_names_every_format_and_every_way_to_take_images():
    assert set(FORMATS) == {one.value for one in Format}
    assert set(IMAGE_MODES) == {one.value for one in ImageMode}


def test_a_dataset_becomes_class_folders(dataset, tmp_path):
    result = run(dataset.name, tmp_path / "out")
    assert result.exit_code == 0
    assert len(list((tmp_path / "out").glob("*/*.jpg"))) == len(dataset) - 1
    assert f"Exported to {tmp_path / 'out'}" in result.stdout


def test_the_table_counts_classes_splits_and_what_was_left_out(dataset, tmp_path):
    result = run(dataset.name, tmp_path / "out", "-f", "yolo-classification")
    header, cat = (
        next(line for line in result.stdout.splitlines() if word in line) for word in ("train", "cat")
    )
    assert [word for word in header.split() if word.isalpha()] == ["Class", "train", "val", "test"]
    counts = [int(word) for word in cat.split() if word.isdigit()]
    assert sum(counts) == dataset.count_values("auto_label.label")["cat"]
    assert "left out, without a label: 1" in result.stdout


def test_every_option_is_passed_on(dataset, tmp_path):
    dataset.save_view("first", dataset.limit(40))
    options = ("--splits", "60,20,20", "--seed", 3, "--split-tags", "--images", "symlink", "--view", "first")
    result = run(dataset.name, tmp_path / "out", "--format", "csv", "--label-field", "ground_truth", *options)
    assert result.exit_code == 0
    dataset.reload()
    assert sum(dataset.count_sample_tags().values()) == 40
    assert all(path.is_symlink() for path in (tmp_path / "out" / "data").iterdir())


def test_labels_that_nobody_checked_are_left_out_when_asked_for(dataset, tmp_path):
    dataset.limit(3).tag_samples("approved")
    options = ("--approved-only", "--min-confidence", 0.95)
    assert "Exported images: 3" in run(dataset.name, tmp_path / "out", "-f", "csv", *options).stdout


def test_progress_is_kept_out_of_the_output(dataset, tmp_path):
    result = run(dataset.name, tmp_path / "out")
    assert "Writing files" in result.stderr
    assert "Writing files" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--format", "voc"), "Error: There is no export format 'voc'"),
        (("--splits", "most"), "Error: Give shares of train, val and test like 80, 10, 10, not 'most'"),
        (("--min-confidence", "2"), "Error: The minimum confidence is 2.0"),
        (("--view", "none"), "Error: The dataset has no saved view 'none'"),
        (("--label-field", "guess"), "Error: There is no field 'guess' of classes or boxes"),
        (
            ("--near-duplicates", "0.9", "--splits", "1,1,1", "--embeddings", "x"),
            "Error: There is no vector field",
        ),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(dataset, tmp_path, arguments, sentence):
    result = run(dataset.name, tmp_path / "out", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_earlier_export_is_replaced_only_when_asked_for(dataset, tmp_path):
    run(dataset.name, tmp_path / "out")
    refused = run(dataset.name, tmp_path / "out")
    assert refused.exit_code == 2
    assert "exists: choose another folder, or give --overwrite." in refused.stderr
    assert run(dataset.name, tmp_path / "out", "--overwrite").exit_code == 0


def test_classes_are_taken_in_the_order_in_which_they_are_typed(dataset, tmp_path):
    names = [*sorted(set(dataset.values("ground_truth.label")), reverse=True), "unicorn"]
    result = run(dataset.name, tmp_path / "out", "-f", "coco", "--classes", ", ".join(names))
    assert json.loads((tmp_path / "out" / "classes.json").read_text())["classes"] == names
    assert "No labels of unicorn." in result.stdout


def test_something_else_in_an_earlier_export_is_never_deleted(dataset, tmp_path):
    run(dataset.name, tmp_path / "out")
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    result = run(dataset.name, tmp_path / "out", "--overwrite")
    assert (result.exit_code, "also holds thesis.tex" in result.stderr) == (2, True)
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"


def test_what_a_minimum_confidence_keeps_is_told(tmp_path):
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(30)])
    X = np.random.default_rng(0).normal(size=(30, 2))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=np.eye(2))
    folder, least = tmp_path / "out", "red: 0.7, green: 0.8"
    options = ("-f", "csv", "--images", "none", "--min-confidence", least, "--json")
    told = json.loads(run(dataset.name, folder, *options).stdout)
    assert told["kept"]["count"] == told["images"]["all"]
    assert 0.7 < told["kept"]["expected_accuracy"] < 1
    dataset.delete()
