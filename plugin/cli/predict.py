"""The command `fiftyone-autolabel predict`.

The work is done by `run.prediction`.
"""

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, PrototypesArgument, QuietOption
from .streams import data_stream


def predict(
    prototypes: PrototypesArgument,
    images: Annotated[str, typer.Argument(help="Folder of images, an image file, or vectors in FILE.npy.")],
    image_paths: Annotated[
        Path | None,
        typer.Option(help="Text file with the image path of every row of FILE.npy.", metavar="FILE.txt"),
    ] = None,
    second_embeddings: Annotated[
        Path | None,
        typer.Option(help="Existing vectors by the second encoder of the run.", metavar="FILE.npy"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, JSON if its name ends in .json, else CSV.", show_default="print"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Label new images by what an earlier run has learnt, without its images and without a database.

    Examples:

        fiftyone-autolabel predict report/ new_photos/ > labels.csv

        fiftyone-autolabel predict report/ photo.jpg --json

        fiftyone-autolabel predict report/ X.npy --image-paths paths.txt --output labels.csv
    """
    from ..report.prototypes import load_prototypes
    from ..run.prediction import COLUMNS, paths_of, predict_files, write_predictions
    from ..system.targets import check_file, new_file
    from .console import Printer

    if output is not None:
        output = check_file(output, overwrite, (",".join(COLUMNS), '[\n{"path": '))
    loaded, printer = load_prototypes(prototypes), Printer(as_json, quiet)
    paths, embeddings = paths_of(images, image_paths)
    with printer.progress() as progress:
        predictions = predict_files(
            loaded, paths, embeddings=embeddings, second_embeddings=second_embeddings, progress=progress
        )
    if output is None:
        write_predictions(data_stream(), predictions, as_json)
        return
    with new_file(output) as made, made.open("w", encoding="utf-8", newline="") as file:
        write_predictions(file, predictions, output.suffix == ".json")
    failed = sum(each.error is not None for each in predictions)
    counts = {"labelled": len(predictions) - failed, "failed": failed}
    without = f", {failed:,} could not be labelled" if failed else ""
    printer.tell(
        {"output": str(output), **counts}, f"Labels of {counts['labelled']:,} images{without}: {output}"
    )
