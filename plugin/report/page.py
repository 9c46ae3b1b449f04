"""`report.html`: one file with everything in it, which needs no network and follows the reader's theme.

Class names and paths may hold anything; the template escapes them, and the figures travel as inert JSON.
"""

import json
from functools import cache
from pathlib import Path

from ..wording import counted, percent
from .measured import interval
from .plots import all_plots
from .summary import RunSummary
from .text import headline
from .theme import THEMES, Plot, template

TEMPLATE = Path(__file__).with_name("page.html.jinja")
MOST_PAIRS = 25
MOST_NOVEL = 15
COVERAGES = (100, 90, 80, 50)


def html_report(summary: RunSummary, title: str = "Auto-label report") -> str:
    """The report as one HTML page.

    Args:
        summary: The run.
        title: Heading of the page.
    """
    from plotly.offline import get_plotlyjs

    plots = all_plots(summary)
    return _template().render(
        title=title,
        headline=headline(summary),
        noun=summary.noun,
        summary=summary,
        coverage=[each for each in summary.coverage if round(each.share * 100) in COVERAGES],
        pairs=summary.confusable[:MOST_PAIRS],
        novel=summary.novel[:MOST_NOVEL],
        suggests=any(each.suggestions for each in summary.novel[:MOST_NOVEL]),
        plots=plots,
        figures=_inert(json.dumps({plot.name: _without_template(plot) for plot in plots})),
        themes=_inert(json.dumps({theme: template(theme).to_plotly_json() for theme in THEMES})),
        plotlyjs=get_plotlyjs(),
        percent=percent,
        counted=counted,
        interval=interval,
    )


@cache
def _template():
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _without_template(plot: Plot) -> dict:
    figure = json.loads(plot.figure.to_json())
    del figure["layout"]["template"]
    return figure


def _inert(text: str) -> str:
    """JSON that cannot end the script element that it stands in."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
