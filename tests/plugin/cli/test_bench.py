"""The command `bench`: what labelling costs here, and how good it is on images whose classes are known."""

import json
import shutil
import tracemalloc

import numpy as np
import pytest
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo import bench
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from typer.testing import CliRunner

SMALL = ("--images", "300", "--dimensions", "16", "--classes", "3")


def run(*arguments):
    """Run `bench` as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, ["bench", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten photos of two classes each, and a file that is no image."""
    folder = tmp_path_factory.mktemp("classes")
    for photo in demo_photos(default_cache_folder() / "demo"):
        if photo.label in ("cat", "rocket") and photo.path.stem[-3:] < "010":
            (folder / photo.label).mkdir(exist_ok=True)
            shutil.copy(photo.path, folder / photo.label)
    (folder / "cat" / "damaged.jpg").write_text("no image")
    return folder


def test_every_step_of_the_engine_is_timed_and_the_most_memory_by_its_end_taken():
    outcome = json.loads(run(*SMALL, "--json").stdout)
    assert (outcome["images"], outcome["dimensions"], outcome["classes"]) == (300, 16, 3)
    assert outcome["embeddings"] == 300 * 16 * 4
    names = ["zero-shot", "clusters (hdbscan)", "refinement (anchored)"]
    assert [step["name"] for step in outcome["steps"]] == names
    assert all(step["seconds"] > 0 for step in outcome["steps"])
    memory = [step["memory"] for step in outcome["steps"]]
    assert 0 <= memory[0] <= memory[1] <= memory[2]


def test_folders_of_class_folders_are_labelled_by_every_method(folder):
    (quality,) = json.loads(run(folder, "--encoder", "offline", "--json").stdout)
    assert (quality["images"], quality["classes"], quality["encoder"]) == (20, 2, "offline")
    assert [each["method"] for each in quality["methods"]] == ["anchored", "prototype"]
    assert all(each["accuracy"] > 0.9 for each in quality["methods"])


def test_a_table_is_shown_unless_all_is_to_be_quiet(folder):
    shown = run(folder, "--encoder", "offline").stdout
    assert f"{folder.name}: 20 images, 2 classes, encoder offline" in shown
    assert "300 images, 16 dimensions, 3 classes" in run(*SMALL).stdout
    assert run(folder, "--encoder", "offline", "--quiet").output == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--images", "0"), "--images is 0: give a whole number from 1."),
        (("--images", 10**11), "These sizes need about 239,164.1 GiB of memory, and "),
        (("--classes", 10**7), "These sizes need about"),
        (("--dimensions", 10**12), "These sizes need about"),
        (("nowhere",), "nowhere holds no images: give a folder with one folder of images per class."),
        (("nowhere", "--classes", "3"), "--classes is for random vectors"),
        (("nowhere", "--encoder", "ofline"), "nowhere holds no images"),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(arguments, sentence):
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert sentence in result.stderr


def test_an_encoder_that_does_not_exist_is_refused(folder):
    assert "did you mean 'offline'?" in run(folder, "--encoder", "ofline").stderr


def test_a_folder_of_damaged_images_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "damaged.jpg").write_text("no image")
    result = run(tmp_path, "--encoder", "offline")
    assert (result.exit_code, "None of the 1 images" in result.stderr) == (2, True)


def test_a_machine_that_counts_its_memory_late_shows_no_negative_number(monkeypatch):
    monkeypatch.setattr(bench, "peak_bytes", lambda: 0)
    costs = bench.Costs(np.zeros((3, 2), np.float32))
    costs.add("zero-shot", 0.1)
    assert costs.steps[0].memory == 0


def test_few_vectors_are_not_held_against_the_memory_of_libraries():
    rows = [line for line in run(*SMALL).stdout.splitlines() if "zero-shot" in line]
    assert rows[0].split("│")[-2].strip() == "–"


def test_the_memory_that_is_asked_for_is_about_what_is_needed():
    images, dimensions, classes = 2_000, 64, 2_000
    X, T = bench.make_features(images, dimensions, classes)
    bench.refine(X[:50], T[:5])  # what libraries keep is not counted
    tracemalloc.start()
    bench.refine(X, T)
    peak = tracemalloc.get_traced_memory()[1] + X.nbytes
    tracemalloc.stop()
    assert 0.5 < bench.bytes_to_measure(images, dimensions, classes) / peak < 2
