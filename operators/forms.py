"""Pieces that the forms of several operators are made of.

A form says what is wrong where it is wrong, in the words of the check that the work itself makes.
"""

from collections.abc import Callable, Iterable, Sequence

from fiftyone.operators import types

from ..plugin.engine.errors import InputError


def dropdown(values: Sequence[str]) -> types.Dropdown:
    """A list to choose from, the values being their own labels."""
    view = types.Dropdown()
    for value in values:
        view.add_choice(value, label=value)
    return view


def suggesting(values: Iterable[str], allow_duplicates: bool = True) -> types.AutocompleteView:
    """A text, or several in a list, with suggestions."""
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=allow_duplicates)
    for value in values:
        view.add_choice(value, label=value)
    return view


def refuse(field: types.Property, sentence: str) -> None:
    """Mark a field of the form as wrong, if there is something to say."""
    if sentence:
        field.invalid = True
        field.error_message = sentence


def sentence_of(check: Callable[[], object]) -> str:
    """What a check says, "" if nothing."""
    try:
        check()
    except InputError as error:
        return str(error)
    return ""
