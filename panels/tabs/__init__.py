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
from .review import CLUSTERS

TABS: tuple[Tab, ...] = (ALIGNMENT, CLASSES, CONFIDENCE, CONVERGENCE, CLUSTERS, NOVELTY, COMPARISON)

OF_ONE_LABEL = (CLUSTERS,)
"""Tabs that are left out where an image may have several labels."""

SMALL_TABS = {
    "tab": {
        "sx": {
            "minWidth": 0,
            "minHeight": 40,
            "px": "6px",
            "fontSize": "0.9rem",
            ON_NARROW_SCREENS: {"minHeight": 28, "py": "2px"},
        }
    },
    "tabs": {
        "sx": {
            "minHeight": 40,
            "borderBottom": 1,
            "borderColor": "divider",
            ON_NARROW_SCREENS: {
                "& .MuiTabs-flexContainer": {"flexWrap": "wrap"},
                "& .MuiTabs-scrollButtons, & .MuiTabs-indicator": {"display": "none"},
            },
        }
    },
}
"""All tabs show in a panel beside the grid; on narrow screens in two rows."""


def draw_tabs(page: Page, board: Board) -> None:
    """The names of the tabs, and the one that is chosen."""
    view = types.TabsView(componentsProps=SMALL_TABS)
    tabs = [tab for tab in TABS if not (board.summary.multilabel and tab in OF_ONE_LABEL)]
    page.choice("tab", {tab.name: tab.title for tab in tabs}, view)
    chosen = next((tab for tab in tabs if tab.name == board.choices.tab), tabs[0])
    chosen.draw(page.group("body"), board)
