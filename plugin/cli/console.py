"""Output of the command line: progress bars on the error stream, tables on the standard output."""

import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rich
from rich.table import Table
from rich.text import Text

from ..engine.progress import Progress
from ..run.pipeline import STAGES
from ..system.progress_bars import shown_progress
from ..wording import duration, percent
from .streams import data_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..demo.bench import LabelQuality, Step
    from ..run.estimate import Cost
    from ..run.results import FinishedRun

MOST_CLASSES_SHOWN = 30
SMALLEST_EMBEDDINGS = 2**24
"""Bytes from which the peak memory of a process is due to the embeddings, not to libraries."""


@dataclass(frozen=True)
class Printer:
    """Prints the result of a command, as its options ask for.

    Attributes:
        as_json: Print JSON, and nothing else, on the standard output.
        quiet: Print no progress, and nothing on the standard output but requested JSON.
    """

    as_json: bool = False
    quiet: bool = False

    def progress(self, stages: dict[str, str] = STAGES) -> AbstractContextManager[Progress]:
        """Bars for the stages of a run or an export; none if quiet."""
        return shown_progress(not self.quiet, stages)

    def tell(self, outcome: object, *shown: Table | str) -> None:
        """Print the result.

        Args:
            outcome: The result as JSON values.
            shown: The result as tables and sentences.
        """
        if self.as_json:
            print(json.dumps(outcome, indent=2, ensure_ascii=False, allow_nan=False), file=data_stream())
        elif not self.quiet:
            for one in shown:
                printed = print if isinstance(one, str) else rich.print
                printed(one, file=data_stream())


def summary_table(
    labelling: "FinishedRun",
    accuracies: dict[str, float] | None = None,
    noun: str = "Images",
) -> Table:
    """A summary of a run, in rows of a name and a value.

    Args:
        labelling: A finished run.
        accuracies: Name → accuracy in [0, 1], where the true classes are known.
        noun: "Images" or "Objects".
    """
    table = Table(title="Auto-label", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    table.add_row(f"{noun} labelled", f"{len(labelling.refinement.labels):,}")
    if labelling.failures:
        first = next(iter(labelling.failures.values()))
        table.add_row(f"{noun} that failed", Text(f"{labelling.n_failed:,}, the first: {first}"))
    table.add_row("Classes", f"{len(labelling.classes):,}")
    table.add_row("Encoder", Text(labelling.encoder))
    if labelling.refinement.choices:
        table.add_row("Settings", labelling.refinement.choices)
    if labelling.second_encoder:
        table.add_row("Second image encoder", Text(labelling.second_encoder))
    for name, value in (accuracies or {}).items():
        table.add_row(name, f"{value:.1%}")
    if len(labelling.classes) == 1:
        table.add_row("Expected to be right", "unknown, as there is only one class")
    for kept in labelling.refinement.coverage if len(labelling.classes) > 1 else ():
        what = "all" if kept.share == 1 else f"the surest {kept.share:.0%}"
        table.add_row(f"Expected to be right, {what}", percent(kept.expected_accuracy))
    for remark in labelling.remarks:
        table.add_row("Note", Text(remark))
    for stage, seconds in labelling.seconds.items():
        table.add_row(STAGES[stage], f"{seconds:.1f} s")
    return table


def class_table(labelling: "FinishedRun", noun: str = "Images") -> Table:
    """Number and mean confidence per class, most frequent first."""
    table = Table("Class", title_justify="left")
    table.add_column(noun, justify="right")
    table.add_column("Mean confidence", justify="right")
    summary = labelling.summary
    rows = zip(summary.classes, summary.counts, summary.mean_confidence, strict=True)
    used = sorted((row for row in rows if row[1]), key=lambda row: -row[1])
    for name, count, confidence in used[:MOST_CLASSES_SHOWN]:
        table.add_row(Text(name), f"{count:,}", percent(confidence))
    hidden = [count for _, count, _ in used[MOST_CLASSES_SHOWN:]]
    if hidden:
        table.add_row(f"{_classes(len(hidden))} not shown", f"{sum(hidden):,}", "", style="dim")
    return table


def preview_table(rows: "Sequence[dict]") -> Table:
    """The labels of a preview, as `previewed` lists them."""
    table = Table("Image", "Label", title="Preview", title_justify="left")
    table.add_column("Confidence", justify="right")
    for row in rows:
        table.add_row(Text(row["path"]), Text(row["label"]), percent(row["confidence"]))
    return table


def labelling_as_dict(labelling: "FinishedRun") -> dict:
    """A summary of a run as JSON values."""
    return {
        "images_labelled": len(labelling.refinement.labels),
        "images_failed": labelling.n_failed,
        "failures": labelling.failures,
        "classes": labelling.counts,
        "encoder": labelling.encoder,
        "second_encoder": labelling.second_encoder,
        "expected_accuracy": round(labelling.expected_accuracy, 4),
        "remarks": labelling.remarks,
        "coverage": [asdict(kept) for kept in labelling.refinement.coverage],
        "settings": asdict(labelling.refinement.settings),
        "seconds": {stage: round(seconds, 3) for stage, seconds in labelling.seconds.items()},
    }


def cost_table(cost: "Cost") -> Table:
    """The estimated time and memory of a run."""
    table = Table(title="Estimate", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    table.add_row("Images", f"{cost.images:,}")
    table.add_row("Classes", f"{cost.classes:,}")
    table.add_row("Encoder", Text(cost.encoder))
    table.add_row(
        "Settings", Text(", ".join(f"{name} {value}" for name, value in asdict(cost.settings).items()))
    )
    table.add_row("Embedding images", f"about {duration(cost.embed_seconds)}, less if some are in the cache")
    table.add_row("Clustering and refining", f"about {duration(cost.refine_seconds)}")
    if cost.suggest_seconds:
        table.add_row("Embedding names to suggest", f"about {duration(cost.suggest_seconds)}, once")
    table.add_row("Memory, without the encoder", f"about {cost.memory / 2**20:,.0f} MiB")
    return table


def cost_as_dict(cost: "Cost") -> dict:
    """The estimate as JSON values."""
    return {
        name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(cost).items()
    }


def steps_table(X: np.ndarray, T: np.ndarray, steps: "Sequence[Step]") -> Table:
    """Time and memory of every step of a run on (n, d) images and (k, d) classes."""
    sizes = f"{len(X):,} images, {X.shape[1]:,} dimensions, {_classes(len(T))}"
    table = Table("step", title=f"{sizes}; embeddings {X.nbytes / 2**20:,.0f} MiB", title_justify="left")
    table.add_column("seconds", justify="right")
    table.add_column("peak MiB", justify="right")
    table.add_column("times the embeddings", justify="right")
    for step in steps:
        times = f"{step.memory / X.nbytes:.1f}" if X.nbytes >= SMALLEST_EMBEDDINGS else "–"
        table.add_row(step.name, f"{step.seconds:.1f}", f"{step.memory / 2**20:,.0f}", times)
    return table


def quality_table(quality: "LabelQuality") -> Table:
    """Quality of the labels of the images in a folder, one row per method."""
    counts = f"{quality.images:,} images, {_classes(quality.classes)}"
    title = Text(f"{Path(quality.folder).name}: {counts}, encoder {quality.encoder}")
    table = Table("method", title=title, title_justify="left")
    for column in ("zero-shot", "refined", "expected", "ECE", "AURC", "seconds"):
        table.add_column(column, justify="right")
    for each in quality.methods:
        shares = (each.zero_shot_accuracy, each.accuracy, each.expected_accuracy)
        errors = (f"{100 * each.calibration_error:.1f}", f"{100 * each.risk:.1f}")
        table.add_row(each.method, *(f"{share:.1%}" for share in shares), *errors, f"{each.seconds:.1f}")
    return table


def _classes(number: int) -> str:
    return "1 class" if number == 1 else f"{number:,} classes"
