"""The command line `fiftyone-autolabel`: its commands, and how it answers bad input and Ctrl-C.

Every command has a file of its own; it reads options and shows results, and leaves the work to others.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import NoReturn

import typer
from typer.core import TyperGroup

from ..engine.errors import InputError, RunCancelledError
from .bench import bench
from .demo import demo
from .evaluate import evaluate
from .export import export
from .install import install
from .label import label
from .predict import predict
from .report import report
from .runs import delete_run, runs

REFUSED = 1
BAD_INPUT = 2
INTERRUPTED = 130

UsageError = typer.BadParameter.__base__
"""What typer raises for words that it cannot read; older versions have it from click, newer their own."""


class _Commands(TyperGroup):
    """Commands that answer bad input and Ctrl-C with one line instead of a traceback or a box."""

    def make_context(self, info_name: str | None, args: list[str], **extra: object) -> typer.Context:
        """Read the words before the command; without any, show the help."""
        with _one_line():
            return super().make_context(info_name, args or ["--help"], **extra)

    def invoke(self, ctx: typer.Context) -> object:
        """Run a command."""
        with _one_line():
            return super().invoke(ctx)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Say in one line what ends a command early."""
    try:
        yield
    except InputError as error:
        _end(f"Error: {error}", BAD_INPUT, error)
    except UsageError as error:
        place = error.ctx.command_path if error.ctx else "fiftyone-autolabel"
        _end(f"Error: {_sentence(error.format_message())} See {place} --help.", BAD_INPUT, error)
    except RunCancelledError as error:
        _end(str(error), INTERRUPTED, error)
    except KeyboardInterrupt as error:
        _end("Stopped. Embeddings so far are kept: the same command goes on from there.", INTERRUPTED, error)
    except typer.Abort as error:
        _end("Nothing was changed.", REFUSED, error)


def _sentence(message: str) -> str:
    """A message of typer's in one line, with a full stop."""
    line = " ".join(message.split())
    return line if line.endswith((".", "?")) else f"{line}."


def _end(sentence: str, code: int, cause: BaseException) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code) from cause


app = typer.Typer(
    cls=_Commands,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Label an unlabelled image dataset from nothing but class names.",
)
for command in (label, predict, evaluate, export, report, runs, delete_run, bench, demo, install):
    app.command()(command)
