"""A folder of reports is there complete or not at all, and takes the place of nothing else."""

import os

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.target import new_folder

MARK = "metadata.json"


def make(target, content="first", *, overwrite=False, error=None):
    """Make a folder with the mark in it, or begin to."""
    with new_folder(target, overwrite, MARK) as folder:
        (folder / MARK).write_text(content)
        if error:
            raise error


def test_the_folder_is_there_when_the_work_is_done(tmp_path):
    with new_folder(tmp_path / "a" / "b", False, MARK) as folder:
        (folder / "report.txt").touch()
        assert not (tmp_path / "a" / "b").exists()
    assert os.listdir(tmp_path / "a" / "b") == ["report.txt"]
    assert os.listdir(tmp_path / "a") == ["b"]


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt()])
def test_nothing_is_left_of_work_that_fails(tmp_path, error):
    make(tmp_path / "b", "old")
    with pytest.raises(type(error)):
        make(tmp_path / "b", "new", overwrite=True, error=error)
    assert (tmp_path / "b" / MARK).read_text() == "old"
    assert os.listdir(tmp_path) == ["b"]


def test_a_folder_that_exists_is_refused(tmp_path):
    make(tmp_path / "b")
    with pytest.raises(InputError, match="exists: choose another folder, or overwrite it"):
        make(tmp_path / "b")


def test_a_report_is_replaced_on_request(tmp_path):
    make(tmp_path / "b", "old")
    make(tmp_path / "b", "new", overwrite=True)
    assert (tmp_path / "b" / MARK).read_text() == "new"
    assert os.listdir(tmp_path) == ["b"]


def test_a_folder_of_the_users_own_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    with pytest.raises(InputError, match=r"holds no metadata\.json, and is not overwritten"):
        make(tmp_path / "photos", overwrite=True)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "b").mkdir()
    make(tmp_path / "b")
    assert (tmp_path / "b" / MARK).exists()


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        make(tmp_path / "file" / "b")
