"""The command line: what a person types, reads and gets back."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.system.progress_bars import StageBars
from typer.testing import CliRunner


def run(*arguments):
    """Run a command line as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six cats, six rockets and a damaged image, in a folder that is called "album"."""
    folder = tmp_path_factory.mktemp("photos") / "album"
    folder.mkdir()
    for photo in demo_photos(default_cache_folder() / "demo"):
        if photo.label in ("cat", "rocket") and photo.path.stem[-3:] < "006":
            shutil.copy(photo.path, folder / f"{photo.label}-{photo.path.name}")
    (folder / "damaged.jpg").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def labelled(folder):
    """The result of labelling the folder in the simplest way."""
    return run("label", folder, "--classes", "cat, rocket", "--encoder", "offline")


def test_a_folder_is_labelled_from_class_names(labelled):
    paths, labels = fo.load_dataset("album").values(["filepath", "auto_label.label"])
    right = [Path(path).name.startswith(label) for path, label in zip(paths, labels, strict=True) if label]
    assert (labelled.exit_code, set(right)) == (0, {True})


def test_no_share_is_shown_as_certain_that_is_not(labelled):
    shown = [line for line in labelled.stdout.splitlines() if "Expected to be right" in line]
    assert len(shown) > 1
    assert not any("100%" in line or "100.0%" in line for line in shown)


def test_a_damaged_image_is_named_and_the_others_are_labelled(labelled, folder):
    assert fo.load_dataset("album").count("auto_label.label") == len(list(folder.iterdir())) - 1
    assert "damaged.jpg" in labelled.stdout


def test_the_summary_says_how_to_see_the_labels(labelled):
    assert "fiftyone app launch album" in labelled.stdout


def test_progress_is_kept_out_of_the_output(labelled):
    assert re.search(r"Embedding images +━", labelled.stderr)
    assert "━" not in "".join(line for line in labelled.stdout.splitlines() if "Embedding" in line)


def test_classes_can_come_from_options_and_a_file_and_fields_can_be_named(folder, tmp_path):
    (tmp_path / "classes.txt").write_text("rocket, on its launch pad\n\n")
    classes = ("-c", "cat", "--classes-file", tmp_path / "classes.txt")
    fields = ("--label-field", "guess", "--confidence-field", "sureness")
    result = run("label", folder, *classes, *fields, "--name", "named by hand", "--encoder", "offline")
    assert "fiftyone app launch 'named by hand'" in result.stdout
    dataset = fo.load_dataset("named by hand")
    assert dataset.distinct("guess.label") == ["cat", "rocket, on its launch pad"]
    assert dataset.count("sureness") == dataset.count("guess.label")


def test_a_class_may_be_described_in_an_option_or_in_the_file(folder, tmp_path):
    (tmp_path / "classes.txt").write_text("ship, in space: rocket, space shuttle\n")
    classes = ("-c", "pet: cat, kitten", "-c", "boat, house", "--classes-file", tmp_path / "classes.txt")
    assert run("label", folder, *classes, "--name", "described", "--encoder", "offline").exit_code == 0
    dataset = fo.load_dataset("described")
    config = dataset.get_run_info("auto_label_1").config
    assert config.classes == ["pet", "boat", "house", "ship, in space"]
    assert config.descriptions == [["cat", "kitten"], [], [], ["rocket", "space shuttle"]]
    assert {"pet", "ship, in space"} <= set(dataset.distinct("auto_label.label"))


def test_templates_second_encoder_and_clusters_are_options(labelled):
    dataset = fo.load_dataset("album")
    dataset.set_values("cluster", [number % 2 for number in range(len(dataset))])
    templates = ("--template", "a photo of a {}", "--template", "a {} outdoors")
    second = ("--second-encoder", "offline", "--clusters", "cluster", "--label-field", "second")
    result = run("label", "album", "-c", "cat,rocket", *templates, "--encoder", "offline", *second)
    config = dataset.get_run_info("second_1").config
    assert config.prompt_templates == ["a photo of a {}", "a {} outdoors"]
    assert (config.second_encoder, config.clusters) == ("offline", "cluster")
    assert re.search(r"Second image encoder.*offline", result.stdout)


def test_objects_are_labelled_one_by_one(scenes):
    given = ("--objects", "ground_truth", "--margin", "0.2", "--encoder", "offline")
    result = run("label", scenes.name, "-c", "cat,rocket,cup of coffee", *given)
    assert re.search(r"Objects labelled.*24", result.stdout)
    scenes.reload()
    assert scenes.count("auto_label_ground_truth.detections.label") == 24
    assert scenes.get_run_info("auto_label_ground_truth_1").config.margin == 0.2


def test_objects_that_are_not_there_are_answered_with_one_line(scenes):
    result = run("label", scenes.name, "-c", "cat,rocket", "--objects", "nothing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no field 'nothing' of boxes or shapes" in result.stderr


def test_vectors_come_from_files(labelled, tmp_path):
    dataset = fo.load_dataset("album")
    is_cat = np.array([Path(path).name.startswith("cat") for path in dataset.values("filepath")])
    np.save(tmp_path / "X.npy", np.where(is_cat[:, None], [1.0, 0.1], [0.1, 1.0]))
    np.save(tmp_path / "T.npy", np.eye(2))
    files = ("--embeddings", tmp_path / "X.npy", "--text-embeddings", tmp_path / "T.npy")
    second = ("--second-embeddings", tmp_path / "X.npy", "--label-field", "given")
    assert run("label", "album", "-c", "cat,rocket", *files, *second).exit_code == 0
    expected = np.where(is_cat, "cat", "rocket").tolist()
    assert dataset.values("given.label") == expected


def test_names_are_shown_as_they_were_given(tmp_path):
    photo = next(photo for photo in demo_photos(default_cache_folder() / "demo") if photo.label == "cat")
    shutil.copy(photo.path, tmp_path / "cat.jpg")
    (tmp_path / "do[g].jpg").write_text("no image")
    result = run("label", tmp_path, "-c", "ca[t]/[/x]", "--name", "with brackets", "--encoder", "offline")
    assert (result.exit_code, "ca[t]/[/x]" in result.stdout, "do[g].jpg" in result.stdout) == (0, True, True)


def test_classes_without_images_are_counted_and_some_are_named_in_one_line(folder):
    classes = ",".join(["cat", "rocket", *(f"kind {number} of boat" for number in range(40))])
    result = run("label", folder, "-c", classes, "--name", "few of many", "--encoder", "offline")
    used = len(fo.load_dataset("few of many").distinct("auto_label.label"))
    assert f"{42 - used} classes without images" in result.stdout
    assert len(re.findall(r"kind \d+ of boat", result.stdout)) <= used + 5


def test_a_class_without_images_is_named(folder):
    vectors = folder.parent / "album.npy"
    np.save(vectors, np.tile([1.0, 0.1], (13, 1)))
    np.save(folder.parent / "names.npy", np.eye(2))
    given = ("--embeddings", vectors, "--text-embeddings", folder.parent / "names.npy")
    result = run("label", folder, "-c", "cat, rocket", *given, "--output", folder.parent / "one of two")
    assert "All 13 images are labelled 'cat', one of 2 classes" in result.stdout


def test_the_accuracy_of_a_single_class_is_not_shown_as_certain(folder):
    vectors = folder.parent / "alone.npy"
    np.save(vectors, np.eye(13))
    np.save(folder.parent / "name.npy", np.ones((1, 13)))
    given = ("--embeddings", vectors, "--text-embeddings", folder.parent / "name.npy")
    result = run("label", folder, "-c", "cat", *given, "--output", folder.parent / "alone")
    assert "unknown, as there is only one class" in result.stdout
    assert "With one class every image gets that label" in result.stdout
    shown = [line for line in result.stdout.splitlines() if "Expected to be right" in line]
    assert not any("100%" in line for line in shown)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("label", "nowhere", "-c", "cat"), "Error: 'nowhere' is neither a folder nor a FiftyOne dataset"),
        (("label", "nowhere"), "Error: No classes given: name them with --classes or --classes-file."),
        (("label", "nowhere", "-c", "cat,cat"), "Error: Class 'cat' is given twice: remove one of them."),
        (("label", "nowhere", "-c", ": puppy"), "Error: Class name number 1 is blank"),
        (
            ("label", "nowhere", "-c", "cat, dog: puppy"),
            "Error: 'cat, dog' are several classes before a colon",
        ),
        (("label", "nowhere", "-c", "cat", "--template", "a photo"), "Error: The prompt template 'a photo'"),
        (
            ("label", "nowhere", "-c", "cat", "--second-encoder", "dino"),
            "Error: There is no encoder 'dino'",
        ),
        (
            ("label", "nowhere", "--classes-file", "none.txt"),
            "Error: Cannot read the class names in none.txt",
        ),
        (("label", "nowhere", "-c", "cat", "--preset", "huge"), "Error: Unknown preset 'huge'"),
        (("demo", "--source", "imagenet"), "Error: There is no demo 'imagenet'"),
        (("labl",), "Error: No such command 'labl'."),
        (("--nope",), "Error: No such option: --nope"),
        (("label", "--nope"), "Error: No such option: --nope"),
        (("export", "album"), "Error: Missing argument"),
        (("bench", "--images", "few"), "Error: Invalid value for '--images'"),
        (("label", "--margin"), "Error: Option '--margin' requires an argument."),
    ],
)
def test_bad_input_is_answered_with_one_line_and_exit_code_2(arguments, sentence):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1


def test_a_command_that_is_misspelt_is_shown_where_its_help_is():
    assert run("label", "--nope").stderr.endswith(" label --help.\n")


def test_without_any_words_the_help_is_shown():
    result = run()
    assert (result.exit_code, "Commands" in result.stdout) == (0, True)


def test_the_version_is_that_of_the_installed_package():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"{version('fiftyone-autolabel')}\n")


@pytest.mark.parametrize("command", [(), ("label",)])
def test_the_short_option_for_help_is_understood(command):
    assert run(*command, "-h").stdout == run(*command, "--help").stdout != ""


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("exp", ["export", "export-model"]),
        ("label --classes-", ["--classes-file"]),
        ("label album --encoder off", ["offline"]),
        ("label album --preset s", ["small"]),
        ("label album --method p", ["prototype"]),
        ("label album --clustering h", ["hdbscan"]),
        ("export album x --format yolo", ["yolo-classification", "yolo-detection"]),
        ("export album x --images h", ["hardlink"]),
        ("demo --source q", ["quickstart"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(words, completed):
    line = f"fiftyone-autolabel {words}"
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    answer = CliRunner().invoke(
        app,
        prog_name="fiftyone-autolabel",
        env=asked | {"_FIFTYONE_AUTOLABEL_COMPLETE": "complete_bash"},
    )
    assert answer.stdout.split() == completed


@pytest.mark.parametrize(
    "arguments", [("--encoder", "ofline"), ("--encoder", "offline", "--label-field", "ground truth")]
)
def test_a_refused_run_leaves_no_dataset_behind(folder, arguments):
    result = run("label", folder, "-c", "cat", "--name", "refused", *arguments)
    assert (result.exit_code, fo.dataset_exists("refused")) == (2, False)


def test_a_folder_of_damaged_images_leaves_no_dataset_behind(tmp_path):
    (tmp_path / "damaged.jpg").write_text("no image")
    result = run("label", tmp_path, "-c", "cat", "--name", "all damaged", "--encoder", "offline")
    assert (result.exit_code, fo.dataset_exists("all damaged")) == (2, False)


def test_a_labelled_folder_stays(labelled):
    assert fo.load_dataset("album").persistent


def test_a_comma_after_the_last_class_is_forgiven(folder):
    run("label", folder, "-c", "cat, rocket,", "--name", "comma", "--encoder", "offline")
    assert fo.load_dataset("comma").distinct("auto_label.label") == ["cat", "rocket"]


def test_an_interrupted_run_ends_without_a_traceback(folder, monkeypatch):
    def press_ctrl_c(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(StageBars, "__call__", press_ctrl_c)
    result = run("label", folder, "-c", "cat,rocket", "--encoder", "offline")
    assert (result.exit_code, "Traceback" in result.output) == (130, False)


def test_what_ctrl_c_breaks_is_no_error_of_its_own(folder, monkeypatch):
    def press_ctrl_c_in_a_lock(*_):
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(StageBars, "__call__", press_ctrl_c_in_a_lock)
    result = run("label", folder, "-c", "cat,rocket", "--encoder", "offline")
    assert (result.exit_code, result.stderr.count("\n")) == (130, 1)


def test_the_demo_says_how_many_labels_are_right_which_are_wrong_and_what_comes_next():
    result = run("demo", "--no-app", "--encoder", "offline")
    assert result.exit_code == 0
    assert "Zero-shot accuracy" in result.stdout
    assert "Refined accuracy" in result.stdout
    assert "Wrong: 30 astronaut labelled motorcycle" in " ".join(result.stdout.split())
    assert "fiftyone-autolabel label FOLDER" in result.stdout.splitlines()[-1]


def test_install_and_uninstall_say_where(tmp_path, monkeypatch):
    monkeypatch.setattr(fo.config, "plugins_dir", str(tmp_path))
    place = tmp_path / "@autolabel" / "prototypes"
    assert f"{place} (installed)" in run("install").stdout
    assert f"{place} (already installed)" in run("install").stdout
    assert run("install", "--uninstall").stdout == f"Removed {place}\n"
    assert run("install", "--uninstall").stdout == "The plugin was not installed.\n"
