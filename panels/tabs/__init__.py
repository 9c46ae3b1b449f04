"""The tabs of the panel: each draws figures and tables of the run, and says what a click on them shows.

A new tab is one file, and one name in `TABS`.
"""

from fiftyone.operators import types

from ..board import Board
from ..page import ON_NARROW_SCREENS, Page
from .alignment import ALIGNMENT
from .base import Tab
from .classes import CLASSES
from .comparison import COMPARISON
from .confidence import CONFIDENCE
from .convergence import CONVERGENCE
from .novelty import NOVELTY

TABS: tuple[Tab, ...] = (ALIGNMENT, CLASSES, CONFIDENCE, CONVERGENCE, NOVELTY, COMPARISON)

NARROW_TABS = {
    "tab": {
        "sx": {
            "minWidth": 0,
            "minHeight": 40,
            "px": "6px",
            "fontSize": "0.9rem",
            ON_NARROW_SCREENS: {"px": "3px", "fontSize": "0.72rem"},
        }
    },
    "tabs": {"sx": {"minHeight": 40, "borderBottom": 1, "borderColor": "divider"}},
}
"""All of them show in a panel beside the grid on a small screen."""


def draw_tabs(page: Page, board: Board) -> None:
    """The names of the tabs, and the one that is chosen."""
    view = types.TabsView(componentsProps=NARROW_TABS)
    page.choice("tab", {tab.name: tab.title for tab in TABS}, view)
    chosen = next(tab for tab in TABS if tab.name == board.choices.tab)
    chosen.draw(page.group("body"), board)
