"""The command `fiftyone-autolabel check-labels`.

The work is done by `run.checking`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument

if TYPE_CHECKING:
    from rich.table import Table

    from ..run.checking import CheckedLabels

MOST_PAIRS_SHOWN = 10


def check_labels(
    source: SourceArgument,
    label_field: Annotated[str, typer.Option(help="Field with the labels to check.")] = "ground_truth",
    encoder: Annotated[str, typer.Option(help="Encoder, as for label.")] = "auto",
    embeddings: Annotated[
        str | None, typer.Option(help="Vector field, brain key or .npy file, instead of the encoder.")
    ] = None,
    view: Annotated[str | None, typer.Option(help="Check a saved view of the dataset.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find likely mistakes among labels that somebody made.

    Every label is compared with what the labels of the other images say of its image. A saved view shows the
    likely mistakes in the App, worst first, and two fields keep the mistakenness of every label and the class
    that the other images speak for. The labels are only read.

    Examples:

        fiftyone-autolabel check-labels photos --label-field ground_truth

        fiftyone-autolabel check-labels photos --encoder offline --json
    """
    require_database()

    from ..dataset import find_source, saved_view
    from ..run.checking import check_labels as check
    from ..run.pipeline import STAGES
    from .console import Printer

    dataset, printer = find_source(source), Printer(as_json, quiet)
    samples = saved_view(dataset, view) if view else dataset
    with printer.progress(STAGES) as progress:
        checked = check(samples, label_field, encoder=encoder, embeddings=embeddings, progress=progress)
    told = {
        "n_checked": checked.n_checked,
        "ids": checked.ids,
        "view": checked.view_name,
        "pairs": checked.pair_rows,
        "failures": checked.failures,
    }
    where = f"Open the saved view {checked.view_name!r} in the App."
    printer.tell(told, pairs_table(checked), checked.sentences[0], where)


def pairs_table(checked: "CheckedLabels") -> "Table":
    """Which labels are rather of which other class, most frequent first."""
    from rich.table import Table
    from rich.text import Text

    table = Table("Label", "Rather", title="Likely mistakes", title_justify="left")
    table.add_column("Images", justify="right")
    for (label, other), count in list(checked.pairs.items())[:MOST_PAIRS_SHOWN]:
        table.add_row(Text(label), Text(other), f"{count:,}")
    return table
