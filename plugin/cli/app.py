"""The command line `fiftyone-autolabel`: its commands, and how it reports bad input and Ctrl-C.

Every command has its own file, which reads options and shows results.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

from ..engine.errors import InputError, RunCancelledError
from ..system.versions import package_versions
from .audit import audit
from .bench import bench
from .check import check_labels
from .demo import demo
from .encoders import install_encoder, pack_encoder
from .evaluate import evaluate
from .export import export
from .export_model import export_model
from .install import install
from .label import label
from .predict import predict
from .report import report
from .runs import delete_run, runs
from .streams import with_data_alone

REFUSED = 1
BAD_INPUT = 2
INTERRUPTED = 130

OVERWRITE = ("or overwrite it", "or give --overwrite")
"""Words of a message that the App and Python share, and the option that they mean."""

UsageError = typer.BadParameter.__base__
"""The usage error of typer, which comes from click in older versions."""


class _Commands(TyperGroup):
    """Commands that report bad input and Ctrl-C in one line."""

    def make_context(self, info_name: str | None, args: list[str], **extra: object) -> typer.Context:
        """Parse the arguments before the command; without any, show the help."""
        with _one_line():
            return super().make_context(info_name, args or ["--help"], **extra)

    def invoke(self, ctx: typer.Context) -> object:
        """Run a command."""
        with _one_line():
            return super().invoke(ctx)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Report in one line what ends a command early."""
    try:
        yield
    except InputError as error:
        _end(f"Error: {str(error).replace(*OVERWRITE)}", BAD_INPUT, error)
    except UsageError as error:
        place = error.ctx.command_path if error.ctx else "fiftyone-autolabel"
        _end(f"Error: {_sentence(error.format_message())} See {place} --help.", BAD_INPUT, error)
    except RunCancelledError as error:
        _end(str(error), INTERRUPTED, error)
    except typer.Abort as error:
        _end("Nothing was changed.", REFUSED, error)
    except BaseException as error:
        if not _was_interrupted(error):
            raise
        _end("Stopped. Embeddings so far are cached: run the same command to continue.", INTERRUPTED, error)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or what that broke: a lock, for one, may no longer be held when it is let go."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _sentence(message: str) -> str:
    """A message of typer in one line, with a full stop."""
    line = " ".join(message.split())
    return line if line.endswith((".", "?")) else f"{line}."


def _end(sentence: str, code: int, cause: BaseException) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code) from cause


app = typer.Typer(
    cls=_Commands,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Label an unlabelled image dataset from class names alone.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(package_versions()["fiftyone-autolabel"])
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the command."""


COMMANDS = (
    label,
    predict,
    audit,
    evaluate,
    check_labels,
    export,
    export_model,
    report,
    runs,
    delete_run,
    bench,
    demo,
    install,
    pack_encoder,
    install_encoder,
)

for command in COMMANDS:
    app.command()(with_data_alone(command))
