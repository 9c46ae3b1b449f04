"""A folder of reports that is there complete, or not at all.

The work is done beside it, and takes its place at the end.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from ..engine.errors import InputError


@contextlib.contextmanager
def new_folder(target: Path, overwrite: bool, mark: str) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `target` if the block ends well.

    If it does not, for whatever reason, the folder is removed and the target is as it was before.

    Args:
        target: Folder to make.
        overwrite: Whether one that was made before may be replaced.
        mark: Name of a file that tells what was made before from folders of the user's.

    Raises:
        InputError: Something is there that may not be replaced, or nothing can be written.
    """
    target = target.expanduser().resolve()
    check_target(target, overwrite, mark)
    staging = target.with_name(f".{target.name}-{uuid4().hex[:8]}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
        yield staging
        _put(staging, target)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}): choose another folder.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_target(target: Path, overwrite: bool, mark: str) -> None:
    """Check that a folder may be made.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    if not target.name:
        raise InputError(f"{target} cannot be replaced: name a folder below it.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise InputError(f"{target} exists: choose another folder, or overwrite it.")
    if not (target / mark).is_file():
        raise InputError(f"{target} holds no {mark}, and is not overwritten: choose another folder.")


def _put(source: Path, target: Path) -> None:
    """Move a folder to the place of what may be there, which is put back if that fails."""
    if not target.exists():
        os.rename(source, target)
        return
    old = target.with_name(f".{target.name}-{uuid4().hex[:8]}.old")
    os.rename(target, old)
    try:
        os.rename(source, target)
    except BaseException:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
