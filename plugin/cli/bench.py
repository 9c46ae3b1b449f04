"""The command `fiftyone-autolabel bench`.

The measurements are in `demo.bench`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..engine.config import Settings
from ..engine.errors import InputError
from .options import EncoderOption, JsonOption, QuietOption

if TYPE_CHECKING:
    from .console import Printer

USUAL_SIZES = {"images": 100_000, "dimensions": 512, "classes": 100}


def bench(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders with one subfolder of images per class, to measure accuracy.",
            metavar="[FOLDER]...",
        ),
    ] = None,
    images: Annotated[
        int | None, typer.Option(help="Number of random vectors to label.", show_default="100000")
    ] = None,
    dimensions: Annotated[
        int | None, typer.Option(help="Dimensions of the vectors.", show_default="512")
    ] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes.", show_default="100")] = None,
    encoder: EncoderOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure time and memory of labelling on this machine, or accuracy on your class folders.

    Without folders, random vectors are labelled, and time and memory of every step are shown. With folders,
    their images are embedded and labelled by every method, and the labels are compared with the names of the
    subfolders. No database is needed, and only the cache of embeddings is written.

    Examples:

        fiftyone-autolabel bench

        fiftyone-autolabel bench --images 1000000 --dimensions 768 --classes 1000

        fiftyone-autolabel bench my-photos-by-class/ --encoder offline
    """
    from .console import Printer

    sizes = {"images": images, "dimensions": dimensions, "classes": classes}
    if not folders:
        chosen = {name: usual if sizes[name] is None else sizes[name] for name, usual in USUAL_SIZES.items()}
        _bench_engine(chosen, Printer(as_json, quiet))
        return
    for name, size in sizes.items():
        if size is not None:
            raise InputError(f"--{name} is for random vectors: leave it out, or give no folders.")
    _bench_folders(folders, encoder, Printer(as_json, quiet))


def _bench_engine(sizes: dict[str, int], printer: "Printer") -> None:
    from ..demo.bench import check_sizes, make_features, measure_engine, warm_up
    from .console import steps_table

    check_sizes(**sizes)
    warm_up(sizes["images"])
    X, T = make_features(sizes["images"], sizes["dimensions"], sizes["classes"])
    settings = Settings().resolved(len(X), len(T))
    with printer.progress() as progress:
        costs = measure_engine(X, T, settings, progress)
    steps = [asdict(step) for step in costs.steps]
    outcome = {**sizes, "embeddings": X.nbytes, "settings": asdict(settings), "steps": steps}
    printer.tell(outcome, steps_table(X, T, costs.steps))


def _bench_folders(folders: list[Path], encoder: str, printer: "Printer") -> None:
    from ..demo.bench import measure_labels
    from ..demo.class_folders import class_files
    from ..encoders.registry import load_encoder
    from .console import quality_table

    for folder in folders:
        class_files(folder)  # all are checked before the first is measured
    tower, measured = load_encoder(encoder), []
    for folder in folders:
        with printer.progress() as progress:
            measured.append(measure_labels(folder, tower, progress))
    printer.tell([asdict(each) for each in measured], *map(quality_table, measured))
