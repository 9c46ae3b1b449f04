"""How many images each class got and how confident their labels are.

A ground truth stands beside the labels where there is one.
"""

from plotly.subplots import make_subplots

from ..wording import counted, cut, percent, safe
from .summary import RunSummary, Truth
from .theme import Plot, short, template

MOST_CLASSES = 100
ROW_PIXELS = 17
ROW_PIXELS_WITH_TRUTH = 24
AROUND_PIXELS = 110


def class_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Images and mean confidence per class, the largest classes first.

    Bars and points carry the class number in `customdata`.
    """
    order = sorted(range(len(summary.classes)), key=lambda number: -summary.counts[number])[:MOST_CLASSES]
    figure = make_subplots(1, 2, shared_yaxes=True, column_widths=[0.6, 0.4], horizontal_spacing=0.05)
    place = {"y": list(range(len(order))), "customdata": order}
    names = [safe(summary.classes[number]) for number in order]
    _add_bars(figure, summary, order, place | {"hovertext": names})
    _add_points(figure, summary, order, place | {"hovertext": names})
    pixels = ROW_PIXELS_WITH_TRUTH if summary.truth else ROW_PIXELS
    height = AROUND_PIXELS + pixels * max(len(order), 4)
    figure.update_layout(
        template=template(theme),
        height=height,
        showlegend=summary.truth is not None,
    )
    figure.update_yaxes(range=[len(order) - 0.5, -0.5], showgrid=False, zeroline=False)
    figure.update_yaxes(
        col=1, tickvals=place["y"], ticktext=[short(summary.classes[number]) for number in order]
    )
    return Plot("classes", _title(summary), _note(summary, len(order)), figure)


def _add_bars(figure, summary: RunSummary, order: list[int], place: dict) -> None:
    things = f"{summary.noun}s"
    bars = {things: summary.counts}
    if summary.truth:
        bars = {"label": summary.counts, "ground truth": summary.truth.counts}
    for name, counts in bars.items():
        hover = f"<b>%{{hovertext}}</b><br>{name}: %{{x:,}}<extra></extra>"
        x = [counts[number] for number in order]
        figure.add_bar(row=1, col=1, x=x, orientation="h", name=name, hovertemplate=hover, **place)
    figure.update_xaxes(col=1, title=things, rangemode="tozero", nticks=5)


def _add_points(figure, summary: RunSummary, order: list[int], place: dict) -> None:
    points = {"mean confidence": [summary.mean_confidence[number] for number in order]}
    if summary.truth:
        points["precision"] = [_precision(summary.truth, number) for number in order]
    for name, x in points.items():
        hover = f"<b>%{{hovertext}}</b><br>{name}: %{{x:.1%}}<extra></extra>"
        marker = {"size": 8, "symbol": "circle" if name == "mean confidence" else "diamond"}
        figure.add_scatter(
            row=1, col=2, x=x, mode="markers", name=name, marker=marker, hovertemplate=hover, **place
        )
    title = "confidence, precision" if summary.truth else "mean confidence"
    figure.update_xaxes(col=2, title=title, range=[-0.03, 1.03], tickformat=".0%", nticks=5)


def _precision(truth: Truth, number: int) -> float | None:
    return truth.right[number] / truth.labelled[number] if truth.labelled[number] else None


def _title(summary: RunSummary) -> str:
    largest = max(range(len(summary.classes)), key=lambda number: summary.counts[number])
    empty = sum(count == 0 for count in summary.counts)
    share = percent(summary.counts[largest] / summary.images)
    words = f"The largest class, “{cut(summary.classes[largest])}”, has {share} of the {summary.noun}s"
    if not empty:
        return words
    have = "has" if empty == 1 else "have"
    return f"{words}; {empty:,} of {counted(len(summary.classes), 'class')} {have} none"


def _note(summary: RunSummary, shown: int) -> str:
    if shown == len(summary.classes):
        return ""
    return f"Shows the {shown} classes with most {summary.noun}s, of {len(summary.classes):,}."
