"""The tab that shows which labels another run gave.

Runs are compared by what they saved, whichever fields they wrote.
"""

from ...plugin.dataset import RunRecord, changed_samples, compare_runs
from ...plugin.engine.errors import InputError
from ...plugin.wording import counted, cut, listed, plain
from ..board import Board
from ..event import Event
from ..marks import Marked
from ..page import Page
from .base import MOST_ROWS, Tab

MOST_NAMES = 4


def draw_comparison(page: Page, board: Board) -> None:
    """How many labels differ, and which classes were swapped."""
    if not board.others:
        page.text("none", "There is one run with labels. Label again, for example with other classes.")
        return
    page.choice("other", {key: key for key in board.others}, label=f"Compare {board.run.key} with")
    other = board.others[board.choices.other_key]
    try:
        comparison = compare_runs(board.dataset, other.key, board.run.key)
    except InputError as error:
        page.text("problem", plain(str(error)))
        return
    both = counted(comparison.n_common, comparison.noun)
    page.text("title", f"**{comparison.n_differing:,} of {both} have different labels**")
    if set(other.classes) != set(board.run.classes):
        page.text("class_lists", plain(_different_classes(other, board.run)))
    if not comparison.changes:
        return
    first, second = comparison.first, comparison.second

    def open_change(event: Event, change: tuple[str, str, int]) -> None:
        view = changed_samples(event.ctx.dataset, first, second, *change[:2])
        event.open(Marked(view, f"“{cut(change[0])}” by {first}, “{cut(change[1])}” by {second}"))

    all_of_them = Marked(comparison.view, "different labels")
    page.button("differing", "Show them all", lambda event: event.open(all_of_them), icon="search")
    page.table(
        "changes",
        (first, second, f"{comparison.noun}s"),
        comparison.changes[:MOST_ROWS],
        lambda change: (cut(change[0]), cut(change[1]), change[2]),
        open_change,
    )


def _different_classes(first: RunRecord, second: RunRecord) -> str:
    """Which classes only one of two runs has, and what that means for their figures."""
    lists = []
    for run, known in ((first, set(second.classes)), (second, set(first.classes))):
        own = [name for name in run.classes if name not in known]
        lists += [f"Only in {run.key}: {listed(own, MOST_NAMES)}."] if own else []
    return " ".join([*lists, "Expected accuracies of runs with different classes cannot be compared."])


COMPARISON = Tab("comparison", "Compare", draw_comparison)
