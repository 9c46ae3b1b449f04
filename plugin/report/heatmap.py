"""A matrix of shares with names on both axes, as a heatmap that can be clicked.

Alignment and confusions are drawn with it; a column beside the cells stands for whole rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .theme import BUTTON, template

ROW_PIXELS = 17
TALLEST_ROW = 40
SHORTEST = 150
"""Pixels that the title of the rows needs."""

AROUND_PIXELS = 110
SHARE_OF_WHOLES = 0.09
"""How much of the width the column of whole rows takes."""

LETTER_PIXELS = 7
MOST_NAMES = 24
"""Columns up to which all names have room, upright in a panel beside the grid of a small screen."""

FEW_COLUMNS = 8
"""Up to so many columns, names lie flat where they fit; slanted ones would hang over the edge."""


@dataclass(frozen=True)
class Cells:
    """What a heatmap shows, in the order in which it shows it.

    Attributes:
        rows: Number of the cluster or class of each row, top to bottom.
        columns: Class number of each column, left to right.
        shares: (rows, columns) float64 in [0, 1].
        sizes: (rows,) images of each row.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    shares: np.ndarray
    sizes: tuple[int, ...]


def heatmap(
    cells: Cells,
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    row_title: str,
    column_title: str,
    hover: dict[tuple[int, int], str],
    row_hover: Sequence[str],
    theme: str,
) -> go.Figure:
    """Draw cells; those without a hover text stay empty.

    Cells carry (row number, column number) as in `cells` in `customdata`; those of the column that stands
    for whole rows, the second trace, carry (row number,).

    Args:
        cells: What to show.
        row_names: Markup for the ticks of the rows.
        column_names: Markup for the ticks of the columns.
        row_title: What the rows are.
        column_title: What the columns are.
        hover: (row, column) position → markup to show there.
        row_hover: Markup to show for each whole row.
        theme: "light" or "dark".
    """
    height, width = cells.shares.shape
    places = [[(row, column) for column in range(width)] for row in range(height)]
    figure = make_subplots(
        1, 2, shared_yaxes=True, column_widths=[SHARE_OF_WHOLES, 1 - SHARE_OF_WHOLES], horizontal_spacing=0.01
    )
    figure.add_heatmap(
        row=1,
        col=2,
        z=[[round(float(cells.shares[at]), 3) if at in hover else None for at in line] for line in places],
        text=[[hover.get(at, "") for at in line] for line in places],
        customdata=[[[cells.rows[at[0]], cells.columns[at[1]]] for at in line] for line in places],
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=1,
        colorbar={"tickformat": ".0%", "nticks": 5, "title": {"text": "share", "side": "right"}},
    )
    _add_wholes(figure, cells, row_hover)
    row_pixels = min(TALLEST_ROW, max(ROW_PIXELS, SHORTEST // max(height, 1)))
    below = LETTER_PIXELS * max(map(len, column_names), default=0)
    pixels = AROUND_PIXELS + max(row_pixels * height, SHORTEST) + below
    figure.update_layout(template=template(theme), height=pixels)
    ticks = {"showgrid": False, "zeroline": False, "tickfont": {"size": 10 if width > 20 else 11}}
    angle = {"autotickangles": [0, -90], "tickangle": -90 if width > FEW_COLUMNS else None}
    step = -(-width // MOST_NAMES) or 1
    names = {
        "tickvals": list(range(0, width, step)),
        "ticktext": list(column_names[::step]),
        "title": column_title,
    }
    figure.update_xaxes(col=2, **names, **angle, **ticks)
    figure.update_xaxes(col=1, tickvals=[0], ticktext=["all"], **ticks)
    figure.update_yaxes(range=[height - 0.5, -0.5], **ticks)
    figure.update_yaxes(col=2, ticks="")
    figure.update_yaxes(col=1, tickvals=list(range(height)), ticktext=row_names, title=row_title)
    return figure


def _add_wholes(figure: go.Figure, cells: Cells, hover: Sequence[str]) -> None:
    """A column of buttons, each with the number of images of its row."""
    figure.add_heatmap(
        row=1,
        col=1,
        z=[[1] for _ in cells.rows],
        text=[[size] for size in cells.sizes],
        texttemplate="%{text:,}",
        textfont={"size": 10},
        hovertext=[[words] for words in hover],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=[[[row]] for row in cells.rows],
        colorscale=[[0, BUTTON], [1, BUTTON]],
        showscale=False,
        ygap=1,
    )
