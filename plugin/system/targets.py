"""Folders and zip files of reports and exports, written completely or not at all.

The work is done in a folder beside the target, which is renamed at the end.
"""

import contextlib
import errno
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from ..engine.errors import InputError


class TargetExistsError(InputError):
    """A target exists and is only replaced on request.

    Attributes:
        target: Its absolute path.
    """

    def __init__(self, target: Path) -> None:
        """Name the target."""
        super().__init__(f"{target} exists: choose another folder, or overwrite it.")
        self.target = target


def check_target(target: Path, overwrite: bool, mark: str) -> None:
    """Check that a target may be written.

    Args:
        target: Absolute path of the folder, or of a file that ends in `.zip`.
        overwrite: Whether an earlier target may be replaced.
        mark: Name of a file by which an earlier target is recognised.

    Raises:
        InputError: The target exists and may not be replaced.
    """
    if not target.name:
        raise InputError(f"{target} cannot be replaced: name a folder below it.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise TargetExistsError(target)
    if not _is_marked(target, mark):
        raise InputError(f"{target} holds no {mark}, and is not overwritten: choose another folder.")


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `target` if the block succeeds, zipped if the target is a zip.

    If the block fails, the folder is removed and the target is as before.

    Args:
        target: Absolute path, which `check_target` has accepted.

    Raises:
        InputError: Nothing can be written there, or the disk is full.
    """
    staging = _beside(target, "partial")
    with _disk_errors(target):
        _prepare(staging, target)
        try:
            yield staging
            _put(_zipped(staging) if target.suffix == ".zip" else staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            _archive_of(staging).unlink(missing_ok=True)


def _beside(target: Path, purpose: str) -> Path:
    return target.with_name(f".{target.name}-{uuid4().hex[:8]}.{purpose}")


def _prepare(staging: Path, target: Path) -> None:
    try:
        staging.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(
            f"{target} cannot be written, as {error.filename} is a file: choose another folder."
        ) from error
    except FileNotFoundError as error:  # in folders of virtual file systems, such as /proc
        raise InputError(f"{target.parent} cannot be created: choose another folder.") from error


def _put(source: Path, target: Path) -> None:
    """Move a file or folder to the target; an earlier target is restored if that fails."""
    if not target.exists():
        os.rename(source, target)
        return
    old = _beside(target, "old")
    os.rename(target, old)
    try:
        os.rename(source, target)
    except BaseException:
        os.rename(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _zipped(folder: Path) -> Path:
    """Zip a folder beside it, following links."""
    archive = _archive_of(folder)
    shutil.make_archive(str(archive.with_suffix("")), "zip", folder)
    return archive


def _archive_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.zip")


def _is_marked(path: Path, mark: str) -> bool:
    if path.is_dir():
        return (path / mark).is_file()
    return zipfile.is_zipfile(path) and mark in zipfile.ZipFile(path).namelist()


@contextlib.contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Turn errors of the disk into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise InputError(f"The disk of {target} is full: nothing was written.") from error
        if error.errno == errno.EXDEV:
            raise InputError(
                f"{error.filename} cannot be hard-linked, as {target} is on another disk: copy or symlink."
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise InputError(
                f"Cannot write {error.filename} (no permission): nothing was written."
            ) from error
        raise
