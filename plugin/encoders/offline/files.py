"""Files that the offline encoder prepares once and several processes may share.

A file appears complete or not at all, and one that was damaged later is prepared again.
"""

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from ...engine.errors import InputError
from ..cache import CACHE_FOLDER_VARIABLE

logger = logging.getLogger("fiftyone_autolabel")

Opened = TypeVar("Opened")


def open_prepared(path: Path, prepare: Callable[[Path], None], open_file: Callable[[Path], Opened]) -> Opened:
    """Open a file, preparing it first, which is logged, where it is missing or cannot be opened.

    Args:
        path: The file; its folder is made where it is missing.
        prepare: Writes the content to the path that it is given.
        open_file: Opens the file, or raises whatever it likes where the file is no good.

    Raises:
        InputError: The folder cannot be made or written to, or the disk is full.
    """
    try:
        return open_file(path)
    except Exception:  # NumPy and onnxruntime report damage with a dozen classes and no common base.
        with replacing(path) as scratch:
            logger.info('The encoder "offline" prepares %s once, which takes 5 to 40 seconds.', path)
            prepare(scratch)
        return open_file(path)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path that takes the place of `path`, all at once, when the block ends well.

    Raises:
        InputError: The folder cannot be made or written to, or the disk is full.
    """
    scratch = path.with_name(f".{uuid4().hex}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.touch()
    except OSError as error:
        raise _cannot_write(path.parent, error) from error
    try:
        yield scratch
        os.replace(scratch, path)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _cannot_write(path.parent, error) from error
    finally:
        scratch.unlink(missing_ok=True)


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"Cannot write to the cache folder {folder} ({error.strerror}): "
        f"set {CACHE_FOLDER_VARIABLE} to a folder that you can write to."
    )
