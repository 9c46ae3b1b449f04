"""All figures of a run, in the order in which they are read.

The panel, the HTML report and the PNG files take them from here.
"""

from .alignment import alignment_plot
from .classes import class_plot
from .confidence import confidence_plot, coverage_plot, reliability_plot
from .confusion import confusion_plot
from .convergence import convergence_plot
from .summary import RunSummary
from .theme import Plot


def all_plots(summary: RunSummary, theme: str = "light") -> tuple[Plot, ...]:
    """Draw everything that a run has numbers for.

    Args:
        summary: The run.
        theme: "light" or "dark".

    Raises:
        InputError: The theme is not known.
    """
    plots = [
        class_plot(summary, theme),
        confidence_plot(summary, theme),
        coverage_plot(summary, theme),
    ]
    if summary.truth:
        plots += [reliability_plot(summary, theme), confusion_plot(summary, theme)]
    plots += [alignment_plot(summary, level, theme) for level in reversed(summary.levels)]
    return (*plots, convergence_plot(summary, theme))
