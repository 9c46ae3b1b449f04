"""Classes from options and from a file; their descriptions are parsed in `encoders.descriptions`."""

from pathlib import Path

from ..engine.errors import InputError


def class_entries(options: list[str], file: Path | None) -> list[str]:
    """Classes, alone or with descriptions, from all `--classes` options and from the lines of the file.

    Raises:
        InputError: There are none, or the file cannot be read.
    """
    entries = [entry for option in options for entry in _entries_of(option)]
    if file is not None:
        entries += _lines_of(file)
    entries = [entry.strip() for entry in entries if entry.strip()]
    if not entries:
        raise InputError("No classes given: name them with --classes or --classes-file.")
    return entries


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the class names in {file}: {error}.") from error


def _entries_of(option: str) -> list[str]:
    """The names in an option, or the one class that is described in it."""
    name, colon, _ = option.partition(":")
    if not colon:
        return option.split(",")
    if "," in name:
        raise InputError(
            f"{option!r} names several classes before its colon: give each class with descriptions in a "
            "separate --classes."
        )
    return [option]
