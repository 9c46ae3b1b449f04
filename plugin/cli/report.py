"""The command `fiftyone-autolabel report`.

The work is done by `run.stored`.
"""

from pathlib import Path
from typing import Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument


def report(
    source: SourceArgument,
    output: Annotated[Path, typer.Option(help="New folder.", metavar="FOLDER")],
    run: Annotated[
        str | None,
        typer.Option(help="Key of a run, see `runs`.", metavar="KEY", show_default="the last"),
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="Add every figure as a PNG file.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier report.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the report of a run: labels, metadata, a page with figures, and the prototypes for `predict`.

    Examples:

        fiftyone-autolabel report photos --output report/

        fiftyone-autolabel report photos --run auto_label_1 --output report/ --png
    """
    require_database()

    from ..dataset import find_source
    from ..run.stored import report_run
    from .console import Printer

    printer = Printer(as_json, quiet)
    dataset = find_source(source)
    with printer.progress() as progress:
        made = report_run(dataset, output, run, png=png, overwrite=overwrite, progress=progress)
    sentences = [f"Report of {made.run_key}: {made.folder}"]
    if made.why_no_prototypes:
        sentences.append(f"It has no prototypes for new images: {made.why_no_prototypes}")
    printer.tell({name: str(value) for name, value in vars(made).items()}, *sentences)
