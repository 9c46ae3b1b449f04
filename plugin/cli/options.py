"""Options that several commands share."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from ..encoders.registry import ENCODER_NAMES
from ..engine.config import PRESETS


def one_of(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Shell completion from known values."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


EncoderOption = Annotated[
    str,
    typer.Option(
        autocompletion=one_of(ENCODER_NAMES),
        help="auto, offline, openclip, openclip:MODEL/PRETRAINED or sentence-transformers:MODEL. "
        "auto uses the best OpenCLIP model that is available, else the offline encoder.",
    ),
]
PresetOption = Annotated[
    str,
    typer.Option(
        help=f"Preset for the size of the dataset: {', '.join(PRESETS)}.",
        autocompletion=one_of(PRESETS),
    ),
]
VECTORS = "FIELD|KEY|FILE.npy"
SourceArgument = Annotated[
    str, typer.Argument(help="Name of a FiftyOne dataset, or the folder that it was created from.")
]
PrototypesArgument = Annotated[Path, typer.Argument(help="Folder that `label --output` or `report` wrote.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and requested data.")]
