"""A report or an export is there complete or not at all, and never takes the place of anything else."""

import errno
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.system.targets import (
    absolute_path,
    check_file,
    check_target,
    new_file,
    new_folder,
)

MANIFEST, FILE = "manifest.json", "labels.csv"


@pytest.fixture
def target(tmp_path):
    """Where the export goes, in a folder that holds nothing else."""
    return tmp_path / "room" / "export"


def make_export(target, content, kind="export"):
    """Make an export that consists of a file with this content, over an earlier one if there is one."""
    with new_folder(target, kind, overwrite=True) as folder:
        (folder / FILE).write_text(content)


def make_half_an_export(target, error):
    """Begin an export that is stopped by an error."""
    with new_folder(target, "export") as folder:
        (folder / FILE).write_text("half")
        raise error


def kill_an_export(target):
    """Begin an export in a process that is killed at work."""
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from fiftyone_autolabel.plugin.system.targets import new_folder\n"
        "with new_folder(Path(sys.argv[1]), 'export') as folder:\n"
        "    (folder / 'half').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(target)], check=False)


def test_the_folder_is_there_when_the_work_is_done(target):
    with new_folder(target, "export") as folder:
        (folder / FILE).touch()
        assert not target.exists()
    assert sorted(os.listdir(target)) == [FILE, MANIFEST]


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
    assert (target / FILE).read_text() == "first"
    assert os.listdir(target.parent) == ["export"]


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_an_earlier_export_is_replaced_when_the_work_is_done(target, name):
    target = target.with_name(name)
    make_export(target, "first, and longer")
    assert check_target(target, True, "export") == target
    make_export(target, "second")
    assert os.listdir(target.parent) == [name]
    content = zipfile.Path(target, FILE) if name.endswith("zip") else target / FILE
    assert content.read_text() == "second"


def test_an_export_that_cannot_take_its_place_leaves_the_earlier_one(target, monkeypatch):
    make_export(target, "first")
    rename = os.rename

    def refuse_the_new(source, destination):
        if Path(source).name == "new":
            raise OSError(errno.EIO, "Input/output error", str(destination))
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse_the_new)
    with pytest.raises(InputError, match="Input/output"):
        make_export(target, "second")
    assert (target / FILE).read_text() == "first"
    assert os.listdir(target.parent) == ["export"]


def test_a_zip_holds_the_files_and_the_empty_folders(target):
    target = target.with_name("export.zip")
    with new_folder(target, "export") as folder:
        (folder / "train" / "cat").mkdir(parents=True)
    assert sorted(zipfile.ZipFile(target).namelist()) == [MANIFEST, "train/", "train/cat/"]
    assert os.listdir(target.parent) == ["export.zip"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of .*export is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "There is no permission for /a/b: noth"),
        (OSError(errno.EROFS, "Read-only file system", "/a/b"), "There is no permission for /a/b"),
        (OSError(errno.EXDEV, "Invalid cross-device link", "/a/b.jpg"), r"/a/b\.jpg cannot be hard-linked"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/a/b.jpg"), r"/a/b\.jpg is not there any more"),
        (OSError(errno.EIO, "Input/output error", "/a/b.jpg"), r"/a/b\.jpg cannot be used .Input/output"),
    ],
)
def test_what_the_disk_refuses_is_said_in_a_sentence(target, error, sentence):
    with pytest.raises(InputError, match=sentence):
        make_half_an_export(target, error)
    assert os.listdir(target.parent) == []


def test_a_folder_that_exists_is_refused(target):
    make_export(target, "first")
    with pytest.raises(InputError, match="exists: choose another folder, or overwrite it"):
        check_target(target, False, "export")


def test_a_folder_that_is_empty_is_taken(target):
    target.mkdir(parents=True)
    check_target(target, False, "export")
    make_export(target, "first")
    assert sorted(os.listdir(target)) == [FILE, MANIFEST]


@pytest.mark.parametrize("name", [FILE, MANIFEST])
def test_a_folder_that_nobody_here_made_is_never_overwritten(target, name):
    target.mkdir(parents=True)
    (target / name).write_text("{}")
    with pytest.raises(InputError, match="is not an earlier export, and is not overwritten"):
        check_target(target, True, "export")


def test_an_export_is_known_even_if_its_manifest_is_like_another_programs(target):
    target.mkdir(parents=True)
    (target / MANIFEST).write_text('{"made_by": "a browser", "kind": "export", "files": {}}')
    with pytest.raises(InputError, match="is not an earlier export"):
        check_target(target, True, "export")


def test_an_export_is_not_replaced_by_a_report(target):
    make_export(target, "first")
    with pytest.raises(InputError, match="is not an earlier report"):
        check_target(target, True, "report")


@pytest.mark.parametrize("name", ["thesis.tex", "data/notes.txt"])
def test_an_export_in_which_something_else_lies_is_not_overwritten(target, name):
    make_export(target, "first")
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("mine")
    with pytest.raises(InputError, match=f"also holds {name}, which is not part of the export"):
        check_target(target, True, "export")


def test_a_link_that_lies_in_an_export_is_not_overwritten(target, tmp_path):
    make_export(target, "first")
    (target / "photos").symlink_to(tmp_path)
    with pytest.raises(InputError, match="also holds photos"):
        check_target(target, True, "export")


def test_what_is_put_into_the_target_meanwhile_is_not_overwritten(target):
    make_export(target, "first")
    with pytest.raises(InputError, match="also holds thesis"), new_folder(target, "export", overwrite=True):
        (target / "thesis.tex").write_text("mine")
    assert (target / "thesis.tex").read_text() == "mine"
    assert (target / FILE).read_text() == "first"


def test_a_folder_that_is_made_meanwhile_is_not_overwritten(target):
    with pytest.raises(InputError, match="exists"), new_folder(target, "export"):
        make_export(target, "faster")
    assert (target / FILE).read_text() == "faster"


@pytest.mark.parametrize("content", [b"", b"PK, but no archive"])
def test_a_file_that_is_not_an_export_is_never_overwritten(target, content):
    target = target.with_name("export.zip")
    target.parent.mkdir()
    target.write_bytes(content)
    with pytest.raises(InputError, match="is not an earlier export"):
        check_target(target, True, "export")


def test_the_manifest_lists_every_file_with_its_checksum(target):
    make_export(target, "first")
    manifest = json.loads((target / MANIFEST).read_text())
    assert (manifest["made_by"], manifest["kind"]) == ("fiftyone-autolabel", "export")
    assert set(manifest["files"]) == {FILE}
    assert len(manifest["files"][FILE]) == 64


def test_what_a_killed_process_left_is_removed_by_the_next(target):
    kill_an_export(target)
    assert [path.suffix for path in target.parent.iterdir()] == [".partial"]
    make_export(target, "first")
    assert os.listdir(target.parent) == ["export"]


def test_what_another_process_is_at_work_in_is_left_alone(target):
    with new_folder(target, "export") as folder:
        with pytest.raises(InputError, match=r"disk .* is full"):
            make_half_an_export(target, OSError(errno.ENOSPC, "No space left on device"))
        (folder / FILE).write_text("first")
    assert (target / FILE).read_text() == "first"


def test_an_export_that_a_killed_process_had_moved_away_comes_back(target):
    kill_an_export(target)
    (place,) = target.parent.iterdir()
    make_export(target, "first")
    place.mkdir()
    os.rename(target, place / "old")
    with pytest.raises(InputError, match="exists"), new_folder(target, "export"):
        pass
    assert (target / FILE).read_text() == "first"
    assert os.listdir(target.parent) == ["export"]


def test_the_root_of_the_disk_is_never_replaced(target):
    with pytest.raises(InputError, match="name a folder below it"):
        check_target(target.parents[-1], True, "export")


def test_a_folder_inside_a_file_is_refused_in_a_sentence(target):
    target.parent.parent.joinpath("file").touch()
    with pytest.raises(InputError, match="file is a file: choose another folder"):
        make_export(target.parent.parent / "file" / "export", "first")


@pytest.mark.parametrize("name", ["loop", "loop/export", "~nobody-of-this-name/export", "a\0b"])
def test_a_path_that_leads_nowhere_is_refused_in_a_sentence(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"cannot be used .*: choose another path"):
        absolute_path(name)


def test_a_file_is_replaced_only_when_asked_for_and_only_by_its_own_kind(tmp_path):
    file = tmp_path / "labels.csv"
    for content in ("path,label\n1", "path,label\n2"):
        with new_file(check_file(file, True, ("path,label",))) as made:
            made.write_text(content)
        assert (file.read_text(), os.listdir(tmp_path)) == (content, ["labels.csv"])
    with pytest.raises(InputError, match="exists"):
        check_file(file, False, ("path,label",))
    file.write_text("Dear diary")
    with pytest.raises(InputError, match="holds something else, and is not overwritten"):
        check_file(file, True, ("path,label",))


def test_a_file_that_cannot_be_finished_leaves_the_earlier_one(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("first")
    with pytest.raises(InputError, match="half is not there"), new_file(file) as made:
        made.write_text(Path("half").read_text())
    assert (file.read_text(), os.listdir(tmp_path)) == ("first", ["labels.csv"])
