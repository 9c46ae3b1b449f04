"""Image files that are labelled without FiftyOne, and lists of their paths.

They have no fields, so vectors and clusters come as arrays or `.npy` files.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..encoders.image_files import images_at
from ..engine.errors import InputError
from ..wording import readable

Paths = Iterable[str | os.PathLike[str]] | str | os.PathLike[str]
"""Image files, or the folder that they are in."""


@dataclass(frozen=True)
class Files:
    """Image files as a run labels them.

    Attributes:
        images: (n,) paths, which are their ids too.
    """

    images: list[str]

    @classmethod
    def of(cls, paths: Paths) -> "Files":
        """Take the images that a person names.

        Raises:
            InputError: There are none, or something else was given.
        """
        try:
            if isinstance(paths, str | bytes | os.PathLike):
                images = images_at(os.fsdecode(paths))
            else:
                images = [os.fsdecode(path) for path in paths]
        except TypeError as error:
            raise InputError(f"Give a folder of images or their paths, not {paths!r}.") from error
        if not images:
            raise InputError("There are no images to label: give at least one path.")
        return cls(images)

    @property
    def ids(self) -> list[str]:
        """(n,) paths, as they can be printed and stored."""
        return [readable(path) for path in self.images]

    def vectors(self, source: str) -> np.ndarray:
        """Refuse a field or brain key."""
        raise InputError(f"{source!r} is not a .npy file: a field or brain key needs a FiftyOne dataset.")

    def clusters(self, source: str) -> np.ndarray:
        """Refuse a field."""
        raise InputError(f"The clusters {source!r} are a field, which needs a FiftyOne dataset.")


def read_paths(file: Path) -> list[str]:
    """Paths from a text file, one per line, blank lines left out.

    A name that is not UTF-8 is read as Python reads it from a folder.

    Raises:
        InputError: The file cannot be read, or is empty.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    except OSError as error:
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
            f"{len(missing)} of {len(paths)} images are missing, the first is {readable(missing[0])}: "
            "correct the list."
        )
