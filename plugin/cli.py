"""The command line `fiftyone-autolabel`: its commands, and how it answers bad input and Ctrl-C.

Every command has a file of its own; it reads options and shows results, and leaves the work to others.
"""

import sys

import typer
from typer.core import TyperGroup

from .cli_bench import bench
from .cli_demo import demo
from .cli_export import export
from .cli_install import install
from .cli_label import label
from .cli_predict import predict
from .cli_report import report
from .cli_review import evaluate
from .cli_runs import delete_run, runs
from .engine.errors import InputError, RunCancelledError

BAD_INPUT = 2
INTERRUPTED = 130


class _Commands(TyperGroup):
    """Commands that answer bad input and Ctrl-C with one line instead of a traceback."""

    def invoke(self, ctx: typer.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            print(f"Error: {error}", file=sys.stderr)
            raise typer.Exit(BAD_INPUT) from error
        except RunCancelledError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from error
        except KeyboardInterrupt as error:
            print(
                "Stopped. Embeddings so far are kept: the same command goes on from there.", file=sys.stderr
            )
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Label an unlabelled image dataset from nothing but class names.",
)
for command in (label, predict, evaluate, export, report, runs, delete_run, bench, demo, install):
    app.command()(command)
