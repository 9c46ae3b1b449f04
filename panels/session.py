"""What a panel remembers between events: what it shows, the page that was drawn of it, and its turn.

All panels of a process lie in one table of bounded size.
"""

from dataclasses import dataclass, field
from threading import Lock

import fiftyone as fo

from .board import Board
from .kept import Kept
from .page import Page

MOST_SESSIONS = 32


@dataclass
class Session:
    """One open panel.

    Attributes:
        board: What it shows; None before its first event, and after the server was started anew.
        page: What was drawn of the board.
        opened: The view that a click in it opened last, None for none.
        turn: Held while an event is handled: the App sends some twice, and ticks in between.
    """

    board: Board | None = None
    page: Page | None = None
    opened: fo.DatasetView | None = None
    turn: Lock = field(default_factory=Lock)


sessions: Kept[Session] = Kept(MOST_SESSIONS)


def session_of(panel_id: str) -> Session:
    """The session of a panel, a new one for a panel that is not known."""
    return sessions.get_or_make(panel_id, Session)
