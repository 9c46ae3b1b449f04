"""Image files that are labelled without FiftyOne, and lists of their paths.

They have no fields, so vectors and clusters come as arrays or `.npy` files.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine.errors import InputError


@dataclass(frozen=True)
class Files:
    """Image files as a run labels them.

    Attributes:
        images: (n,) paths, which are their ids too.
    """

    images: list[str]

    @classmethod
    def of(cls, paths: Sequence[str | os.PathLike[str]]) -> "Files":
        """Check a list of paths.

        Raises:
            InputError: It is empty.
        """
        files = cls([os.fspath(path) for path in paths])
        if not files.images:
            raise InputError("There are no images to label: give at least one path.")
        return files

    @property
    def ids(self) -> list[str]:
        """(n,) paths."""
        return self.images

    def vectors(self, source: str) -> np.ndarray:
        """Refuse a field or brain key."""
        raise InputError(f"{source!r} is not a .npy file: a field or brain key needs a FiftyOne dataset.")

    def clusters(self, source: str) -> np.ndarray:
        """Refuse a field."""
        raise InputError(f"The clusters {source!r} are a field, which needs a FiftyOne dataset.")


def read_paths(file: Path) -> list[str]:
    """Paths from a text file, one per line, blank lines left out.

    Raises:
        InputError: The file cannot be read, or is empty.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the image paths in {file}: {error}.") from error
    paths = [line.strip() for line in lines if line.strip()]
    if not paths:
        raise InputError(f"There are no image paths in {file}: write one per line.")
    return paths


def check_files(paths: Sequence[str]) -> None:
    """Check that every image of a list exists; unreadable ones are reported and skipped later.

    Raises:
        InputError: Some are missing.
    """
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first is {missing[0]}: correct the list."
        )
