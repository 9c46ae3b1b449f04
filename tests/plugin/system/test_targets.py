"""A report or an export is there complete or not at all, and never takes the place of anything else."""

import errno
import os
import zipfile
from pathlib import Path

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.system.targets import check_target, new_folder

MARK = "manifest.json"


@pytest.fixture
def target(tmp_path):
    """Where the export goes, in a folder that holds nothing else."""
    return tmp_path / "room" / "export"


def make_export(target, content):
    """Make an export that consists of a manifest with this content."""
    with new_folder(target) as folder:
        (folder / MARK).write_text(content)


def make_half_an_export(target, error):
    """Begin an export that is stopped by an error."""
    with new_folder(target) as folder:
        (folder / MARK).write_text("half")
        raise error


def test_the_folder_is_there_when_the_work_is_done(target):
    with new_folder(target) as folder:
        (folder / "labels.csv").touch()
        assert not target.exists()
    assert os.listdir(target) == ["labels.csv"]


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="only Linux has such a folder")
def test_a_place_where_no_folder_can_be_made_is_named(tmp_path):
    with pytest.raises(InputError, match="/proc/autolabel cannot be made: choose another folder"):
        make_export(Path("/proc/autolabel/export"), "")


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt()])
def test_nothing_is_left_of_work_that_fails_or_is_interrupted(target, error):
    with pytest.raises(type(error)):
        make_half_an_export(target, error)
    assert os.listdir(target.parent) == []


def test_work_that_fails_leaves_an_earlier_export_as_it_was(target):
    make_export(target, "first")
    with pytest.raises(KeyboardInterrupt):
        make_half_an_export(target, KeyboardInterrupt())
    assert (target / MARK).read_text() == "first"
    assert os.listdir(target.parent) == ["export"]


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_an_earlier_export_is_replaced_when_the_work_is_done(target, name):
    target = target.with_name(name)
    make_export(target, "first, and longer")
    check_target(target, True, MARK)
    make_export(target, "second")
    assert os.listdir(target.parent) == [name]
    content = zipfile.Path(target, MARK) if name.endswith("zip") else target / MARK
    assert content.read_text() == "second"


def test_an_export_that_cannot_take_its_place_leaves_the_earlier_one(target, monkeypatch):
    make_export(target, "first")
    rename = os.rename

    def refuse_the_new(source, destination):
        if str(source).endswith(".partial"):
            raise OSError(errno.EIO, "Input/output error")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse_the_new)
    with pytest.raises(OSError, match="Input/output"):
        make_export(target, "second")
    assert (target / MARK).read_text() == "first"
    assert os.listdir(target.parent) == ["export"]


def test_a_zip_holds_the_files_and_the_empty_folders(target):
    target = target.with_name("export.zip")
    with new_folder(target) as folder:
        (folder / "train" / "cat").mkdir(parents=True)
        (folder / "manifest.json").touch()
    assert sorted(zipfile.ZipFile(target).namelist()) == ["manifest.json", "train/", "train/cat/"]
    assert os.listdir(target.parent) == ["export.zip"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of .*export is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "Cannot write /a/b .no permission."),
        (OSError(errno.EROFS, "Read-only file system", "/a/b"), "Cannot write /a/b"),
        (OSError(errno.EXDEV, "Invalid cross-device link", "/a/b.jpg"), r"/a/b\.jpg cannot be hard-linked"),
    ],
)
def test_what_the_disk_refuses_is_said_in_a_sentence(target, error, sentence):
    with pytest.raises(InputError, match=sentence):
        make_half_an_export(target, error)
    assert os.listdir(target.parent) == []


def test_a_folder_that_exists_is_refused(target):
    make_export(target, "first")
    with pytest.raises(InputError, match="exists: choose another folder, or overwrite it"):
        check_target(target, False, MARK)


def test_a_folder_that_is_empty_is_taken(target):
    target.mkdir(parents=True)
    check_target(target, False, MARK)
    make_export(target, "first")
    assert os.listdir(target) == [MARK]


def test_what_is_no_export_is_never_overwritten(target):
    target.mkdir(parents=True)
    (target / "thesis.tex").touch()
    with pytest.raises(InputError, match=r"holds no manifest\.json, and is not overwritten"):
        check_target(target, True, MARK)


@pytest.mark.parametrize("content", [b"", b"PK, but no archive"])
def test_a_file_that_is_no_export_is_never_overwritten(target, content):
    target = target.with_name("export.zip")
    target.parent.mkdir()
    target.write_bytes(content)
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        check_target(target, True, MARK)


def test_the_root_of_the_disk_is_never_replaced(target):
    with pytest.raises(InputError, match="name a folder below it"):
        check_target(target.parents[-1], True, MARK)


def test_a_folder_inside_a_file_is_refused_in_a_sentence(target):
    target.parent.parent.joinpath("file").touch()
    with pytest.raises(InputError, match="file is a file: choose another folder"):
        make_export(target.parent.parent / "file" / "export", "first")
