"""Classes as people write them: a name, or a name with descriptions such as "dog: puppy, hound".

The name is the label that is written; the name and every description are what the text tower reads.
"""

from collections.abc import Iterable, Mapping, Sequence
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

    @property
    def entry(self) -> str:
        """The class in one line, which `parse` reads.

        Raises:
            InputError: The name has a colon, or a description a comma, which would be read as its end.
        """
        if ":" in self.name or any("," in description for description in self.descriptions):
            raise InputError(
                f"Class {self.name!r} cannot be written in one line, because of a colon in its name or a "
                "comma in a description: reword it, or call auto_label from Python."
            )
        return f"{self.name}: {', '.join(self.descriptions)}" if self.descriptions else self.name


Classes = Sequence[str | ClassDescription] | Mapping[str, Sequence[str]]


def read_classes(classes: Classes) -> list[ClassDescription]:
    """Read and check the classes of a run.

    Args:
        classes: Entries, where a text with a colon is a name with descriptions; or name → descriptions,
            where names may hold colons. Blanks around names and descriptions are dropped.

    Returns:
        The classes in the order given.

    Raises:
        InputError: A name or a description is blank or no text, or one is given twice.
    """
    described = _described(classes)
    names = check_class_names([description.name for description in described])
    phrases = [_check_descriptions(description) for description in described]
    result = [ClassDescription(*pair) for pair in zip(names, phrases, strict=True)]
    _check_readable(result)
    _check_distinct(result)
    return result


def _described(classes: Classes) -> list[ClassDescription]:
    if isinstance(classes, Mapping):
        return [ClassDescription(name, descriptions) for name, descriptions in classes.items()]
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        check_class_names(classes)  # raises: this is no list of names
    return [_as_class(entry) for entry in classes]


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
