"""What all commands have in common: help with examples, --json, --quiet, and how they take a bare folder."""

import json
import shutil
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
import typer
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.dataset.folder import opened_source
from fiftyone_autolabel.plugin.encoders.packing import pack_encoder
from PIL import Image
from typer.testing import CliRunner

COMMANDS = typer.main.get_command(app).commands
DATA = ("predict",)
"""Commands whose outcome is data, which --quiet prints too."""


def run(*arguments):
    """Run a command as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Vectors of 40 images in two heaps, vectors of two classes, and a report on them."""
    folder = tmp_path_factory.mktemp("files")
    truth = np.arange(40) % 2
    np.save(folder / "X.npy", np.eye(8)[truth] + 0.1 * np.random.default_rng(0).normal(size=(40, 8)))
    np.save(folder / "T.npy", np.eye(8)[:2])
    (folder / "paths.txt").write_text("".join(f"{row}.jpg\n" for row in range(40)))
    given = ("--embeddings", folder / "X.npy", "--text-embeddings", folder / "T.npy", "-c", "even,odd")
    made = run("label", *given, "--image-paths", folder / "paths.txt", "--output", folder / "report")
    assert made.exit_code == 0
    return folder


@pytest.fixture(scope="module")
def template(files):
    """Forty samples with true classes, labelled by one run."""
    template = fo.Dataset()
    truth = [fo.Classification(label=("even", "odd")[row % 2]) for row in range(40)]
    template.add_samples([fo.Sample(filepath=f"/{row}.jpg", truth=truth[row]) for row in range(40)])
    given = ("--embeddings", files / "X.npy", "--text-embeddings", files / "T.npy", "-c", "even,odd")
    assert run("label", template.name, *given, "-q").exit_code == 0
    yield template
    template.delete()


@pytest.fixture
def dataset(template):
    """The same, for one command to change."""
    dataset = template.clone()
    yield dataset
    if not dataset.deleted:
        dataset.delete()


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A pack of weights of CLIP that are in the hub's cache; they are empty."""
    repository = tmp_path / "hub" / "models--timm--vit_base_patch32_clip_224.openai"
    (repository / "snapshots" / "abc").mkdir(parents=True)
    (repository / "snapshots" / "abc" / "open_clip_model.safetensors").write_bytes(b"")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return pack_encoder("ViT-B-32/openai", tmp_path / "packed.zip").path


@pytest.fixture
def learnt(files, tmp_path):
    """The report on vectors, as if an encoder had made them."""
    words = shutil.copytree(files / "report", tmp_path / "learnt") / "classes.json"
    words.write_text(json.dumps(json.loads(words.read_text()) | {"encoder": "offline"}))
    return words.parent


@pytest.fixture
def arguments(dataset, files, weights, learnt, tmp_path, monkeypatch):
    """Command → arguments that it does something with."""
    monkeypatch.setattr(fo.config, "plugins_dir", str(tmp_path / "plugins"))
    vectors = ("--embeddings", files / "X.npy", "--text-embeddings", files / "T.npy", "-c", "even,odd")
    return {
        "label": (dataset.name, *vectors),
        "predict": (files / "report", files / "X.npy"),
        "audit": (dataset.name,),
        "evaluate": (dataset.name, "--truth", "truth"),
        "check-labels": (dataset.name, "--label-field", "truth", "--embeddings", files / "X.npy"),
        "export": (dataset.name, tmp_path / "exported", "--format", "csv", "--images", "none"),
        "export-model": (learnt, "model", "--output", tmp_path / "model"),
        "report": (dataset.name, "--output", tmp_path / "reported"),
        "runs": (dataset.name,),
        "delete-run": (dataset.name, "auto_label_1", "--yes"),
        "bench": ("--images", 300, "--dimensions", 16, "--classes", 3),
        "demo": ("--no-app", "--encoder", "offline"),
        "install": (),
        "pack-encoder": ("openclip:ViT-B-32/openai", tmp_path / "again.zip"),
        "install-encoder": (weights,),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"fiftyone-autolabel {command}" in result.stdout.partition("Example")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_all_that_any_command_prints_when_it_is_asked_for(command, arguments):
    result = run(command, *arguments[command], "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_quiet_leaves_only_data(command, arguments):
    result = run(command, *arguments[command], "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert bool(result.stdout) == (command in DATA)


@pytest.mark.parametrize("command", COMMANDS)
def test_quiet_and_json_go_together(command, arguments):
    result = run(command, *arguments[command], "--quiet", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)


ON_A_FOLDER = {
    "runs": (),
    "audit": (),
    "export": ("exported",),
    "evaluate": ("--truth", "truth"),
    "check-labels": (),
    "report": ("--output", "reported"),
    "delete-run": ("auto_label_1", "--yes"),
}
"""Command → what it needs beside a folder."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with an image, below the present one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "holiday" / "a.jpg")
    return tmp_path / "holiday"


@pytest.mark.parametrize("command", ON_A_FOLDER)
def test_a_folder_that_nobody_has_labelled_is_refused_and_becomes_no_dataset(command, folder):
    before = fo.list_datasets()
    result = run(command, folder, *ON_A_FOLDER[command])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "No dataset was made from the folder" in result.stderr
    assert (fo.list_datasets(), [path.name for path in Path().iterdir()]) == (before, ["holiday"])


@pytest.mark.parametrize("command", ON_A_FOLDER)
def test_a_name_that_is_empty_is_not_the_present_folder(command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = run(command, "", *ON_A_FOLDER[command])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: '' is neither a folder nor a FiftyOne dataset")


@pytest.mark.parametrize("command", ON_A_FOLDER)
def test_a_dataset_is_found_by_its_folder_whatever_its_name(command, folder):
    with opened_source(str(folder), "summer") as dataset:
        pass
    result = run(command, folder, *ON_A_FOLDER[command])
    dataset.delete()
    assert "No dataset was made" not in result.stderr
    assert "summer" not in result.stderr


def test_of_several_datasets_of_a_folder_one_has_to_be_named(folder):
    for name in ("first", "second"):
        with opened_source(str(folder), name):
            pass
    result = run("runs", folder)
    assert (result.exit_code, "name one of first, second" in result.stderr) == (2, True)
    for name in ("first", "second"):
        fo.delete_dataset(name)
