"""What a tab of the panel is, and what several tabs draw.

A tab is one file with a `Tab`, and one line in `tabs/__init__.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...plugin.report.summary import RunSummary
from ...plugin.wording import cut
from ..board import Board
from ..choices import NO_TRUTH
from ..page import Page

MOST_ROWS = 20
CLICK = "Click a mark or a row to see its samples."


@dataclass(frozen=True)
class Tab:
    """A part of the panel, of which one shows.

    Attributes:
        name: Its name in the choices of a panel.
        title: What it is called.
        draw: Draws it into a page, with what a click on each piece does.
    """

    name: str
    title: str
    draw: Callable[[Page, Board], None]


def draw_truth(page: Page, board: Board) -> None:
    """The choice of a field with the ground truth, where there may be one."""
    if board.truth_fields:
        fields = {NO_TRUTH: "none"} | {name: name for name in board.truth_fields}
        page.choice("truth", fields, label="Ground truth to compare with")


def names_of(summary: RunSummary, numbers: Iterable[int]) -> str:
    """The names of some classes."""
    return ", ".join(cut(summary.classes[number]) for number in numbers)
