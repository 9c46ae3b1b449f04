"""PNG files of the figures, drawn by kaleido with a Chrome or Chromium of the machine.

Both are optional: nothing else needs them.
"""

from importlib.util import find_spec
from pathlib import Path

from ..engine.errors import InputError
from .plots import all_plots
from .summary import RunSummary

WIDTH = 1_000
SCALE = 2
TITLE_PIXELS = 36
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
        figure = plot.figure
        figure.update_layout(
            title={"text": plot.title, "x": 0.02},
            margin={"t": 32 + TITLE_PIXELS},
            height=figure.layout.height + TITLE_PIXELS,
            paper_bgcolor=GROUND[theme],
        )
        figures.append(figure)
        files.append(folder / f"{plot.name}.png")
    try:
        pio.write_images(figures, files, width=WIDTH, scale=SCALE)
    except RuntimeError as error:
        raise InputError(
            "PNG files need Chrome or Chromium, and it does not start: install it, or leave them out."
        ) from error
    return files
