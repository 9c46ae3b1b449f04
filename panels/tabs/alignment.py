"""The tab that shows which cluster went to which class.

Below the heatmap stand the clusters that did not go to one class alone.
"""

from fiftyone.operators import types

from ...plugin.report.alignment import alignment_plot
from ...plugin.wording import percent
from ..board import Board
from ..page import Page
from .base import CLICK, MOST_ROWS, Tab, names_of

LEVELS = {"micro": "Micro-clusters", "meta": "Meta-clusters"}


def draw_alignment(page: Page, board: Board) -> None:
    """Clusters × classes, and the clusters with most images in doubt."""
    summary = board.summary
    levels = {level: LEVELS[level] for level in reversed(summary.levels)}
    if len(levels) > 1:
        page.choice("level", levels, types.RadioGroup(orientation="horizontal"))
    level = board.choices.level if board.choices.level in levels else next(iter(summary.levels), "micro")
    page.plot(
        board.figures.draw(alignment_plot, level),
        lambda event, mark: event.open(board.marks.cell(level, *mark)),
    )
    if not levels:
        return
    page.text("hint", f"{CLICK} The column “all” leads to whole clusters, and shows how large they are.")
    alignment = summary.alignment_of(level)
    doubtful = alignment.doubtful[:MOST_ROWS]
    if not doubtful:
        page.text("table_title", "No cluster is in doubt: each went to one class.")
        return
    page.text("table_title", f"**Clusters with most {summary.noun}s in doubt**")
    page.table(
        "clusters",
        ("cluster", f"{summary.noun}s", "purity", "went to"),
        doubtful,
        lambda row: (
            alignment.clusters[row],
            alignment.sizes[row],
            percent(alignment.shares[row][0]),
            names_of(summary, alignment.classes[row]),
        ),
        lambda event, row: event.open(board.marks.cluster(level, alignment.clusters[row])),
    )


ALIGNMENT = Tab("alignment", "Alignment", draw_alignment)
