"""The tab that shows how confident the labels are, and how accurate those are that are kept.

With a ground truth it shows how right the confidence is, and which classes are confused.
"""

from ...plugin.report.confidence import confidence_plot, coverage_plot, reliability_plot
from ...plugin.report.confusion import confusion_plot
from ...plugin.wording import counted, percent
from ..board import Board
from ..page import ROW, Page
from .base import Tab, draw_truth


def draw_confidence(page: Page, board: Board) -> None:
    """The histogram, the share to keep and what to expect of it, and the ground truth."""
    summary, figures = board.summary, board.figures
    draw_truth(page, board)
    page.plot(figures.draw(confidence_plot), lambda event, span: event.open(board.marks.confidence(*span)))
    page.slider("keep", "Keep the most confident labels, in percent", 5, 100, 5)
    kept = min(summary.coverage, key=lambda each: abs(each.share - board.choices.keep / 100))
    page.text(
        "kept",
        f"Of the most confident **{kept.share:.0%}** ({counted(kept.images, summary.noun)}, confidence from "
        f"{kept.least_confidence:.2f}), **{percent(kept.expected_accuracy)}** are expected to be right.",
    )
    least, row = kept.least_confidence, page.group("keeping", ROW)
    row.button("kept", "Show these", lambda event: event.open(board.marks.kept(least)), icon="check")
    row.button("rest", "Show the rest", lambda event: event.open(board.marks.rest(least)), icon="search")
    page.plot(figures.draw(coverage_plot))
    if summary.truth:
        page.plot(figures.draw(reliability_plot))
        page.plot(figures.draw(confusion_plot), lambda event, mark: event.open(board.marks.confusion(*mark)))


CONFIDENCE = Tab("confidence", "Confidence", draw_confidence)
