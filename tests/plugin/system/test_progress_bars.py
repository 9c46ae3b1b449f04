"""Progress bars appear where they are wanted, on the error stream."""

import os
import subprocess
import sys

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label, label_files
from fiftyone_autolabel.plugin.engine.progress import silent
from fiftyone_autolabel.plugin.system.progress_bars import shown_progress

STAGES = {"embed": "Embedding images", "write": "Writing labels"}
SCRIPT = """
import numpy as np
from fiftyone_autolabel import label_files
label_files([f"/{number}.jpg" for number in range(4)], ["a", "b"],
            embeddings=np.eye(4), text_embeddings=np.eye(4)[:2])
"""


def drawn(wanted, capsys) -> str:
    with shown_progress(wanted, STAGES) as report:
        report("embed", 0, 300)
        report("embed", 300, 300)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_bars_are_drawn_on_the_error_stream_with_the_time_that_is_left(capsys):
    bars = drawn(True, capsys)
    assert "Embedding images" in bars
    assert "300/300" in bars
    assert "left" in bars


def test_no_bars_are_drawn_for_false(capsys):
    assert drawn(False, capsys) == ""


@pytest.mark.parametrize("is_on", [True, False])
def test_the_setting_of_fiftyone_decides_where_nobody_else_does(capsys, monkeypatch, is_on):
    monkeypatch.setattr(fo.config, "show_progress_bars", is_on)
    assert bool(drawn(None, capsys)) == is_on


@pytest.mark.parametrize(("value", "is_on"), [(None, True), ("0", False), ("false", False), ("1", True)])
def test_without_fiftyone_its_environment_variable_decides(capsys, monkeypatch, value, is_on):
    monkeypatch.delitem(sys.modules, "fiftyone")
    monkeypatch.delenv("FIFTYONE_SHOW_PROGRESS_BARS")
    if value is not None:
        monkeypatch.setenv("FIFTYONE_SHOW_PROGRESS_BARS", value)
    assert bool(drawn(None, capsys)) == is_on


def test_a_function_is_called_in_place_of_bars(capsys):
    with shown_progress(silent, STAGES) as report:
        assert report is silent
    assert capsys.readouterr().err == ""


def test_nothing_is_drawn_for_work_that_ends_before_it_reports(capsys):
    with shown_progress(True, STAGES):
        pass
    assert capsys.readouterr().err == ""


def test_a_script_shows_bars_unless_it_says_otherwise():
    environment = os.environ | {"FIFTYONE_SHOW_PROGRESS_BARS": "1"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Embedding images" in done.stderr


def test_labelling_draws_no_bars_where_they_are_not_wanted(dataset_of, capsys, monkeypatch):
    monkeypatch.setattr(fo.config, "show_progress_bars", True)
    vectors = {"embeddings": np.eye(4), "text_embeddings": np.eye(4)[:2]}
    paths = [f"/{number}.jpg" for number in range(4)]
    auto_label(dataset_of(paths), ["a", "b"], **vectors, progress=False)
    label_files(paths, ["a", "b"], **vectors, progress=False)
    assert "Embedding" not in capsys.readouterr().err
    auto_label(dataset_of(paths), ["a", "b"], **vectors)
    assert "Writing labels" in capsys.readouterr().err
