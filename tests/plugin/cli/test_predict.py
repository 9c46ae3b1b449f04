"""The command `predict`: new images by the prototypes of an earlier run."""

import csv
import io
import json
import shutil

import numpy as np
import pytest
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from typer.testing import CliRunner


def run(*arguments):
    """Run a command as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def photos(folder, numbers):
    """Cats and rockets of some numbers, in a folder."""
    folder.mkdir()
    for photo in demo_photos(default_cache_folder() / "demo"):
        if photo.label in ("cat", "rocket") and int(photo.path.stem[-3:]) in numbers:
            shutil.copy(photo.path, folder / f"{photo.label}-{photo.path.name}")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Prototypes from some photos in `report`, and other photos in `new`, of which one is damaged."""
    place = tmp_path_factory.mktemp("predict")
    old = photos(place / "old", range(10))
    (photos(place / "new", range(10, 15)) / "damaged.jpg").write_text("no image")
    assert (
        run("label", old, "-c", "cat,rocket", "--encoder", "offline", "--output", place / "report").exit_code
        == 0
    )
    return place


def test_new_images_are_labelled_and_a_damaged_one_costs_only_itself(place):
    result = run("predict", place / "report", place / "new")
    lines = {line["path"]: line for line in csv.DictReader(io.StringIO(result.stdout))}
    damaged = lines.pop(str(place / "new" / "damaged.jpg"))
    assert result.exit_code == 0
    assert len(lines) == 10
    assert all(f"/{line['label']}-" in path for path, line in lines.items())
    assert (damaged["label"], "damaged.jpg" in damaged["error"]) == ("", True)


def test_one_image_can_be_labelled_as_json(place):
    image = next((place / "new").glob("cat-*"))
    (answer,) = json.loads(run("predict", place / "report", image, "--json", "--quiet").stdout)
    assert answer["label"] == "cat"
    assert answer["second_choice"] == "rocket"
    assert 0.5 <= answer["confidence"] <= 1


def test_labels_go_into_a_file_which_is_replaced_only_when_asked_for(place, tmp_path):
    command = ("predict", place / "report", place / "new", "--output", tmp_path / "labels.json")
    first = run(*command)
    assert (first.exit_code, "10 images, 1 could not be labelled" in first.stdout) == (0, True)
    assert len(json.loads((tmp_path / "labels.json").read_text())) == 11
    assert run(*command).exit_code == 2
    assert run(*command, "--overwrite").exit_code == 0
    (tmp_path / "labels.json").write_text("{}")
    refused = run(*command, "--overwrite")
    assert (refused.exit_code, "holds something else" in refused.stderr) == (2, True)


def test_another_version_of_the_encoder_is_refused(place, tmp_path):
    shutil.copytree(place / "report", tmp_path / "report")
    words = json.loads((tmp_path / "report" / "classes.json").read_text())
    (tmp_path / "report" / "classes.json").write_text(json.dumps(words | {"encoder_version": "0"}))
    result = run("predict", tmp_path / "report", place / "new")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "made with version 0 of the encoder offline, and here it has version" in result.stderr


@pytest.fixture
def vectors(tmp_path):
    """Vectors of two classes of images, and a report that was made from them."""
    rng = np.random.default_rng(0)
    X = np.eye(8)[np.arange(40) % 2] + 0.1 * rng.normal(size=(40, 8))
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "T.npy", np.eye(8)[:2])
    (tmp_path / "paths.txt").write_text("\n".join(f"{row}.jpg" for row in range(40)))
    files = ("--embeddings", tmp_path / "X.npy", "--text-embeddings", tmp_path / "T.npy")
    where = ("--image-paths", tmp_path / "paths.txt", "--output", tmp_path / "report")
    assert run("label", "-c", "even,odd", *files, *where).exit_code == 0
    return tmp_path


def test_vectors_are_labelled_by_row_or_by_path(vectors):
    command = ("predict", vectors / "report", vectors / "X.npy", "--json", "-q")
    rows = json.loads(run(*command).stdout)
    named = json.loads(run(*command, "--image-paths", vectors / "paths.txt").stdout)
    assert [each["label"] for each in rows] == ["even", "odd"] * 20
    assert (rows[3]["path"], named[3]["path"]) == ("row 3", "3.jpg")


def test_prototypes_of_given_vectors_cannot_label_images(vectors, place):
    result = run("predict", vectors / "report", place / "new")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "made from vectors of your own" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{}", "{}/X.npy"), "holds no saved prototypes"),
        (("{}/report", "{}/none"), "There is no folder or image"),
        (("{}/report", "{}/none.npy"), "There is no file"),
        (("{}/report", "{}/T3.npy"), "3 dimensions"),
        (("{}/report", "{}/report"), "There are no images in"),
        (("{}/report", "{}/X.npy", "--output", "{}/no/x.csv"), "cannot be written"),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(vectors, arguments, sentence):
    np.save(vectors / "T3.npy", np.ones((2, 3)))
    result = run("predict", *(argument.format(vectors) for argument in arguments), "-q")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert sentence in result.stderr
