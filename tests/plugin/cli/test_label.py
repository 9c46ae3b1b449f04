"""`label` on files: no FiftyOne, no database, and a folder with labels and a report."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.encoders.descriptions import read_classes
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from fiftyone_autolabel.plugin.run.inputs import Inputs
from fiftyone_autolabel.plugin.run.names import vocabulary
from typer.testing import CliRunner

REPORT = [
    "class_prototypes.npy",
    "classes.json",
    "classifier.npz",
    "labels.csv",
    "manifest.json",
    "metadata.json",
    "report.html",
    "report.txt",
]


def run(*arguments):
    """Run `label` as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    command = ["label", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


@pytest.fixture
def files(tmp_path):
    """Vectors of 40 images in two heaps, their paths, and vectors of two classes."""
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    X = np.eye(8)[truth] + 0.1 * rng.normal(size=(40, 8))
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "T.npy", np.eye(8)[:2])
    (tmp_path / "typo.yaml").write_text("iteratons: 3\n")
    names = ["even", "odd"]
    (tmp_path / "paths.txt").write_text("".join(f"{names[of]}-{row}.jpg\n" for row, of in enumerate(truth)))
    return tmp_path


@pytest.fixture
def options(files):
    """Options that name those files."""
    named = {"embeddings": "X.npy", "image-paths": "paths.txt", "text-embeddings": "T.npy", "output": "out"}
    given = [part for name, file in named.items() for part in (f"--{name}", str(files / file))]
    return ["-c", "even,odd", *given]


def labels_in(folder):
    """Path → label."""
    with open(folder / "labels.csv", encoding="utf-8", newline="") as lines:
        return {line["path"]: line["label"] for line in csv.DictReader(lines)}


def test_vectors_and_paths_become_a_folder_with_labels_and_a_report(files, options):
    assert run(*options).exit_code == 0
    assert sorted(os.listdir(files / "out")) == REPORT
    labels = labels_in(files / "out")
    assert len(labels) == 40
    assert all(path.startswith(label) for path, label in labels.items())


def test_neither_fiftyone_nor_a_database_is_touched(options):
    program = (
        "import sys\n"
        "from fiftyone_autolabel.plugin.cli.app import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'fiftyone', 'eta', 'mongoengine', 'pymongo', 'torch'} & set(sys.modules)\n"
    )
    nowhere = os.environ | {"FIFTYONE_DATABASE_URI": "mongodb://127.0.0.1:1"}
    command = [sys.executable, "-c", program, "label", *options]
    done = subprocess.run(command, env=nowhere, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_json_is_all_that_is_printed_when_it_is_asked_for(options, files):
    result = run(*options, "--json", "--quiet")
    assert json.loads(result.stdout)["classes"] == {"even": 20, "odd": 20}
    assert json.loads(result.stdout)["output"] == str(files / "out")
    assert result.stderr == ""


def test_quiet_prints_nothing(options):
    result = run(*options, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_settings_come_from_preset_file_and_options(options, files):
    (files / "settings.toml").write_text("iterations = 2\nseed = 3\n")
    given = ("--preset", "large", "--settings", files / "settings.toml", "--seed", 4, "--method", "prototype")
    settings = json.loads(run(*options, *given, "--json").stdout)["settings"]
    assert settings["clustering"] == "kmeans"
    assert (settings["iterations"], settings["seed"], settings["method"]) == (2, 4, "prototype")


def test_an_earlier_report_is_replaced_only_when_asked_for(options):
    assert run(*options).exit_code == 0
    again = run(*options)
    assert (again.exit_code, "exists" in again.stderr, again.stderr.count("\n")) == (2, True, 1)
    assert run(*options, "--overwrite").exit_code == 0


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twenty photos, and one that is damaged."""
    folder = tmp_path_factory.mktemp("photos")
    for photo in demo_photos(default_cache_folder() / "demo"):
        if photo.label in ("cat", "rocket") and photo.path.stem[-3:] < "010":
            shutil.copy(photo.path, folder / f"{photo.label}-{photo.path.name}")
    (folder / "damaged.jpg").write_text("no image")
    return folder


def test_a_folder_of_images_is_labelled_without_a_dataset(photos, tmp_path):
    result = run(photos, "-c", "cat,rocket", "--encoder", "offline", "--output", tmp_path / "out")
    labels = labels_in(tmp_path / "out")
    assert result.exit_code == 0
    assert labels.pop(str(photos / "damaged.jpg")) == ""
    assert all(f"/{label}-" in path for path, label in labels.items())


def test_a_damaged_image_counts_as_often_as_it_is_listed(photos, tmp_path):
    cat, damaged = photos / "cat-chelsea-000.jpg", photos / "damaged.jpg"
    (tmp_path / "paths.txt").write_text(f"{damaged}\n{cat}\n{cat}\n{damaged}\n")
    listed = ("--image-paths", tmp_path / "paths.txt", "--output", tmp_path / "out", "--json")
    outcome = json.loads(run("-c", "cat,rocket", "--encoder", "offline", *listed).stdout)
    assert (outcome["images_labelled"], outcome["images_failed"]) == (2, 2)
    with open(tmp_path / "out" / "labels.csv", encoding="utf-8", newline="") as lines:
        paths = [line["path"] for line in csv.DictReader(lines)]
    assert paths == [str(path) for path in (cat, cat, damaged, damaged)]
    assert "2 images could not be labelled" in (tmp_path / "out" / "report.txt").read_text()


UNKNOWN = (
    "The offline encoder does not know: dandelion (taken for Pickelhaube). Describe them, name them "
    "differently, or use OpenCLIP.\n"
)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_names_that_the_encoder_does_not_know_are_said_before_a_run(photos, tmp_path, more):
    command = [sys.executable, "-c", COMMAND_LINE, "label", str(photos), "-c", "daisy, dandelion"]
    given = ["--encoder", "offline", "--output", str(tmp_path / "out"), "--json", *more]
    done = subprocess.run([*command, *given], capture_output=True, text=True)
    assert done.returncode == 0
    assert UNKNOWN in done.stderr.partition("Embedding images")[0]
    assert json.loads(done.stdout)


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(photos, tmp_path):
    where = ("--encoder", "offline", "--output", tmp_path / "out", "--dry-run")
    result = run(photos, "-c", "cat,rocket", *where, "--json")
    cost = json.loads(result.stdout)
    assert (result.exit_code, cost["images"], cost["classes"]) == (0, len(list(photos.iterdir())), 2)
    assert cost["embed_seconds"] > 0
    assert cost["refine_seconds"] > 0
    assert cost["memory"] > 21 * 4 * 384
    assert not (tmp_path / "out").exists()
    assert "Nothing was written" in run(photos, "-c", "cat,rocket", *where).stdout


def test_a_preview_prints_the_labels_of_some_images_and_writes_nothing(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("fiftyone_autolabel.plugin.run.preview.N_IMAGES", 6)
    where = ("--encoder", "offline", "--output", tmp_path / "out", "--preview")
    rows = json.loads(run(photos, "-c", "cat,rocket", *where, "--json").stdout)["previewed"]
    assert len(rows) == len({row["path"] for row in rows}) == 6
    assert rows == sorted(rows, key=lambda row: row["confidence"])
    assert {row["label"] for row in rows} <= {"cat", "rocket"}
    assert not (tmp_path / "out").exists()
    assert "Nothing was written" in run(photos, "-c", "cat,rocket", *where).stdout


def test_a_dry_run_counts_reading_names_to_suggest_until_the_cache_has_them(photos, tmp_path):
    where = ("--encoder", "offline", "--output", tmp_path / "out", "--dry-run", "--json")

    def seconds(template: str) -> float:
        cost = json.loads(run(photos, "-c", "cat,rocket", "--template", template, *where).stdout)
        return cost["suggest_seconds"]

    assert seconds("{}, which no run has asked for") > 0
    texts = vocabulary(
        load_encoder("offline"), Inputs(classes=read_classes(["cat", "rocket"]), prompt_templates=["{}"])
    )
    load_encoder("offline").embed_texts(list(texts.values()))
    assert seconds("{}") == 0


COMMAND_LINE = "from fiftyone_autolabel.plugin.cli.app import app; app()"

TALKING = """
import sys
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.system.progress_bars import StageBars

def tell(self, stage, done, total):
    print(stage, done, flush=True, file=sys.__stdout__)

StageBars.__call__ = tell
app()
"""
"""A command line that prints its progress, so that a test can wait for it."""


@pytest.fixture
def many_photos(photos, tmp_path):
    """As many copies as are kept at a time, and then some that are no copies."""
    folder = tmp_path / "many"
    folder.mkdir()
    sources = [(photos / name).read_bytes() for name in sorted(os.listdir(photos)) if name != "damaged.jpg"]
    for number in range(256 + 96):
        content = sources[number % 8] if number < 256 else sources[number % 8] + b"%d" % number
        (folder / f"{number:03}.jpg").write_bytes(content)
    return folder


def test_ctrl_c_leaves_nothing_half_done_and_the_same_command_goes_on_from_there(many_photos, tmp_path):
    cache, out = tmp_path / "cache", tmp_path / "out"
    cache.mkdir()
    (cache / "offline").symlink_to(default_cache_folder() / "offline")
    options = ["-c", "cat,rocket", "--encoder", "offline", "--output", str(out)]
    start = {
        "args": [sys.executable, "-c", TALKING, "label", str(many_photos), *options],
        "env": os.environ | {"FIFTYONE_AUTOLABEL_CACHE": str(cache)},
        "text": True,
    }
    with subprocess.Popen(**start, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as stopped:
        while stopped.stdout.readline() not in ("embed 256\n", ""):
            pass
        stopped.send_signal(signal.SIGINT)
        _, errors = stopped.communicate(timeout=60)
    assert (stopped.returncode, errors.count("\n")) == (130, 1), errors
    assert "same command to continue" in errors
    assert sorted(os.listdir(tmp_path)) == ["cache", "many"]
    done = subprocess.run(**start, capture_output=True, check=True)
    assert list(dict.fromkeys(done.stdout.splitlines()))[:4] == ["load 0", "load 1", "embed 0", "embed 256"]
    assert len(labels_in(out)) == 352


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"paths.txt": "one.jpg\n"}, "There are 1 images but 40 image vectors"),
        ({"paths.txt": "\n"}, "There are no image paths in"),
        ({"X.npy": b"\x93NUMPY broken"}, "with image vectors cannot be read"),
        ({"X.npy": b"\x80\x04K\x01."}, "with image vectors cannot be read"),
        ({"T.npy": b""}, "with text vectors cannot be read"),
    ],
)
def test_unusable_files_are_answered_with_one_line_and_exit_code_2(files, options, change, sentence):
    for name, content in change.items():
        (files / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run(*options)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert sentence in result.stderr
    assert not (files / "out").exists()


def test_other_than_one_text_vector_per_class_are_refused_before_any_work(files, options):
    np.save(files / "T.npy", np.eye(8)[:3])
    result = run(*options)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "There are 2 class names but 3 text vectors" in result.stderr


def test_an_array_of_objects_is_never_unpickled(files, options):
    np.save(files / "X.npy", np.array([print] * 40, object), allow_pickle=True)
    result = run(*options)
    assert (result.exit_code, "no Python objects" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name a folder of images or a dataset, or give --image-paths"),
        (("{}", "--image-paths", "{}/paths.txt", "--output", "x"), "not both"),
        (("--image-paths", "{}/paths.txt"), "--image-paths needs --output"),
        (("--output", "x"), "Name a folder of images or a dataset, or give --image-paths"),
        (
            ("--image-paths", "{}/paths.txt", "--output", "x", "--encoder", "offline"),
            "40 of 40 images are missing, the first is even-0.jpg: correct the list",
        ),
        (("", "--encoder", "offline"), "Name a folder of images or a dataset, or give --image-paths"),
        (("--output", "x", "--dry-run"), "Name a folder of images or a dataset, or give --image-paths"),
        (("--image-paths", "{}/none.txt", "--output", "x"), "Cannot read the image paths in"),
        (("{}", "--output", "x"), "There are no images in"),
        (("quickstart", "--output", "x"), "'quickstart' is not a folder"),
        (("{}", "--output", "x", "--key", "second"), "--key is for datasets"),
        (("{}", "--output", "x", "--examples", "tags"), "--examples is for datasets"),
        (("{}", "--output", "x", "--embeddings", "clip"), "There are no images in"),
        (("{}", "--output", "x", "--iterations", "0"), "Setting iterations is 0 but must be"),
        (("{}", "--output", "x", "--method", "anchord"), "did you mean 'anchored'?"),
        (("{}", "--output", "x", "--encoder", "ofline"), "did you mean 'offline'?"),
        (("{}", "--output", "x", "--preset", "smal"), "did you mean 'small'?"),
        (("{}", "--output", "x", "--settings", "{}/typo.yaml"), "did you mean 'iterations'?"),
        (("{}", "--output", "x", "--settings", "{}/none.toml"), "none.toml: it cannot be read"),
        (("{}", "--output", "x", "-c", "cat"), "Class 'cat' is given twice"),
        (
            ("--image-paths", "{}/paths.txt", "--embeddings", "none.npy", "--output", "x"),
            "There is no file none.npy with image vectors",
        ),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(files, arguments, sentence):
    result = run("-c", "cat", *(argument.format(files) for argument in arguments))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert sentence in result.stderr


def test_a_vector_field_needs_a_dataset(photos, tmp_path):
    given = ("-c", "cat", "--output", tmp_path / "out", "--embeddings", "clip", "--encoder", "offline")
    assert "'clip' is not a .npy file" in run(photos, *given).stderr


def test_a_class_balance_of_another_class_is_refused_in_one_line(tmp_path):
    result = run(tmp_path, "-c", "cat, dog", "--class-balance", "bird: rare")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "The class balance names 'bird'" in result.stderr


def test_several_labels_an_image_stand_in_one_cell(options, files):
    assert run(*options, "--multilabel").exit_code == 0
    assert {*labels_in(files / "out").values()} <= {"even", "odd", "even|odd"}


def test_several_labels_an_image_are_not_for_ray(options):
    refused = run(*options, "--multilabel", "--engine", "ray")
    assert refused.exit_code != 0
    assert "cannot be used with --engine ray" in refused.stderr
