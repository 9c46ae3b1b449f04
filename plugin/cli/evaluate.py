"""The command `fiftyone-autolabel evaluate`.

The evaluation itself is in `run.evaluation`.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument

if TYPE_CHECKING:
    from rich.table import Table

    from ..run.evaluation import Evaluation

MOST_CLASSES_SHOWN = 30
MOST_CONFUSIONS_SHOWN = 10


def evaluate(
    source: SourceArgument,
    truth: Annotated[str, typer.Option(help="Field with the true classes.", metavar="FIELD")],
    label_field: Annotated[str, typer.Option(help="Field with the labels.")] = "auto_label",
    view: Annotated[str | None, typer.Option(help="Evaluate a saved view of the dataset.")] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Key of the evaluation on the dataset.", show_default="LABEL_FIELD_evaluation"),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare labels with a ground truth, and store the evaluation on the dataset.

    FiftyOne's Model Evaluation panel shows it, with the samples behind every number. For labelled objects,
    the ground truth is the field that the objects came from.

    Examples:

        fiftyone-autolabel evaluate photos --truth ground_truth

        fiftyone-autolabel evaluate photos --truth ground_truth --json > evaluation.json
    """
    require_database()

    from ..dataset import find_source, saved_view
    from ..run.evaluation import evaluate as compare
    from .console import Printer

    dataset = find_source(source)
    evaluation = compare(saved_view(dataset, view) if view else dataset, truth, label_field, key=key)
    shown = [evaluation_table(evaluation), scores_table(evaluation)]
    if evaluation.confusions:
        shown.append(confusions_table(evaluation))
    where = "dataset" if evaluation.noun == "image" else f"objects in {evaluation.label_field}"
    sentence = f"Stored on the {where} as {evaluation.key}." if evaluation.key else ""
    Printer(as_json, quiet).tell(_as_dict(evaluation), *shown, *filter(None, [sentence]))


def evaluation_table(evaluation: "Evaluation") -> "Table":
    """Results over all images, in rows of a name and a value."""
    from rich.table import Table

    table = Table(title="Evaluation", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row(_nouns(evaluation), f"{evaluation.n_images:,}")
    if evaluation.n_left_out:
        table.add_row("Left out, without a label or a true class", f"{evaluation.n_left_out:,}")
    table.add_row("Accuracy", f"{evaluation.accuracy:.1%}")
    for name, value in asdict(evaluation.single).items() if evaluation.single else ():
        table.add_row(f"Single labels: {name.replace('_', ' ')}", f"{value:.1%}")
    if evaluation.n_reviewed and evaluation.accuracy_unreviewed is not None:
        table.add_row("Reviewed labels", f"{evaluation.n_reviewed:,}")
        table.add_row("Accuracy of the other labels", f"{evaluation.accuracy_unreviewed:.1%}")
    if evaluation.expected_accuracy is not None:
        table.add_row("Expected accuracy", f"{evaluation.expected_accuracy:.1%}")
        table.add_row("Expected calibration error", f"{evaluation.calibration_error:.1%}")
        table.add_row("Area under the risk-coverage curve", f"{evaluation.risk:.1%}")
    return table


def scores_table(evaluation: "Evaluation") -> "Table":
    """Precision and recall per class, lowest F1 first."""
    from rich.table import Table
    from rich.text import Text

    table = Table("Class, lowest F1 first", title_justify="left")
    for column in ("Precision", "Recall", "F1", _nouns(evaluation)):
        table.add_column(column, justify="right")
    worst = sorted(evaluation.classes, key=lambda score: (score.f1, score.name))
    for one in worst[:MOST_CLASSES_SHOWN]:
        shares = (f"{share:.1%}" for share in (one.precision, one.recall, one.f1))
        table.add_row(Text(one.name), *shares, f"{one.images:,}")
    hidden = len(worst) - MOST_CLASSES_SHOWN
    if hidden > 0:
        table.add_row(f"and {hidden:,} more", style="dim")
    return table


def confusions_table(evaluation: "Evaluation") -> "Table":
    """The most frequent errors."""
    from rich.table import Table
    from rich.text import Text

    table = Table("True class", "Label", title="Most frequent errors", title_justify="left")
    table.add_column(_nouns(evaluation), justify="right")
    for (true, label), count in list(evaluation.confusions.items())[:MOST_CONFUSIONS_SHOWN]:
        table.add_row(Text(true), Text(label), f"{count:,}")
    return table


def _nouns(evaluation: "Evaluation") -> str:
    return f"{evaluation.noun.capitalize()}s"


def _as_dict(evaluation: "Evaluation") -> dict:
    pairs = [
        {"true": true, "label": label, "images": count}
        for (true, label), count in evaluation.confusions.items()
    ]
    return asdict(evaluation) | {"confusions": pairs}
