"""Classes from options and from a file; both are parsed in `encoders.descriptions`."""

from pathlib import Path

from ..encoders.descriptions import ClassDescription, parse_classes, read_classes
from ..engine.errors import InputError


def classes_of(options: list[str], file: Path | None) -> list[ClassDescription]:
    """Classes, alone or with descriptions, from all `--classes` options and from the lines of the file.

    Raises:
        InputError: There are none, one is unusable, or the file cannot be read.
    """
    classes: list[str | ClassDescription] = [one for option in options for one in parse_classes(option)]
    if file is not None:
        classes += _lines_of(file)
    if not classes:
        raise InputError("No classes given: name them with --classes or --classes-file.")
    return read_classes(classes)


def _lines_of(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the class names in {file}: {error}.") from error
    return [line for line in lines if line.strip()]
