"""A folder or file that is there complete, or not at all: where reports and exports go.

The work is done beside it, and takes its place at the end.
"""

import contextlib
import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..engine.errors import InputError
from ..wording import is_readable, readable
from .manifest import Progress, read_manifest, write_manifest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_PARTIAL = ".partial"


def absolute_path(path: str | os.PathLike[str]) -> Path:
    """The absolute path of what is to be made.

    Raises:
        InputError: There is no such path.
    """
    try:
        absolute = Path(path).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:  # a loop of links, ~nobody, a null character
        raise InputError(f"{path} cannot be used ({error}): choose another path.") from error
    if not is_readable(str(absolute)):
        raise InputError(f"{readable(str(absolute))} is not UTF-8: choose another path.")
    return absolute


def check_target(folder: str | os.PathLike[str], overwrite: bool, kind: str) -> Path:
    """Check that something may be put somewhere.

    Args:
        folder: Folder to make, or file that ends in `.zip`.
        overwrite: Whether what was made there before may be replaced.
        kind: What is made, e.g. "export": nothing of another kind is replaced.

    Returns:
        Its absolute path.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    target = absolute_path(folder)
    if not target.name:
        raise InputError(f"{target} cannot be replaced: name a folder below it.")
    with _disk_errors(target):
        if not target.exists() or (target.is_dir() and not any(target.iterdir())):
            return target
        if not overwrite:
            raise InputError(f"{target} exists: choose another folder, or overwrite it.")
        read_manifest(target, kind)
    return target


def made_before(folder: str | os.PathLike[str], kind: str) -> dict | None:
    """The manifest of what was made there before, see `read_manifest`; None where nothing may be replaced."""
    try:
        target = absolute_path(folder)
        with _disk_errors(target):
            return read_manifest(target, kind)
    except InputError:
        return None


@contextlib.contextmanager
def new_folder(
    target: Path,
    kind: str,
    *,
    overwrite: bool = False,
    facts: dict | None = None,
    progress: Progress | None = None,
) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `target` if the block ends well, zipped if that is a zip.

    If it does not, for whatever reason, the folder is removed and the target is as it was before. What a
    killed process left of an earlier try is removed first.

    Args:
        target: Absolute path, as `check_target` returns it.
        kind: What is made, e.g. "export".
        overwrite: Whether what was made there before may be replaced.
        facts: What the manifest is to say, see `write_manifest`.
        progress: Called with (files with a checksum, files in all) at the end.

    Raises:
        InputError: Nothing can be written there, the disk is full, or something else lies there meanwhile.
    """
    with _disk_errors(target):
        _make_parent(target)
        _clear_leftovers(target)
        with _workplace(target) as place:
            made = place / "new"
            made.mkdir()
            yield made
            write_manifest(made, kind, facts or {}, progress)
            if target.suffix == ".zip":
                made = Path(shutil.make_archive(str(made), "zip", made))
            check_target(target, overwrite, kind)
            _put(made, target, place / "old")


def check_file(file: str | os.PathLike[str], overwrite: bool, beginnings: tuple[str, ...]) -> Path:
    """Check that a text file may be put somewhere.

    Args:
        file: File to make, in a folder that exists.
        overwrite: Whether what was made there before may be replaced.
        beginnings: How what was made before begins; nothing else is replaced.

    Returns:
        Its absolute path.

    Raises:
        InputError: Something is there that may not be replaced, or there is no such folder.
    """
    target = absolute_path(file)
    if not target.parent.is_dir():
        raise InputError(f"{target} cannot be written, as {target.parent} is not a folder: make it first.")
    if not target.exists():
        return target
    if not overwrite:
        raise InputError(f"{target} exists: choose another file, or overwrite it.")
    with _disk_errors(target):
        is_ours = target.is_file() and _beginning(target).startswith(beginnings)
    if not is_ours:
        raise InputError(f"{target} holds something else, and is not overwritten: choose another file.")
    return target


@contextlib.contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield a path whose file takes the place of `target` if the block ends well; its folder is made.

    Raises:
        InputError: Nothing can be written there, or the disk is full.
    """
    with _disk_errors(target):
        _make_parent(target)
        _clear_leftovers(target)
        with _workplace(target) as place:
            yield place / target.name
            os.replace(place / target.name, target)


def _beginning(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace", newline="") as opened:
        return opened.read(100)


@contextlib.contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder beside the target that is removed afterwards, locked as long as the process lives."""
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}-", suffix=_PARTIAL, dir=target.parent, ignore_cleanup_errors=True
    ) as name:
        lock = _lock(name)
        try:
            yield Path(name)
        finally:
            _unlock(lock)


def _clear_leftovers(target: Path) -> None:
    """Remove what killed processes left, and put back what one had just moved away."""
    name = f".{glob.escape(target.name)}-{'[a-z0-9_]' * 8}{_PARTIAL}"
    for place in target.parent.glob(name):
        lock = _lock(place)
        if lock is None:
            continue
        if (place / "old").exists() and not target.exists():
            os.rename(place / "old", target)
        shutil.rmtree(place, ignore_errors=True)
        _unlock(lock)


def _lock(folder: str | Path) -> int | None:
    """Descriptor that holds the lock of a folder; None if another has it, or there are no such locks."""
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _make_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(
            f"{target} cannot be written, as {error.filename} is a file: choose another folder."
        ) from error
    except FileNotFoundError as error:  # in folders that are not on a disk, such as /proc
        raise InputError(f"{target.parent} cannot be made: choose another folder.") from error


def _put(source: Path, target: Path, old: Path) -> None:
    """Move something to the place of what may be there, which is put back if that fails."""
    if not target.exists():
        os.rename(source, target)
        return
    os.rename(target, old)
    try:
        os.rename(source, target)
    except BaseException:
        os.rename(old, target)
        raise


@contextlib.contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Say in a sentence what the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of a network, not of a disk
            raise
        raise InputError(_disk_error(error, target)) from error


def _disk_error(error: OSError, target: Path) -> str:
    file = error.filename or target
    if error.errno == errno.ENOSPC:
        return f"The disk of {target} is full: nothing was written."
    if error.errno == errno.EXDEV:
        return f"{file} cannot be hard-linked, as {target} is on another disk: copy or symlink."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"There is no permission for {file}: nothing was written."
    if isinstance(error, FileNotFoundError):
        return f"{file} is not there any more: nothing was written."
    return f"{file} cannot be used ({error.strerror}): nothing was written."
