"""The command `fiftyone-autolabel export`.

The export itself is in `export.exporting`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..encoders.crops import MARGIN
from ..export.options import (
    ExportOptions,
    Format,
    ImageMode,
    check_options,
    parse_classes,
    parse_confidence,
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
    folder: Annotated[Path, typer.Argument(help="New folder; a name ending in .zip makes one file.")],
    format: Annotated[
        str,
        typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.", autocompletion=one_of(FORMATS)),
    ] = "folders",
    label_field: Annotated[
        str, typer.Option(help="Field with the labels; reviewed labels take precedence.")
    ] = "auto_label",
    view: Annotated[str | None, typer.Option(help="Export a saved view of the dataset.")] = None,
    min_confidence: Annotated[
        str,
        typer.Option(
            help='Leave out labels with a lower confidence: a number, or by class, "cat: 0.9, dog: 0.6".'
        ),
    ] = "0",
    approved_only: Annotated[
        bool, typer.Option("--approved-only", help="Export only reviewed labels (approved or corrected).")
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
    margin: Annotated[
        float,
        typer.Option(help="Context around an object in a class folder, as a share of its width and height."),
    ] = MARGIN,
    images: Annotated[
        str,
        typer.Option(
            help=f"How to export images: {', '.join(IMAGE_MODES)}.", autocompletion=one_of(IMAGE_MODES)
        ),
    ] = "copy",
    splits: Annotated[
        str | None,
        typer.Option(
            help='Shares of train, val and test, stratified by class, e.g. "80,10,10".',
            show_default="none, for YOLO 80,10,10",
        ),
    ] = None,
    new_splits: Annotated[
        bool,
        typer.Option("--new-splits", help="Split all images anew, also those with a tag train, val or test."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Random seed of the splits.")] = 0,
    near_duplicates: Annotated[
        float | None,
        typer.Option(
            help="Keep near-duplicates in the same split: images whose embeddings have at least this cosine "
            "similarity, e.g. 0.95 for the offline encoder, 0.98 for OpenCLIP. All pairs are compared: half "
            "a minute for 40,000 images."
        ),
    ] = None,
    embeddings: Annotated[
        str | None,
        typer.Option(
            help="Vector field or brain key to find near-duplicates with.",
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
    """Export labels and images for other programs.

    The folder is written completely or not at all, with a manifest.json of settings, counts and a checksum
    of every file.

    Examples:

        fiftyone-autolabel export photos labelled/

        fiftyone-autolabel export photos yolo/ --format yolo-classification --splits 80,10,10

        fiftyone-autolabel export photos sure.zip --format coco --min-confidence 0.9
    """
    require_database()

    from ..dataset import find_source, saved_view
    from ..export.exporting import STAGES, export_labels
    from ..run.selecting import what_is_kept
    from .console import Printer

    options = ExportOptions(
        label_field=label_field,
        minimum_confidence=parse_confidence(min_confidence),
        approved_only=approved_only,
        complete_only=complete_only,
        classes=parse_classes(classes),
        margin=margin,
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
    kept = what_is_kept(dataset, options)
    outcome = asdict(exported) | {"path": str(exported.path), "kept": kept.to_dict() if kept else None}
    said = [str(kept)] if kept else []
    printer.tell(outcome, export_table(exported), *exported.notes, *said, f"Exported to {exported.path}")


def export_table(exported: "Exported") -> "Table":
    """Labels per class and split, followed by what was left out.

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
