"""Whether an export may be put somewhere.

How it gets there, complete or not at all, is told in `plugin.system.targets`.
"""

from collections.abc import Iterable
from pathlib import Path

from ..engine.errors import InputError
from ..system import targets
from .manifest import MANIFEST_NAME


def check_target(target: Path, overwrite: bool, images: Iterable[str] = ()) -> None:
    """Check that an export may be put somewhere.

    Args:
        target: Absolute path of what the export makes: a folder, or a file that ends in `.zip`.
        overwrite: Whether an earlier export may be replaced.
        images: Paths of images that must not be lost.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    targets.check_target(target, overwrite, MANIFEST_NAME)
    if target.exists() and any(Path(path).resolve().is_relative_to(target) for path in images):
        raise InputError(f"Images of the dataset lie in {target}: choose another folder.")
