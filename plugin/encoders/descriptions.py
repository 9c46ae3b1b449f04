"""Classes as people write them: a name, or a name with descriptions such as "dog: puppy, hound".

The name is the label that is written; the name and every description are what the text tower reads.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..engine.errors import InputError
from ..engine.validation import check_class_names
from ..wording import is_readable, readable


@dataclass(frozen=True)
class ClassDescription:
    """One class.

    Attributes:
        name: The label.
        descriptions: Other ways to say what the class looks like, in any number.
    """

    name: str
    descriptions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, entry: str) -> "ClassDescription":
        """Read "name" or "name: description, description"."""
        name, _, rest = entry.partition(":")
        return cls(name, tuple(rest.split(",")) if rest.strip() else ())

    @property
    def phrases(self) -> tuple[str, ...]:
        """What goes into the prompts: the name, then the descriptions."""
        return (self.name, *self.descriptions)


Classes = Sequence[str | ClassDescription] | Mapping[str, Sequence[str]]

_PIECE = r'[^\S\n]*(?:"((?:[^"]|"")*)"|([^,{colon}\n]*?))[^\S\n]*([,{colon}\n]|\Z)'
_NAME, _DESCRIPTION = (re.compile(_PIECE.format(colon=colon)) for colon in (":", ""))
"""A text, in double quotes or not, and what ends it; a colon ends only a name."""


def parse_classes(text: str) -> list[ClassDescription]:
    """Read the classes from one text, as it is typed into a form or an option.

    Commas and lines separate names. A class with descriptions has a separate line: "dog: puppy, hound". In
    double quotes, commas and colons are part of a name: "Washington, D.C.".

    Returns:
        The classes in the order given, unchecked; blank names are passed over.

    Raises:
        InputError: A line has several names before a colon.
    """
    classes: list[ClassDescription] = []
    for names, descriptions in _lines(text):
        if descriptions is None:
            classes += [ClassDescription(name) for name in names if name]
            continue
        if len(names) > 1:
            raise InputError(
                f"{', '.join(names)!r} are several classes before a colon: put each class with descriptions "
                "on a separate line, or on the command line into a separate --classes."
            )
        classes.append(ClassDescription(names[0], tuple(filter(None, descriptions))))
    return classes


def class_text(classes: Iterable[ClassDescription]) -> str:
    """Classes as one text, a line each, which `parse_classes` reads."""
    return "\n".join(map(_line, classes))


def read_classes(classes: Classes) -> list[ClassDescription]:
    """Read and check the classes of a run.

    Args:
        classes: Entries, where a text with a colon is a name with descriptions, and a comma before it is part
            of the name; or name → descriptions, where names may hold colons. Blanks around names and
            descriptions are dropped.

    Returns:
        The classes in the order given.

    Raises:
        InputError: A name or a description is blank or no text, or one is given twice; or the only entry
            has commas in its name, which are most likely to separate names.
    """
    described = _described(classes)
    names = check_class_names([description.name for description in described])
    phrases = [_check_descriptions(description) for description in described]
    result = [ClassDescription(*pair) for pair in zip(names, phrases, strict=True)]
    _check_readable(result)
    _check_distinct(result)
    return result


def _lines(text: str) -> Iterator[tuple[list[str], list[str] | None]]:
    """The names of each line, and the descriptions after its colon; None where it has no colon."""
    names: list[str] = []
    descriptions: list[str] | None = None
    position = 0
    while position < len(text):
        match = (_NAME if descriptions is None else _DESCRIPTION).match(text, position)
        quoted, bare, end = match.groups()
        position = match.end()
        (names if descriptions is None else descriptions).append(
            bare if quoted is None else quoted.replace('""', '"')
        )
        if end == ":":
            descriptions = []
        elif end != ",":
            yield names, descriptions
            names, descriptions = [], None
    if names:
        yield names, descriptions


def _line(described: ClassDescription) -> str:
    name = _quoted(described.name, ",:\n")
    texts = ", ".join(_quoted(text, ",\n") for text in described.descriptions)
    return f"{name}: {texts}" if texts else name


def _quoted(text: str, separators: str) -> str:
    """A name or description in double quotes where it would be taken apart without them."""
    needs_quotes = text.startswith('"') or any(mark in text for mark in separators)
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if needs_quotes else text


def _described(classes: Classes) -> list[ClassDescription]:
    if isinstance(classes, Mapping):
        return [ClassDescription(name, descriptions) for name, descriptions in classes.items()]
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        check_class_names(classes)  # raises: this is no list of names
    entries = list(classes)
    if len(entries) == 1 and isinstance(entries[0], str):
        _check_only_entry(entries[0])
    return [_as_class(entry) for entry in entries]


def _check_only_entry(entry: str) -> None:
    names = [name.strip() for name in entry.partition(":")[0].split(",") if name.strip()]
    if len(names) > 1:
        raise InputError(
            f"{entry!r} would be one class with commas in its name: give {names!r} for {len(names)} classes, "
            f"or {{{entry!r}: []}} if it is one name."
        )


def _as_class(entry: object) -> ClassDescription:
    if isinstance(entry, str):
        return ClassDescription.parse(entry)
    # A name that is no text is left to `check_class_names`.
    return entry if isinstance(entry, ClassDescription) else ClassDescription(entry)


def _check_descriptions(described: ClassDescription) -> tuple[str, ...]:
    name, descriptions = described.name, described.descriptions
    if isinstance(descriptions, str) or not isinstance(descriptions, Sequence):
        raise InputError(f"The descriptions of class {name!r} must be a list of texts, not {descriptions!r}.")
    if not all(isinstance(description, str) for description in descriptions):
        raise InputError(f"The descriptions of class {name!r} must be text: convert numbers with str().")
    stripped = tuple(description.strip() for description in descriptions)
    if not all(stripped):
        number = stripped.index("") + 1
        raise InputError(f"Description number {number} of class {name!r} is blank: remove it or fill it in.")
    return stripped


def _check_readable(classes: list[ClassDescription]) -> None:
    for phrase in (phrase for described in classes for phrase in described.phrases):
        if not is_readable(phrase):
            raise InputError(f"Class name or description {readable(phrase)!r} is not UTF-8: type it again.")


def _check_distinct(classes: list[ClassDescription]) -> None:
    owners: dict[str, str] = {}
    for described in classes:
        for phrase in described.phrases:
            owner = owners.setdefault(phrase.casefold(), described.name)
            if owner != described.name:
                raise InputError(
                    f"{phrase!r} stands for both class {owner!r} and class {described.name!r}: "
                    "a description can belong to one class only."
                )
        if len({phrase.casefold() for phrase in described.phrases}) < len(described.phrases):
            raise InputError(
                f"Class {described.name!r} is described twice in the same words: remove one of them; "
                "the name itself counts as one."
            )
