"""What the command line shows: progress bars while it works, tables when it is done.

Progress goes to the error stream, so that the tables can be piped.
"""

from types import TracebackType

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .pipeline import STAGES, Labelling

MOST_CLASSES_SHOWN = 30


class StageProgress:
    """One bar per stage; an instance is the `progress` callback of `auto_label` or `export_labels`."""

    def __init__(self, stages: dict[str, str] = STAGES) -> None:
        """Prepare the bars without drawing them.

        Args:
            stages: Stage → what to call it.
        """
        self._stages = stages
        self._bars = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "StageProgress":
        """Wait for the first report; a run that is refused at once shows no bars."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they are and give the terminal back."""
        if self._tasks:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of a stage are finished."""
        self._bars.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(self._stages[stage], total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)


def summary_table(labelling: Labelling, accuracies: dict[str, float] | None = None) -> Table:
    """What a run did, in rows of a name and a value.

    Args:
        labelling: A finished run.
        accuracies: What to call an accuracy → accuracy in [0, 1], where the truth is known.
    """
    table = Table(title="Auto-label", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    table.add_row("Images labelled", f"{len(labelling.sample_ids):,}")
    if labelling.failures:
        first = next(iter(labelling.failures.values()))
        table.add_row("Images that failed", Text(f"{len(labelling.failures):,}, the first: {first}"))
    table.add_row("Classes", f"{len(labelling.classes):,}")
    table.add_row("Encoder", Text(labelling.encoder))
    if labelling.refinement.choices:
        table.add_row("Settings", labelling.refinement.choices)
    if labelling.visual_encoder:
        table.add_row("Second image encoder", Text(labelling.visual_encoder))
    for name, value in (accuracies or {}).items():
        table.add_row(name, f"{value:.1%}")
    for kept in labelling.refinement.coverage:
        what = "all" if kept.share == 1 else f"the surest {kept.share:.0%}"
        table.add_row(f"Expected to be right, {what}", f"{kept.expected_accuracy:.1%}")
    for stage, seconds in labelling.seconds.items():
        table.add_row(STAGES[stage], f"{seconds:.1f} s")
    return table


def class_table(labelling: Labelling) -> Table:
    """Images and mean confidence per class, most frequent first; classes without images are counted only."""
    table = Table("Class", title_justify="left")
    table.add_column("Images", justify="right")
    table.add_column("Mean confidence", justify="right")
    ranked = sorted(labelling.counts.items(), key=lambda item: -item[1])
    used = [(name, count) for name, count in ranked if count]
    for name, count in used[:MOST_CLASSES_SHOWN]:
        inside = labelling.refinement.labels == labelling.classes.index(name)
        confidence = np.mean(labelling.refinement.confidence[inside])
        table.add_row(Text(name), f"{count:,}", f"{confidence:.1%}")
    hidden = [count for _, count in used[MOST_CLASSES_SHOWN:]]
    if hidden:
        table.add_row(f"{_classes(len(hidden))} not shown", f"{sum(hidden):,}", "", style="dim")
    if len(used) < len(ranked):
        table.add_row(f"{_classes(len(ranked) - len(used))} without images", "", "", style="dim")
    return table


def _classes(number: int) -> str:
    return "1 class" if number == 1 else f"{number:,} classes"
