"""Which cluster went to which class, ordered so that the diagonal shows.

Of many clusters, those with most images in doubt are drawn.
"""

import numpy as np

from ..wording import counted, percent, safe
from .heatmap import MOST_NAMES, Cells, heatmap
from .seriation import seriate
from .summary import Alignment, RunSummary
from .theme import Plot, blank, short

MOST_ROWS = 40
MOST_COLUMNS = 40


def alignment_plot(summary: RunSummary, level: str = "micro", theme: str = "light") -> Plot:
    """Heatmap of clusters × classes on one level.

    Cells carry (cluster, class number) in `customdata`, those of the column of whole clusters (cluster,).
    """
    name = f"alignment-{level}"
    if level not in summary.levels:
        words = f"This run has no {level}-clusters."
        return Plot(name, words.rstrip("."), "", blank(words, theme))
    alignment = summary.alignment_of(level)
    cells = alignment_cells(alignment, len(summary.classes))
    at = {cluster: row for row, cluster in enumerate(alignment.clusters)}
    rows = [at[cluster] for cluster in cells.rows]
    row_hover = [_words(summary, alignment, row) for row in rows]
    figure = heatmap(
        cells,
        row_names=[str(alignment.clusters[row]) for row in rows],
        column_names=[short(summary.classes[number]) for number in cells.columns],
        row_title=f"{level}-cluster",
        column_title="class",
        hover={(row, column): row_hover[row] for row, column in np.argwhere(cells.shares).tolist()},
        row_hover=row_hover,
        theme=theme,
    )
    return Plot(name, _title(alignment), _note(alignment, cells, summary), figure)


def alignment_cells(
    alignment: Alignment, classes: int, most_rows: int = MOST_ROWS, most_columns: int = MOST_COLUMNS
) -> Cells:
    """The clusters and classes that the heatmap shows, in its order.

    Args:
        alignment: One level.
        classes: Number of classes k.
        most_rows: Clusters to show; those with most images in doubt come first.
        most_columns: Classes to show; the first class of each cluster, then those with most images.
    """
    kept = range(min(most_rows, len(alignment.clusters)))
    shares = np.zeros((len(kept), classes))
    for row in kept:
        shares[row, list(alignment.classes[row])] = alignment.shares[row]
    sizes = np.array([alignment.sizes[row] for row in kept])
    is_first = np.isin(np.arange(classes), [alignment.classes[row][0] for row in kept])
    # The first class of every cluster is worth more than any other, or rows would stay empty.
    columns = np.sort(np.lexsort((-(sizes @ shares), ~is_first))[:most_columns])
    row_order, column_order = seriate(shares[:, columns])
    columns = columns[column_order]
    return Cells(
        rows=tuple(alignment.clusters[row] for row in row_order),
        columns=tuple(columns.tolist()),
        shares=shares[np.ix_(row_order, columns)],
        sizes=tuple(sizes[row_order].tolist()),
    )


def _title(alignment: Alignment) -> str:
    if alignment.purity >= 1:
        return f"Every {alignment.level}-cluster went to one class"
    return f"On average {percent(alignment.purity)} of a {alignment.level}-cluster went to one class"


def _note(alignment: Alignment, cells: Cells, summary: RunSummary) -> str:
    parts = []
    if len(cells.rows) < alignment.total:
        parts.append(
            f"Shows the {len(cells.rows)} of {alignment.total:,} clusters with most {summary.noun}s outside "
            "their first class."
        )
    if len(cells.columns) < len(summary.classes):
        parts.append(f"{len(cells.columns)} of {len(summary.classes):,} classes have columns.")
    if len(cells.columns) > MOST_NAMES:
        parts.append("Hover over a cell to see the class of a column without a name.")
    alone = summary.images - sum(alignment.sizes)
    if alone > 0 and len(alignment.clusters) == alignment.total:
        parts.append(f"{alone:,} of {counted(summary.images, summary.noun)} are in no cluster.")
    if alignment.is_counted:
        parts.append("Shares are counted from labels here; those of a whole run are soft assignments.")
    parts.append(
        "A clear diagonal means that clusters and classes agree; a row with several cells is in doubt."
    )
    return " ".join(parts)


def _words(summary: RunSummary, alignment: Alignment, row: int) -> str:
    """A cluster, how pure it is, and where it went."""
    top = "<br>".join(
        f"{safe(summary.classes[number])}: {share:.1%}"
        for number, share in zip(alignment.classes[row], alignment.shares[row], strict=True)
    )
    size = counted(alignment.sizes[row], summary.noun)
    head = f"<b>{alignment.level}-cluster {alignment.clusters[row]}</b>, {size}"
    return f"{head}<br>purity {alignment.shares[row][0]:.1%}<br>{top}"
