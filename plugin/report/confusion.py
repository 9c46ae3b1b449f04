"""Which classes are confused, by a ground truth.

Of many classes, those with most wrong labels are drawn.
"""

import numpy as np

from ..wording import counted, cut, safe
from .heatmap import Cells, heatmap
from .seriation import seriate
from .summary import RunSummary, Truth
from .theme import Plot, short

MOST_CLASSES = 30


def confusion_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Heatmap of true classes × labels, each row as shares of the true class; needs a ground truth.

    Cells carry (true class, label) in `customdata`, those of the column of whole classes (true class,).
    """
    counts, cells = confusion_cells(summary.truth)
    names = [short(summary.classes[number]) for number in cells.rows]
    figure = heatmap(
        cells,
        row_names=names,
        column_names=names,
        row_title="true class",
        column_title="label",
        hover=_hover(summary, counts, cells),
        row_hover=[_words(summary, number) for number in cells.rows],
        theme=theme,
    )
    note = f"Each row shows where the {summary.noun}s of one class went; wrong labels lie off the diagonal."
    if len(cells.rows) < len(summary.classes):
        shown = f"{len(cells.rows)} of {len(summary.classes):,} classes"
        note = f"Shows the {shown} with most wrong labels. {note}"
    return Plot("confusion", _title(summary), note, figure)


def confusion_cells(truth: Truth, most: int = MOST_CLASSES) -> tuple[np.ndarray, Cells]:
    """The classes that the heatmap shows, in its order.

    Returns:
        (m, m) images per true class and label, and the same as shares of the true class.
    """
    k = len(truth.counts)
    wrong = np.zeros(k)
    for true, label, images in truth.confusions:
        wrong[[true, label]] += images
    kept = np.sort(np.argsort(-wrong, kind="stable")[:most])
    position = {int(number): at for at, number in enumerate(kept)}
    counts = np.diag([truth.right[number] for number in kept])
    for true, label, images in truth.confusions:
        if true in position and label in position:
            counts[position[true], position[label]] = images
    totals = np.array([truth.counts[number] for number in kept])
    shares = counts / np.maximum(totals, 1)[:, None]
    _, order = seriate(shares + shares.T)
    classes = tuple(kept[order].tolist())
    return counts[np.ix_(order, order)], Cells(
        classes, classes, shares[np.ix_(order, order)], tuple(totals[order].tolist())
    )


def _title(summary: RunSummary) -> str:
    if not summary.truth.confusions:
        return "All labels agree with the ground truth"
    true, label, images = summary.truth.confusions[0]
    taken = f"“{cut(summary.classes[true])}” taken for “{cut(summary.classes[label])}”"
    return f"The most frequent error: {taken}, {counted(images, summary.noun)}"


def _words(summary: RunSummary, number: int) -> str:
    """A true class, and how many of its labels are right."""
    images, right = summary.truth.counts[number], summary.truth.right[number]
    head = f"true class <b>{safe(summary.classes[number])}</b><br>{counted(images, summary.noun)}"
    return f"{head}, {right:,} of their labels right" if images else head


def _hover(summary: RunSummary, counts: np.ndarray, cells: Cells) -> dict[tuple[int, int], str]:
    words = {}
    for row, column in np.argwhere(counts):
        true, label = (safe(summary.classes[cells.rows[at]]) for at in (row, column))
        share = f"{cells.shares[row, column]:.1%} of its {summary.truth.counts[cells.rows[row]]:,}"
        images = counted(int(counts[row, column]), summary.noun)
        words[int(row), int(column)] = (
            f"true class <b>{true}</b><br>label <b>{label}</b><br>{images}, {share}"
        )
    return words
