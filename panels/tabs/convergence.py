"""The tab that shows how the labels settled, round by round.

Its figure is of the whole run, whatever the panel is restricted to.
"""

from ...plugin.report.convergence import convergence_plot
from ..board import Board
from ..page import Page
from .base import Tab


def draw_convergence(page: Page, board: Board) -> None:
    """The curves of the refinement."""
    page.plot(board.figures.draw(convergence_plot))


CONVERGENCE = Tab("convergence", "Convergence", draw_convergence)
