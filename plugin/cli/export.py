"""The command `fiftyone-autolabel export`.

It reads options and shows what was exported; the work is told in `export.exporting`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..export.options import (
    ExportOptions,
    Format,
    ImageMode,
    check_options,
    parse_classes,
    parse_splits,
)
from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument, one_of

if TYPE_CHECKING:
    from rich.table import Table

    from ..export.exported import Exported

FORMATS = [one.value for one in Format]
IMAGE_MODES = [one.value for one in ImageMode]


def export(
    source: SourceArgument,
    folder: Annotated[Path, typer.Argument(help="Folder to make; a name ending in .zip makes one file.")],
    format: Annotated[
        str,
        typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.", autocompletion=one_of(FORMATS)),
    ] = "folders",
    label_field: Annotated[
        str, typer.Option(help="Field of classes or boxes; labels that a person corrected win.")
    ] = "auto_label",
    view: Annotated[str | None, typer.Option(help="Export a saved view of the dataset.")] = None,
    min_confidence: Annotated[float, typer.Option(help="Leave out labels with a lower confidence.")] = 0.0,
    approved_only: Annotated[
        bool, typer.Option("--approved-only", help="Leave out what nobody approved or corrected.")
    ] = False,
    complete_only: Annotated[
        bool,
        typer.Option(
            "--complete-only",
            help="Leave out images of which a box is left out: a detector learns it as background.",
        ),
    ] = False,
    classes: Annotated[
        str | None,
        typer.Option(
            help='Class names in the order of their ids, e.g. "cat, dog".',
            show_default="the order of the run",
        ),
    ] = None,
    images: Annotated[
        str, typer.Option(help=f"One of {', '.join(IMAGE_MODES)}.", autocompletion=one_of(IMAGE_MODES))
    ] = "copy",
    splits: Annotated[
        str | None,
        typer.Option(
            help='Shares of train, val and test, by class, e.g. "80,10,10".',
            show_default="none, for YOLO 80,10,10",
        ),
    ] = None,
    new_splits: Annotated[
        bool,
        typer.Option(
            "--new-splits", help="Split anew what has a tag train, val or test, and would stay there."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random split.")] = 0,
    near_duplicates: Annotated[
        float | None,
        typer.Option(
            help="Keep images in one split whose embeddings have at least this cosine: 0.95 suits the "
            "offline encoder, 0.98 OpenCLIP. All pairs are compared: half a minute for 40,000 images."
        ),
    ] = None,
    embeddings: Annotated[
        str | None,
        typer.Option(
            help="Embeddings used to find near-duplicates: a vector field or brain key.",
            show_default="the encoder's, cached",
        ),
    ] = None,
    split_tags: Annotated[
        bool, typer.Option("--split-tags", help="Tag the samples with their splits.")
    ] = False,
    spreadsheet: Annotated[
        bool,
        typer.Option(
            "--spreadsheet", help="Write labels.csv without cells that spreadsheets take for formulas."
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Export labels and images for other programs, complete or not at all.

    Beside the files lies a manifest.json with the settings, the counts and a checksum of every file.

    Examples:

        fiftyone-autolabel export photos labelled/

        fiftyone-autolabel export photos yolo/ --format yolo-classification --splits 80,10,10

        fiftyone-autolabel export photos sure.zip --format coco --min-confidence 0.9
    """
    require_database()

    from ..dataset.folder import find_source
    from ..dataset.reading import saved_view
    from ..export.exporting import STAGES, export_labels
    from .console import Printer

    options = ExportOptions(
        label_field=label_field,
        minimum_confidence=min_confidence,
        approved_only=approved_only,
        complete_only=complete_only,
        classes=parse_classes(classes),
        images=images,
        splits=parse_splits(splits),
        new_splits=new_splits,
        seed=seed,
        near_duplicates=near_duplicates,
        write_split_tags=split_tags,
        spreadsheet=spreadsheet,
        overwrite=overwrite,
    )
    check_options(format, options)
    dataset, printer = find_source(source), Printer(as_json, quiet)
    samples = saved_view(dataset, view) if view else dataset
    with printer.progress(STAGES) as progress:
        exported = export_labels(
            samples, folder, format, options=options, embeddings=embeddings, progress=progress
        )
    outcome = asdict(exported) | {"path": str(exported.path)}
    printer.tell(outcome, export_table(exported), *exported.notes, f"Exported to {exported.path}")


def export_table(exported: "Exported") -> "Table":
    """Labels per class and split, and below them what was left out.

    Args:
        exported: A finished export.
    """
    from rich.table import Table
    from rich.text import Text

    splits = list(exported.labels)
    table = Table("Class", title=f"Exported images: {exported.n_images:,}", title_justify="left")
    for split in splits:
        table.add_column(split, justify="right")
    for name in exported.classes:
        table.add_row(Text(name), *(f"{exported.labels[split][name]:,}" for split in splits))
    for reason, count in exported.left_out.items():
        table.add_row(f"left out, {reason}: {count:,}", style="dim")
    return table
