"""A matrix of shares with names on both axes, as a heatmap that can be clicked.

Alignment and confusions are drawn with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from .theme import template

ROW_PIXELS = 17
TALLEST_ROW = 40
SHORTEST = 150
"""Pixels that the title of the rows needs."""

AROUND_PIXELS = 110
LETTER_PIXELS = 7
FEW_COLUMNS = 8
"""Up to so many columns, names lie flat where they fit; slanted ones would hang over the edge."""


@dataclass(frozen=True)
class Cells:
    """What a heatmap shows, in the order in which it shows it.

    Attributes:
        rows: Number of the cluster or class of each row, top to bottom.
        columns: Class number of each column, left to right.
        shares: (rows, columns) float64 in [0, 1].
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    shares: np.ndarray


def heatmap(
    cells: Cells,
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    row_title: str,
    column_title: str,
    hover: dict[tuple[int, int], str],
    theme: str,
) -> go.Figure:
    """Draw cells; those without a hover text stay empty.

    Cells carry (row number, column number) as in `cells` in `customdata`.

    Args:
        cells: What to show.
        row_names: Markup for the ticks of the rows.
        column_names: Markup for the ticks of the columns.
        row_title: What the rows are.
        column_title: What the columns are.
        hover: (row, column) position → markup to show there.
        theme: "light" or "dark".
    """
    height, width = cells.shares.shape
    places = [[(row, column) for column in range(width)] for row in range(height)]
    trace = go.Heatmap(
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
    row_pixels = min(TALLEST_ROW, max(ROW_PIXELS, SHORTEST // max(height, 1)))
    below = LETTER_PIXELS * max(map(len, column_names), default=0)
    pixels = AROUND_PIXELS + max(row_pixels * height, SHORTEST) + below
    figure = go.Figure(trace, {"template": template(theme), "height": pixels})
    ticks = {"showgrid": False, "zeroline": False, "tickfont": {"size": 10 if width > 20 else 11}}
    figure.update_xaxes(tickvals=list(range(width)), ticktext=column_names, title=column_title, **ticks)
    figure.update_yaxes(tickvals=list(range(height)), ticktext=row_names, title=row_title, **ticks)
    figure.update_yaxes(range=[height - 0.5, -0.5])
    figure.update_xaxes(autotickangles=[0, -90], tickangle=-90 if width > FEW_COLUMNS else None)
    return figure
