"""A file name that is not UTF-8 costs only its own image, whichever way it comes in."""

import csv
import io
import json
import os
import shutil
import sys

import pytest
from fiftyone_autolabel import InputError, Settings, label_files
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.dataset.folder import open_source
from fiftyone_autolabel.plugin.encoders.descriptions import read_classes
from fiftyone_autolabel.plugin.encoders.image_files import image_files
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")

BAD_NAME = b"caf\xe9.png"
READABLE = "caf\\xe9.png"
NAMED = ("-c", "red,green", "--encoder", "offline")
ODD = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20)
"""Lone surrogates too, which stand for bytes that are not UTF-8."""


@pytest.fixture
def odd_photos(photos):
    """Four images, and a fifth whose name is in Latin-1."""
    shutil.copy(photos / "0.png", os.fsencode(photos) + b"/" + BAD_NAME)
    return photos


def command(*arguments):
    """Run a command as a person would."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def test_label_files_reports_it_and_labels_the_others(odd_photos, label):
    run = label(odd_photos)

    assert len(run.paths) == 4
    assert run.failures == {
        f"{odd_photos}/{READABLE}": f"Cannot use {odd_photos}/{READABLE}: its name is not UTF-8; rename it"
    }


def test_a_name_may_come_as_bytes(odd_photos, label):
    names = [os.fsencode(odd_photos) + b"/" + name for name in (BAD_NAME, b"1.png")]

    run = label(names)

    assert (run.paths, list(run.failures)) == ([f"{odd_photos}/1.png"], [f"{odd_photos}/{READABLE}"])


def test_a_report_names_it(odd_photos, label, tmp_path):
    run = label(odd_photos)

    folder = run.report(tmp_path / "report")

    with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
        errors = {line["path"]: line["error"] for line in csv.DictReader(file)}
    assert "not UTF-8" in errors[f"{odd_photos}/{READABLE}"]


def test_a_dataset_of_the_folder_is_made_without_it_and_says_so(odd_photos, caplog):
    dataset = open_source(str(odd_photos))

    assert len(dataset) == 4
    assert "1 image left out, because the name is not UTF-8" in caplog.text
    assert READABLE in caplog.text
    dataset.delete()


def test_a_folder_of_such_names_alone_is_refused(tmp_path, photos):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    shutil.copytree(photos, folder)

    with pytest.raises(InputError, match=r"No image in .*/caf\\xe9 has a name in UTF-8: rename them\."):
        open_source(folder)


def test_the_command_line_labels_the_others(odd_photos, tmp_path):
    done = command(
        "label", odd_photos, "-c", "red,green", "--encoder", "offline", "--output", tmp_path / "out"
    )

    assert done.exit_code == 0, done.output
    assert "Images labelled" in done.stdout
    assert "1, the first: Cannot use" in done.stdout


def test_new_images_are_predicted_without_it(odd_photos, label, encoder, tmp_path, monkeypatch):
    report = label(odd_photos).report(tmp_path / "report")
    monkeypatch.setattr("fiftyone_autolabel.plugin.run.prediction.load_encoder", lambda name: encoder)

    for as_json in ([], ["--json"]):
        done = command("predict", report, odd_photos, *as_json)
        assert done.exit_code == 0, done.output
        read = json.loads if as_json else lambda text: list(csv.DictReader(io.StringIO(text)))
        lines = {line["path"]: line["label"] for line in read(done.stdout)}
        assert not lines.pop(f"{odd_photos}/{READABLE}")
        assert list(lines.values()) == ["red", "green"] * 2


def test_one_bad_name_in_a_list_of_paths_costs_only_itself(odd_photos, tmp_path):
    names = tmp_path / "paths.txt"
    names.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in image_files(odd_photos)))

    done = command("label", "--image-paths", names, *NAMED, "--output", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert READABLE in done.stdout


@pytest.mark.parametrize("source", [b"caf\xe9", b"\xff" * 30])
def test_a_source_that_is_not_utf_8_is_refused_in_a_sentence(source):
    name = os.fsdecode(source)

    with pytest.raises(InputError, match="is neither a folder nor a FiftyOne dataset"):
        open_source(name)


def test_a_dataset_name_that_is_not_utf_8_is_refused(photos):
    with pytest.raises(InputError, match=r"caf\\xe9 is not UTF-8 and cannot be the name of a dataset"):
        open_source(str(photos), os.fsdecode(b"caf\xe9"))


def test_an_output_that_is_not_utf_8_is_refused_before_the_work(photos, label, tmp_path):
    run = label(photos)

    with pytest.raises(InputError, match=r"caf\\xe9 is not UTF-8: choose another path"):
        run.report(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))


@given(st.lists(st.text(st.characters(), max_size=10), max_size=4))
def test_classes_are_usable_or_refused_in_a_sentence(names):
    try:
        classes = read_classes(names)
    except InputError as error:
        str(error).encode()
    else:
        assert all(phrase.encode() for one in classes for phrase in one.phrases)


@given(ODD)
@settings(max_examples=25)
def test_any_file_name_is_labelled_or_reported_under_a_name_that_can_be_stored(name):
    run = label_files(
        ["plain.png", f"/photos/{name}"],
        ["red", "green"],
        embeddings=[[1.0, 0.2], [0.2, 1.0]],
        text_embeddings=[[1.0, 0.0], [0.0, 1.0]],
        settings=Settings(clustering="none"),
    )

    for text in (*run.paths, *run.failures, *run.failures.values()):
        text.encode()
    assert len(run.paths) + len(run.failures) == 2
