"""Files that are prepared once, and again where they are damaged."""

import logging
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.encoders.offline.files import open_prepared, replacing
from fiftyone_autolabel.plugin.engine.errors import InputError


def write_number(path: Path) -> None:
    path.write_text("42")


def read_number(path: Path) -> int:
    return int(path.read_text())


def test_a_missing_file_is_prepared_together_with_its_folder(tmp_path: Path):
    assert open_prepared(tmp_path / "new" / "number", write_number, read_number) == 42


def test_a_file_that_opens_is_not_prepared_again(tmp_path: Path):
    (tmp_path / "number").write_text("7")
    assert open_prepared(tmp_path / "number", write_number, read_number) == 7


def test_a_preparation_is_logged_and_an_opening_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "fiftyone_autolabel"):
        open_prepared(tmp_path / "number", write_number, read_number)
        open_prepared(tmp_path / "number", write_number, read_number)
    (message,) = caplog.messages
    assert str(tmp_path / "number") in message


def test_a_damaged_file_is_prepared_again(tmp_path: Path):
    (tmp_path / "number").write_text("4\x00")
    assert open_prepared(tmp_path / "number", write_number, read_number) == 42


def test_a_failed_preparation_leaves_the_old_file_and_no_other(tmp_path: Path):
    def run_out_of_space(path: Path) -> None:
        path.write_text("4")
        raise OSError("no space left")

    (tmp_path / "number").write_text("not a number")
    with pytest.raises(OSError, match="no space left"):
        open_prepared(tmp_path / "number", run_out_of_space, read_number)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("number", "not a number")]


def test_the_old_file_stays_in_place_until_the_new_one_is_complete(tmp_path: Path):
    (tmp_path / "number").write_text("7")
    with replacing(tmp_path / "number") as scratch:
        scratch.write_text("4")
        assert read_number(tmp_path / "number") == 7
    assert read_number(tmp_path / "number") == 4


def test_a_folder_that_cannot_be_made_is_named_with_the_way_out(tmp_path: Path):
    (tmp_path / "occupied").write_text("a file where the cache folder should be")
    with pytest.raises(InputError, match=r"occupied.*FIFTYONE_AUTOLABEL_CACHE"):
        open_prepared(tmp_path / "occupied" / "number", write_number, read_number)
