"""Settings as command-line options, from YAML and TOML files, and as a table for the documentation.

All are generated from the dataclass `Settings` and its docstring.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

import typer

from ..engine.config import CHOICES, Settings, setting_docs
from ..engine.errors import InputError
from .options import one_of

Command = TypeVar("Command", bound=Callable)
PANEL = "Settings"


def takes_settings(command: Command) -> Command:
    """Decorator that gives a command with `**settings` an option for every setting; None if not given."""
    signature = inspect.signature(command)
    own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = [*own, *_options()]
    command.__signature__ = signature.replace(parameters=parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def chosen_settings(preset: str, file: Path | None, given: dict[str, object]) -> Settings:
    """The defaults, overridden by the preset, the file and the options, in this order.

    Args:
        preset: Name of a preset.
        file: YAML or TOML file with settings by name.
        given: Setting → value of its option, None where it was not given.

    Raises:
        InputError: There is no such preset or setting, a value is out of range, or the file is unusable.
    """
    settings = Settings.preset(preset)
    if file is not None:
        try:
            settings = settings.with_overrides(**read_settings(file))
        except InputError as error:
            raise InputError(f"In the settings file {file}: {error}") from error
    return settings.with_overrides(**{name: value for name, value in given.items() if value is not None})


def read_settings(file: Path) -> dict[str, object]:
    """Read names and values of settings from a `.yaml`, `.yml` or `.toml` file, unchecked.

    Raises:
        InputError: The file cannot be read, or does not hold names with values.
    """
    readers = {".yaml": _read_yaml, ".yml": _read_yaml, ".toml": _read_toml}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError("its name must end in .yaml, .yml or .toml.")
    try:
        values = reader(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"it cannot be read ({' '.join(str(error).split())}).") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError("it must have one setting per line, such as `iterations: 4`.")
    return values


def _read_yaml(text: str) -> object:
    import yaml

    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(error) from error


def _read_toml(text: str) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _options() -> list[inspect.Parameter]:
    hints, docs = get_type_hints(Settings), setting_docs()
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                hints[field.name] | None,
                typer.Option(
                    help=docs[field.name],
                    show_default="automatic" if field.default is None else str(field.default),
                    rich_help_panel=PANEL,
                    autocompletion=one_of(CHOICES[field.name]) if field.name in CHOICES else None,
                ),
            ],
        )
        for field in fields(Settings)
    ]
