"""How every figure looks: one template for light pages and one for dark ones.

Traces name no colours of their own where the template can, so that a page can change its theme.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from ..engine.errors import InputError
from ..wording import cut, safe

THEMES = ("light", "dark")
NEUTRAL = "neutral"
"""For pages that do not say whether they are light or dark; shows on both."""

TEXT = {"light": "#24292f", "dark": "#e6e6e6", NEUTRAL: "#808080"}
GRID = {
    "light": "rgba(0, 0, 0, 0.10)",
    "dark": "rgba(255, 255, 255, 0.14)",
    NEUTRAL: "rgba(128, 128, 128, 0.25)",
}
HOVER = {"light": "#ffffff", "dark": "#2b2b2b", NEUTRAL: "#ffffff"}
HOVER_TEXT = TEXT | {NEUTRAL: TEXT["light"]}
SERIES = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    "dark": ("#56b4e9", "#e69f00", "#2bc79a", "#cc79a7"),
    NEUTRAL: ("#2e91e5", "#e07b00", "#1fae85", "#cc79a7"),
}
"""Colours of Okabe and Ito (2008), which the colour-blind can tell apart, in the order of the traces."""

RAMP = {
    "light": ("rgba(0, 114, 178, 0.06)", "rgb(86, 180, 233)", "rgb(0, 90, 160)", "rgb(0, 38, 84)"),
    "dark": ("rgba(86, 180, 233, 0.10)", "rgb(0, 90, 160)", "rgb(86, 180, 233)", "rgb(235, 248, 255)"),
    NEUTRAL: ("rgba(46, 145, 229, 0.08)", "rgb(46, 145, 229)"),
}
"""From little to much; lightness alone tells them apart."""

BUTTON = "rgba(128, 128, 128, 0.16)"
"""For marks that stand for something to press; grey that shows on light and on dark."""

FAINT = "rgba(128, 128, 128, 0.14)"
"""For bands and guides: grey that shows on light and on dark."""

LONGEST_ON_AXIS = 26


@dataclass(frozen=True)
class Plot:
    """A figure with the words that belong to it.

    Attributes:
        name: What it is, for files and links, e.g. "alignment-micro".
        title: One sentence that says what there is to see; not part of the figure.
        note: How to read it, one or two sentences, "" where there is nothing to add.
        figure: Without title, on a transparent ground; its height fits what it shows.
    """

    name: str
    title: str
    note: str
    figure: go.Figure


def template(theme: str) -> go.layout.Template:
    """What the figures look like in a theme.

    Raises:
        InputError: The theme is not known.
    """
    if theme not in TEXT:
        raise InputError(f"Unknown theme {theme!r}: choose one of {', '.join(TEXT)}.")
    axis = {
        "gridcolor": GRID[theme],
        "linecolor": GRID[theme],
        "zerolinecolor": GRID[theme],
        "automargin": True,
        "ticklabelstandoff": 4,
        "title": {"standoff": 8},
    }
    # Left to itself, plotly takes a cell that can be seen through for one on white.
    cells = {"colorbar": {"thickness": 12, "outlinewidth": 0}, "textfont": {"color": TEXT[theme]}}
    ramp = [[step / (len(RAMP[theme]) - 1), colour] for step, colour in enumerate(RAMP[theme])]
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0, 0, 0, 0)",
            "plot_bgcolor": "rgba(0, 0, 0, 0)",
            "font": {"color": TEXT[theme], "size": 12, "family": "system-ui, sans-serif"},
            "colorway": SERIES[theme],
            "hoverlabel": {"align": "left", "bgcolor": HOVER[theme], "font": {"color": HOVER_TEXT[theme]}},
            "margin": {"l": 56, "r": 24, "t": 32, "b": 48},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "bargap": 0.15,
        },
        data={"heatmap": [{"colorscale": ramp, **cells}]},
    )


def short(name: str) -> str:
    """A class name for an axis, safe as plotly's markup."""
    return safe(cut(name, LONGEST_ON_AXIS))


def blank(words: str, theme: str) -> go.Figure:
    """A figure that says why there is nothing to see."""
    figure = go.Figure(layout={"template": template(theme), "height": 120})
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return figure.add_annotation(text=safe(words), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
