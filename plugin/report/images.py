"""PNG files of the figures, drawn by kaleido with a Chrome or Chromium of the machine.

Both are optional: nothing else needs them.
"""

import textwrap
from importlib.util import find_spec
from pathlib import Path

import plotly.graph_objects as go

from ..engine.errors import InputError
from ..wording import safe
from .plots import all_plots
from .summary import RunSummary
from .theme import Plot

WIDTH = 1_000
SCALE = 2
TITLE_COLUMNS = 95
LINE_PIXELS = 24
TOP_PIXELS = 48
GROUND = {"light": "#ffffff", "dark": "#1b1d20"}


def check_png() -> None:
    """Check that figures can become PNG files, before any work starts.

    Raises:
        InputError: kaleido is missing.
    """
    if find_spec("kaleido") is None:
        raise InputError("PNG files need kaleido: pip install 'kaleido>=1', or leave them out.")


def write_png(folder: Path, summary: RunSummary, theme: str = "light") -> list[Path]:
    """Write every figure of a run, with its title, as NAME.png.

    Args:
        folder: Folder that exists.
        summary: The run.
        theme: "light" or "dark".

    Returns:
        The files.

    Raises:
        InputError: kaleido or a browser is missing.
    """
    check_png()
    import plotly.io as pio

    figures, files = [], []
    for plot in all_plots(summary, theme):
        figures.append(_with_title(plot, theme))
        files.append(folder / f"{plot.name}.png")
    try:
        pio.write_images(figures, files, width=WIDTH, scale=SCALE)
    except RuntimeError as error:
        raise InputError(
            "PNG files need Chrome or Chromium, and it does not start: install it, or leave them out."
        ) from error
    return files


def _with_title(plot: Plot, theme: str) -> go.Figure:
    """The figure with its title, which other surfaces write above it, on an opaque ground."""
    lines = [safe(line) for line in textwrap.wrap(plot.title, TITLE_COLUMNS)]
    pixels = LINE_PIXELS * len(lines)
    return go.Figure(plot.figure).update_layout(
        title={"text": "<br>".join(lines), "x": 0.02, "y": 1, "yanchor": "top", "pad": {"t": 12}},
        margin={"t": TOP_PIXELS + pixels},
        height=plot.figure.layout.height + pixels,
        paper_bgcolor=GROUND[theme],
    )
