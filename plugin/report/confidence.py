"""How confident the labels are, and what to expect of the most confident of them.

With a ground truth: whether the confidence was right.
"""

import plotly.graph_objects as go

from ..engine.metrics import kept_at
from ..wording import counted, percent, sentence
from .summary import RunSummary
from .theme import Plot, template

ENOUGH = 0.95
"""Share of the labels that should be right where nobody reviews."""

HEIGHT = 320
SQUARE = 420
LARGEST_MARKER = 26
NARROWEST = 0.05
"""Span of an axis of shares below which its ticks, in whole percent, would all be the same."""


def confidence_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Histogram of the confidence.

    Bars carry (lowest, highest confidence) in `customdata`.
    """
    bins = len(summary.confidence_counts)
    edges = [number / bins for number in range(bins + 1)]
    bar = go.Bar(
        x=[(number + 0.5) / bins for number in range(bins)],
        y=list(summary.confidence_counts),
        width=1 / bins,
        customdata=[[edges[number], edges[number + 1]] for number in range(bins)],
        hovertemplate="confidence %{customdata[0]:.2f} to %{customdata[1]:.2f}: %{y:,} "
        f"{summary.noun}s<extra></extra>",
        marker={"line": {"width": 1, "color": "rgba(0, 0, 0, 0)"}},
    )
    figure = go.Figure(bar, {"template": template(theme), "height": HEIGHT, "bargap": 0})
    figure.update_xaxes(title="confidence", range=[0, 1], tickformat=".0%", nticks=6)
    figure.update_yaxes(title=f"{summary.noun}s", rangemode="tozero", nticks=6)
    title = sentence(what_to_expect(summary))
    what = (
        "all labels of an image are right, and none is missing" if summary.multilabel else "a label is right"
    )
    note = f"Confidence is the estimated probability that {what}."
    if summary.reviewed:
        note += f" It is 1 for {counted(summary.reviewed, 'reviewed label')}."
    return Plot("confidence", title, note, figure)


def what_to_expect(summary: RunSummary) -> str:
    """How many labels are expected, and by an audit measured, to be right, as a part of a sentence."""
    measured = f"; {summary.measured}" if summary.measured else ""
    if len(summary.classes) == 1:
        return f"with one class every {summary.noun} gets it, so the accuracy cannot be estimated{measured}"
    return f"{expected_accuracy(summary)}{measured}"


def expected_accuracy(summary: RunSummary) -> str:
    """How many labels are expected to be right, as a part of a sentence."""
    right = percent(summary.expected_accuracy)
    if summary.multilabel:
        single = percent(summary.label_precision)
        return f"{single} of the labels are expected to be right, and all labels of {right} of the images"
    return f"{right} of the labels are expected to be right"


def what_to_review(summary: RunSummary) -> str:
    """How many of the least confident labels to review, as a sentence without a full stop."""
    if len(summary.classes) == 1:
        return "All: no other class was to choose from"
    best = kept_at(summary.coverage, ENOUGH)
    if best is None:
        return f"All: no share of the labels is expected to reach {percent(ENOUGH)} accuracy"
    right = f"{percent(best.expected_accuracy)} are expected to be right"
    rest = summary.images - best.images
    if not rest:
        return f"Nothing has to be: {right}"
    return f"Review the {counted(rest, summary.noun)} with the lowest confidence; of the others {right}"


def share_to_review(summary: RunSummary) -> str:
    """The same as a share of the labels: a percentage, "all" or "nothing"."""
    best = kept_at(summary.coverage, ENOUGH)
    if best is None:
        return "all"
    rest = summary.images - best.images
    return percent(rest / summary.images) if rest else "nothing"


def coverage_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Expected accuracy of the most confident labels, against the share of labels that is kept.

    Points carry (least confidence kept, images kept) in `customdata`.
    """
    kept = summary.coverage
    line = {"x": [each.share for each in kept], "mode": "lines+markers"}
    data = [[round(each.least_confidence, 4), each.images] for each in kept]
    sizes = f"%{{customdata[1]:,}} {summary.noun}s, confidence from %{{customdata[0]:.2f}}"
    hover = f"%{{x:.0%}} kept ({sizes})<br>"
    figure = go.Figure(layout={"template": template(theme), "height": HEIGHT})
    figure.update_layout(showlegend=summary.truth is not None)
    figure.add_scatter(
        y=[round(each.expected_accuracy, 4) for each in kept],
        name="expected accuracy",
        customdata=data,
        hovertemplate=hover + "expected to be right: %{y:.1%}<extra></extra>",
        **line,
    )
    if summary.truth:
        figure.add_scatter(
            y=list(summary.truth.kept),
            name="accuracy by ground truth",
            customdata=data,
            hovertemplate="%{x:.0%} kept<br>right by ground truth: %{y:.1%}<extra></extra>",
            **line,
        )
    x_title = "share of the labels kept, most confident first"
    figure.update_xaxes(title=x_title, tickformat=".0%", range=[1.02, 0])
    y_title = "accuracy" if summary.truth else "expected accuracy"
    figure.update_yaxes(title=y_title, tickformat=".0%", range=_wide_enough(figure))
    half = min(kept, key=lambda each: abs(each.share - 0.5))
    right = percent(half.expected_accuracy)
    title = f"Of the most confident {half.share:.0%} of the labels, {right} are expected to be right"
    return Plot("coverage", title, "The rest is left to review.", figure)


def _wide_enough(figure: go.Figure) -> list[float] | None:
    """A range for the y-axis where the lines are too flat for plotly's own, None where they are not."""
    shares = [share for line in figure.data for share in line.y]
    top = max(shares)
    if top - min(shares) >= NARROWEST:
        return None
    return [top - 1.1 * NARROWEST, top + 0.1 * NARROWEST]


def reliability_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Accuracy against confidence; needs a ground truth.

    Points carry the number of images in `customdata`.
    """
    truth = summary.truth
    bins = truth.reliability
    most = max(each.images for each in bins)
    figure = go.Figure(layout={"template": template(theme), "height": SQUARE, "showlegend": False})
    figure.add_scatter(
        x=[each.confidence for each in bins],
        y=[each.accuracy for each in bins],
        customdata=[each.images for each in bins],
        mode="markers",
        marker={"size": [max(6, LARGEST_MARKER * (each.images / most) ** 0.5) for each in bins]},
        hovertemplate="confidence %{x:.1%}<br>right %{y:.1%}<br>%{customdata:,} "
        f"{summary.noun}s<extra></extra>",
    )
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"dash": "dot", "color": "gray", "width": 1})
    figure.update_xaxes(title="confidence", range=[-0.03, 1.06], tickformat=".0%")
    figure.update_yaxes(title="accuracy", range=[-0.03, 1.06], tickformat=".0%")
    expected = sum(each.confidence * each.images for each in bins) / truth.images
    right = f"{percent(truth.accuracy)} of the labels are right"
    title = sentence(f"{right}, and {percent(expected)} were expected to be")
    note = (
        f"By ground truth, known for {counted(truth.images, summary.noun)}. Points below the dotted line are "
        f"overconfident. Expected calibration error: {truth.calibration_error:.3f}."
    )
    return Plot("reliability", title, note, figure)
