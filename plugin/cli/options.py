"""Options that several commands share.

What they say is said once.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from ..encoders.registry import ENCODER_NAMES
from ..engine.config import PRESETS


def one_of(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Completion in the shell by known values."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


EncoderOption = Annotated[
    str,
    typer.Option(
        autocompletion=one_of(ENCODER_NAMES),
        help="auto, offline, openclip, openclip:MODEL/PRETRAINED or sentence-transformers:MODEL. "
        "auto takes OpenCLIP where its weights can be had, else the offline encoder.",
    ),
]
PresetOption = Annotated[
    str,
    typer.Option(
        help=f"Size of the dataset: {', '.join(PRESETS)}. auto counts the images.",
        autocompletion=one_of(PRESETS),
    ),
]
VECTORS = "FIELD|KEY|FILE.npy"
SourceArgument = Annotated[
    str, typer.Argument(help="A FiftyOne dataset, or the folder that it was made from.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no progress and no tables, only errors and data.")
]
