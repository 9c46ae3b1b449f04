"""How labels and prototypes converged, round by round and level by level.

One row per measure; the levels stand side by side, coarsest first.
"""

from dataclasses import replace

from plotly.subplots import make_subplots

from ..engine.results import Iteration, LevelHistory
from ..engine.sources import Sources
from ..wording import counted, percent
from .summary import RunSummary
from .theme import FAINT, Plot, blank, template

MEASURES = {
    "changed": ("Labels that changed", ".3~%"),
    "drift": ("Prototype drift (1 − cosine)", ".2~g"),
    "mean_confidence": ("Mean confidence, before calibration", ".0%"),
}
SETTLED = 0.01
"""Share of changed labels up to which a run counts as converged."""

HEIGHT = 460


def convergence_plot(summary: RunSummary, theme: str = "light") -> Plot:
    """Share of labels changed, prototype drift and mean confidence of every round of a run."""
    plot = history_plot(summary.history, theme, summary.noun)
    return replace(plot, note=" ".join(filter(None, [plot.note, _in_words(summary.sources, summary.noun)])))


def history_plot(history: tuple[LevelHistory, ...], theme: str = "light", noun: str = "image") -> Plot:
    """The same for as many rounds as there are, so that a run under way shows like one that has ended.

    Points carry (level, round) in `customdata`.
    """
    levels = [level for level in history if level.iterations]
    note = _note(history, noun)
    if not levels:
        return Plot("convergence", "No refinement rounds", note, blank("There are no rounds to show.", theme))
    figure = make_subplots(
        len(MEASURES),
        1,
        shared_xaxes=True,
        vertical_spacing=0.09,
        subplot_titles=[t for t, _ in MEASURES.values()],
    )
    figure.update_layout(template=template(theme), height=HEIGHT, showlegend=False, hovermode="x")
    for row, (measure, (_, form)) in enumerate(MEASURES.items(), start=1):
        figure.add_scatter(
            row=row, col=1, mode="lines+markers", cliponaxis=False, **_line(levels, measure, form)
        )
        top = 1.05 if measure == "mean_confidence" else None
        figure.update_yaxes(row=row, tickformat=form, nticks=5, range=[0, top], rangemode="tozero")
    _mark_levels(figure, levels)
    return Plot("convergence", _title(levels[-1].iterations[-1]), note, figure)


def _in_words(sources: Sources | None, noun: str) -> str:
    """What the labels came from, one sentence; "" where that is not known."""
    if sources is None:
        return ""
    shares = {
        "the class names": sources.text,
        f"similar {noun}s": sources.images,
        "the nearest neighbours": sources.neighbors,
        "class frequencies": sources.frequencies,
    }
    listed = ", ".join(f"{percent(share)} {what}" for what, share in shares.items())
    return f"What decided the labels: {listed}."


def _title(last: Iteration) -> str:
    # Both sides of the line would else be called 1%.
    is_near = 0.5 * SETTLED < last.changed < 2 * SETTLED
    changed = f"{last.changed:.1%}" if is_near else percent(last.changed)
    state = "Converged" if last.changed <= SETTLED else "Not converged"
    return f"{state}: {changed} of the labels changed in the last round"


def _note(history: tuple[LevelHistory, ...], noun: str) -> str:
    ran = ", then ".join(_vectors(level, noun) for level in history if level.iterations)
    skipped = "; ".join(f"{level.level} ({level.skipped})" for level in history if level.skipped)
    sentences = [f"Refined {ran}." if ran else "", f"Skipped levels: {skipped}." if skipped else ""]
    return " ".join(filter(None, sentences))


def _line(levels: list[LevelHistory], measure: str, form: str) -> dict:
    """One line per level, with a gap between levels."""
    x, y, data = [], [], []
    position = 0
    for level in levels:
        for iteration in level.iterations:
            position += 1
            x.append(position)
            y.append(getattr(iteration, measure))
            data.append([level.level, iteration.iteration])
        x.append(None)
        y.append(None)
        data.append([level.level, None])
    hover = f"%{{customdata[0]}} level, round %{{customdata[1]}}: %{{y:{form}}}<extra></extra>"
    return {"x": x, "y": y, "customdata": data, "hovertemplate": hover, "name": MEASURES[measure][0]}


def _mark_levels(figure, levels: list[LevelHistory]) -> None:
    """A band behind every other level, and its name under its first round."""
    ticks = []
    for number, level in enumerate(levels):
        start = len(ticks)
        rounds = len(level.iterations)
        ticks += [f"1<br><b>{level.level}</b>", *map(str, range(2, rounds + 1))]
        if number % 2 == 1:
            figure.add_vrect(start + 0.5, start + rounds + 0.5, fillcolor=FAINT, line_width=0, layer="below")
    figure.update_xaxes(
        tickvals=list(range(1, len(ticks) + 1)), ticktext=ticks, range=[0.5, len(ticks) + 0.5]
    )
    figure.update_xaxes(row=len(MEASURES), title="round on each level")


def _vectors(level: LevelHistory, noun: str) -> str:
    if level.level == "image":
        return counted(level.vectors, noun)
    return counted(level.vectors, f"{level.level}-cluster")
