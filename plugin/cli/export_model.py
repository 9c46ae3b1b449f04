"""The command `fiftyone-autolabel export-model`: what a run has learnt as a model of FiftyOne's zoo.

The work is done by `run.zoo_model`.
"""

from pathlib import Path
from typing import Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, PrototypesArgument, QuietOption


def export_model(
    prototypes: PrototypesArgument,
    name: Annotated[str, typer.Argument(help="Name of the model.")],
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder, or archive that ends in .zip, to publish.",
            show_default="FiftyOne's zoo folder",
            metavar="FOLDER",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier one.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a model of FiftyOne's zoo of a run, for load_zoo_model and apply_model.

    Examples:

        fiftyone-autolabel export-model report/ photo-classes

        fiftyone-autolabel export-model report/ photo-classes --output photo-classes.zip
    """
    if output is None:
        require_database()  # FiftyOne knows where its zoo is, and asks for a database

    from ..run.zoo_model import export_model as make
    from .console import Printer

    made = make(prototypes, name, output, overwrite=overwrite)
    load = f'Load it with: fiftyone.zoo.load_zoo_model("{name}")'
    publish = "Publish it, and others load it with: fiftyone.zoo.load_zoo_model(ADDRESS, "
    sentence = load if output is None else f'{publish}"{name}")'
    Printer(as_json, quiet).tell({"model": name, "output": str(made)}, f"Model: {made}. {sentence}")
