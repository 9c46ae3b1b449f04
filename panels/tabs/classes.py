"""The tab that shows how many images each class got, and which classes compete for the same ones.

A ground truth stands beside the labels where one is chosen.
"""

from ...plugin.report.classes import class_plot
from ...plugin.wording import cut
from ..board import Board
from ..page import Page
from .base import CLICK, MOST_ROWS, Tab, draw_truth


def draw_classes(page: Page, board: Board) -> None:
    """Images per class, and pairs of classes that compete."""
    summary = board.summary
    draw_truth(page, board)
    page.plot(board.figures.draw(class_plot), lambda event, number: event.open(board.marks.label(number)))
    page.text("hint", CLICK)
    pairs = [pair for pair in summary.confusable if pair.images][:MOST_ROWS]
    if not pairs:
        page.text("table_title", f"No two classes compete for {summary.noun}s.")
        return
    page.text("table_title", f"**Classes that compete for the same {summary.noun}s**")
    page.table(
        "pairs",
        ("class", "and class", f"{summary.noun}s between", "expected errors"),
        pairs,
        lambda pair: (
            cut(summary.classes[pair.first]),
            cut(summary.classes[pair.second]),
            pair.images,
            f"{pair.expected_errors:.1f}",
        ),
        lambda event, pair: event.open(board.marks.pair(pair.first, pair.second)),
    )
    page.text(
        "expected",
        "Expected errors: how many labels of either class are expected to belong to the other.",
    )


CLASSES = Tab("classes", "Classes", draw_classes)
