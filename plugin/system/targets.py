"""A folder or file that is there complete, or not at all: where reports and exports go.

The work is done beside it, and takes its place at the end.
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


def check_target(target: Path, overwrite: bool, mark: str) -> None:
    """Check that something may be put somewhere.

    Args:
        target: Absolute path of what is made: a folder, or a file that ends in `.zip`.
        overwrite: Whether what was made there before may be replaced.
        mark: Name of a file in it that tells what was made before from what is the user's.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    if not target.name:
        raise InputError(f"{target} cannot be replaced: name a folder below it.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise InputError(f"{target} exists: choose another folder, or overwrite it.")
    if not _is_marked(target, mark):
        raise InputError(f"{target} holds no {mark}, and is not overwritten: choose another folder.")


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `target` if the block ends well, zipped if that is a zip.

    If it does not, for whatever reason, the folder is removed and the target is as it was before.

    Args:
        target: Absolute path, which `check_target` has found free.

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
    except FileNotFoundError as error:  # in folders that are no folders of the disk, such as /proc
        raise InputError(f"{target.parent} cannot be made: choose another folder.") from error


def _put(source: Path, target: Path) -> None:
    """Move something to the place of what may be there, which is put back if that fails."""
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
    """An archive of a folder, beside it; links are followed."""
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
    """Say in a sentence what the disk refuses."""
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
