"""Classes as they are typed: in options, or in a file.

What a name with descriptions means is told in `encoders.descriptions`.
"""

from pathlib import Path

from ..engine.errors import InputError


def class_entries(options: list[str], file: Path | None) -> list[str]:
    """Classes, alone or with descriptions, from all `--classes` options and from the lines of the file."""
    entries = [entry for option in options for entry in _entries_of(option)]
    if file is None:
        return _without_blanks(entries)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the class names in {file}: {error}.") from error
    return _without_blanks([*entries, *lines])


def _entries_of(option: str) -> list[str]:
    """The names in an option, or the one class that is described in it."""
    name, colon, _ = option.partition(":")
    if not colon:
        return option.split(",")
    if "," in name:
        raise InputError(
            f"{option!r} names several classes before its colon: give every class with descriptions a "
            "--classes of its own."
        )
    return [option]


def _without_blanks(entries: list[str]) -> list[str]:
    return [entry.strip() for entry in entries if entry.strip()]
