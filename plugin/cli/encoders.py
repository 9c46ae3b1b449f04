"""The commands `fiftyone-autolabel pack-encoder` and `install-encoder`: weights for a closed network.

The work is done by `encoders.packing`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, QuietOption

if TYPE_CHECKING:
    from ..encoders.packing import Pack


def pack_encoder(
    encoder: Annotated[
        str, typer.Argument(help="openclip:MODEL/PRETRAINED, or openclip for what auto takes here.")
    ],
    file: Annotated[Path, typer.Argument(help="File to make, which ends in .zip.", metavar="FILE.zip")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier one.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Pack the weights of an encoder into one file, for a machine without a network.

    Weights that are not on disk are fetched. The file holds safetensors and JSON with checksums, no code.

    Examples:

        fiftyone-autolabel pack-encoder openclip:ViT-B-16-SigLIP2/webli siglip2.zip
    """
    from ..encoders.packing import pack_encoder as pack
    from .console import Printer

    packed = pack(encoder, file, overwrite)
    Printer(as_json, quiet).tell(_facts(packed), f"{_title(packed)}: {packed.path}")


def install_encoder(
    file: Annotated[Path, typer.Argument(help="File that pack-encoder made.", metavar="FILE.zip")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Install the weights that pack-encoder packed on another machine.

    They go into the Hugging Face cache, where `auto` and `openclip` find them.

    Examples:

        fiftyone-autolabel install-encoder siglip2.zip
    """
    from ..encoders.packing import install_encoder as install
    from .console import Printer

    installed = install(file)
    told = f'{_title(installed)} is in {installed.path}: use it as encoder "{installed.encoder}", or "auto".'
    Printer(as_json, quiet).tell(_facts(installed), told)


def _facts(pack: "Pack") -> dict:
    return {**vars(pack), "path": str(pack.path)}


def _title(pack: "Pack") -> str:
    return f"{pack.encoder} ({pack.megabytes:,.0f} MB, licence: {pack.licence})"
