"""Parts of the forms of several operators.

An invalid field shows the message of the check that the work itself makes.
"""

import os
from collections.abc import Callable, Iterable, Sequence

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.encoders.crops import MARGIN
from ..plugin.engine.config import PRESETS
from ..plugin.engine.errors import InputError
from ..plugin.system.requirements import what_is_missing


def dropdown(values: Sequence[str]) -> types.Dropdown:
    """A dropdown whose values are their own labels."""
    view = types.Dropdown()
    for value in values:
        view.add_choice(value, label=value)
    return view


def suggesting(values: Iterable[str], allow_duplicates: bool = True) -> types.AutocompleteView:
    """A text field, or a list of texts, with suggestions."""
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=allow_duplicates)
    for value in values:
        view.add_choice(value, label=value)
    return view


def add_multilabel(inputs: types.Object, problem: str) -> None:
    """Add the switch for several labels an image, and what is wrong with them, "" if nothing."""
    switch = inputs.bool(
        "multilabel",
        default=False,
        label="Several labels an image",
        description="Each class gets its own probability; audit some labels, then refine to calibrate it",
        view=types.SwitchView(),
    )
    refuse(switch, problem)


def add_preset(inputs: types.Object) -> None:
    """The preset of the settings."""
    inputs.enum(
        "preset",
        PRESETS,
        default=PRESETS[0],
        label="Preset",
        description="Clustering for the size of the dataset",
        view=dropdown(PRESETS),
    )


def add_margin(inputs: types.Object) -> None:
    """What is shown around objects that are cut out of their images."""
    inputs.float(
        "margin",
        default=MARGIN,
        min=0,
        max=1,
        label="Margin",
        description="Context around an object, as a share of its width and height",
    )


def chosen_margin(ctx: foo.ExecutionContext) -> float:
    """The same as it was chosen."""
    margin = ctx.params.get("margin")
    return MARGIN if margin is None else margin


def add_explorer(
    inputs: types.Object, ctx: foo.ExecutionContext, name: str, *, label: str, description: str, folder: bool
) -> None:
    """A file browser for an existing file or folder on the machine where FiftyOne runs."""
    view = types.FileExplorerView(choose_dir=folder)
    field = inputs.file(name, label=label, description=description, view=view)
    place = explored(ctx, name)
    # FiftyOne's explorer accepts any text that is typed below its list.
    if place and not (os.path.isdir(place) if folder else os.path.isfile(place)):
        refuse(field, f"{place} does not exist: choose from the list.")


def explored(ctx: foo.ExecutionContext, name: str) -> str:
    """Absolute path of the chosen file or folder, "" if none."""
    return (ctx.params.get(name) or {}).get("absolute_path") or ""


def add_missing_packages(inputs: types.Object) -> None:
    """Say which packages have to be installed first, if any."""
    if sentence := what_is_missing():
        inputs.view("missing_packages", types.Warning(label=sentence))


def add_problem(inputs: types.Object, sentence: str, name: str = "problem") -> None:
    """Show why a form cannot be executed."""
    # The App shows no error message of a notice or a heading, only that of a field.
    refuse(inputs.view(name, types.Error(label=sentence)), sentence)


def refuse(field: types.Property, sentence: str) -> None:
    """Mark a field of the form as invalid, unless the sentence is empty."""
    if sentence:
        field.invalid = True
        field.error_message = sentence


def sentence_of(check: Callable[[], object]) -> str:
    """The message of a check, "" if it passes."""
    try:
        check()
    except InputError as error:
        return str(error)
    return ""
