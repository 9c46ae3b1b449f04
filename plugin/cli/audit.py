"""The command `fiftyone-autolabel audit`.

The work is done by `run.audit`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument

if TYPE_CHECKING:
    from rich.table import Table

    from ..report.measured import MeasuredAccuracy

COUNT = 24


def audit(
    source: SourceArgument,
    count: Annotated[int, typer.Option("--count", "-n", help="Labels to show.", min=1)] = COUNT,
    label_field: Annotated[str, typer.Option(help="Field with the labels.")] = "auto_label",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw labels at random for a person to review, and show the accuracy that their reviews measure.

    A saved view shows them in the App: correct the wrong labels, approve the others, and run the command
    again. Labels that were drawn before and are not reviewed yet come first, so nothing is drawn twice.

    Examples:

        fiftyone-autolabel audit photos

        fiftyone-autolabel audit photos -n 50 --json
    """
    require_database()

    from ..dataset import audit_view_name, find_source
    from ..run.audit import audit as draw, measured_accuracy
    from .console import Printer

    dataset = find_source(source)
    ids = draw(dataset, count, label_field).values("id")
    measured, view = measured_accuracy(dataset, label_field), audit_view_name(label_field)
    shown: list[Table | str] = [measured_table(measured)] if measured else []
    if ids:
        shown.append(
            f"To audit: {len(ids):,}. Open the saved view {view!r} in the App, correct the wrong labels and "
            "approve the others, then run this command again."
        )
    else:
        shown.append("Every label is reviewed.")
    told = {"view": view, "ids": ids, "measured_accuracy": measured.to_dict() if measured else None}
    Printer(as_json, quiet).tell(told, *shown)


def measured_table(measured: "MeasuredAccuracy") -> "Table":
    """Measured accuracy of all labels, of the surest ones, and of classes."""
    from rich.table import Table
    from rich.text import Text

    from ..report.measured import interval
    from ..wording import percent

    table = Table("Labels", title="Measured accuracy", title_justify="left", caption=" ".join(measured.to_do))
    for column in ("Right", "95% interval", "Audited"):
        table.add_column(column, justify="right")
    for name, each in measured.rows:
        table.add_row(Text(name), percent(each.accuracy), interval(each), f"{each.audited:,}")
    return table
