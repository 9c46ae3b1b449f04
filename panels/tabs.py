"""The tabs of the panel, each drawn from figures and tables of the run.

Rows of a table and marks of a figure lead to their samples; see `panels.marks`.
"""

from collections.abc import Callable

from fiftyone.operators import types

from ..plugin.dataset.record import RunRecord
from ..plugin.engine.metrics import Coverage
from ..plugin.report.summary import ConfusablePair, NovelCluster, RunSummary
from ..plugin.wording import counted, cut, percent, plain
from .board import Board
from .choices import NO_TRUTH, Choices, Tab
from .events import Events
from .page import FRAMED, ROW, Page

TITLES = {
    Tab.ALIGNMENT: "Alignment",
    Tab.CLASSES: "Classes",
    Tab.CONFIDENCE: "Confidence",
    Tab.CONVERGENCE: "Convergence",
    Tab.NOVELTY: "Unfitting",
    Tab.COMPARISON: "Compare",
}
LEVELS = {"micro": "Micro-clusters", "meta": "Meta-clusters"}
NARROW_TABS = {
    "tab": {"sx": {"minWidth": 0, "minHeight": 40, "px": "6px", "fontSize": "0.9rem"}},
    "tabs": {"sx": {"minHeight": 40, "borderBottom": 1, "borderColor": "divider"}},
}
"""All of them show in a panel beside the grid on a small screen."""

PICTURE_PIXELS = 72
MOST_ROWS = 20
MOST_NAMES = 4
CLICK = "Click a mark or a row to see its samples."
HOW_TO_READ = (
    "Some cluster always comes first, also where no class is missing: click one to see its samples. "
    "If they show something without a name, add a class for it."
)
HINTS = " Names with a plus are hints: words of ImageNet that are nearer to a cluster than any class is."


def draw_tabs(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """The names of the tabs, and the one that is chosen."""
    titles = {tab.value: title for tab, title in TITLES.items()}
    page.choice("tab", titles, events.on_tab, view=types.TabsView(componentsProps=NARROW_TABS))
    body = page.group("body")
    DRAWN[Tab(choices.tab)](body, board, choices, events)


def draw_convergence(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """How the labels settled."""
    page.plot(board.figures.convergence)


def draw_alignment(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """Clusters × classes, and the clusters with most images in doubt."""
    summary = board.figures.summary
    levels = {level: LEVELS[level] for level in reversed(summary.levels)}
    if len(levels) > 1:
        view = types.RadioGroup(orientation="horizontal")
        page.choice("level", levels, events.on_choice, view=view)
    level = level_of(summary, choices)
    page.plot(board.figures.alignment(level), events.on_mark)
    if not levels:
        return
    page.text("hint", f"{CLICK} The column “all” leads to whole clusters, and says how large they are.")
    rows = _cluster_rows(summary, level)
    if not rows:
        page.text("table_title", "No cluster is in doubt: each went to one class.")
        return
    page.text("table_title", f"**Clusters with most {summary.noun}s in doubt**")
    page.table("clusters", ("cluster", f"{summary.noun}s", "purity", "went to"), rows, events.on_row)


def draw_classes(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """Images per class, and which classes compete."""
    summary = board.figures.summary
    draw_truth(page, board, events)
    page.plot(board.figures.classes, events.on_mark)
    page.text("hint", CLICK)
    pairs = competing(summary)
    if not pairs:
        page.text("table_title", f"No two classes compete for {summary.noun}s.")
        return
    page.text("table_title", f"**Classes that compete for the same {summary.noun}s**")
    rows = [
        (
            cut(summary.classes[pair.first]),
            cut(summary.classes[pair.second]),
            pair.images,
            f"{pair.expected_errors:.1f}",
        )
        for pair in pairs
    ]
    columns = ("class", "and class", f"{summary.noun}s between", "expected errors")
    page.table("pairs", columns, rows, events.on_row)
    page.text(
        "expected",
        "Expected errors: how many labels of either class, sure or not, are expected to belong to the other.",
    )


def draw_confidence(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """How sure the labels are, and what to keep."""
    figures = board.figures
    draw_truth(page, board, events)
    page.plot(figures.confidence, events.on_mark)
    page.slider("keep", "Keep the surest, in percent", 5, 100, 5, events.on_choice)
    kept = kept_of(figures.summary, choices)
    page.text(
        "kept",
        f"Of the surest **{kept.share:.0%}** ({counted(kept.images, figures.summary.noun)}, confidence from "
        f"{kept.least_confidence:.2f}), **{percent(kept.expected_accuracy)}** are expected to be right.",
    )
    row = page.group("keeping", ROW)
    row.button("kept", "Show what is kept", events.on_show, icon="check", params={"what": "kept"})
    row.button("rest", "Show the rest", events.on_show, icon="search", params={"what": "rest"})
    page.plot(figures.coverage)
    if figures.summary.truth:
        page.plot(figures.reliability)
        page.plot(figures.confusion, events.on_mark)


def draw_truth(page: Page, board: Board, events: Events) -> None:
    """The choice of a field with the ground truth, where there may be one."""
    if board.truth_fields:
        fields = {NO_TRUTH: "none"} | {name: name for name in board.truth_fields}
        page.choice("truth", fields, events.on_choice, label="Ground truth to compare with")


def draw_novelty(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """Clusters that fit no class, and how to make a class of one."""
    summary = board.figures.summary
    if not summary.novel:
        fits, no_clusters = "Every cluster fits a class.", "This run has no clusters that could fit no class."
        page.text("none", fits if summary.levels else no_clusters)
        return
    page.text("title", "**Clusters that may fit none of the classes, most novel first**")
    pictured, rest = pictured_and_rest(board)
    page.text("hint", HOW_TO_READ + HINTS if any(each.suggestions for each in pictured) else HOW_TO_READ)
    for each in pictured:
        _draw_pictured(page, summary, each, board.pictures[each.cluster], events)
        if each.cluster == choices.cluster:
            _draw_naming(page, each.cluster, events)
    if choices.cluster in [each.cluster for each in rest]:
        _draw_naming(page, choices.cluster, events)
    if rest:
        columns = ("cluster", f"{summary.noun}s", "more novel than", "nearest classes")
        rows = [(each.cluster, each.size, percent(each.score), _names(summary, each.rivals)) for each in rest]
        if any(each.suggestions for each in rest):
            columns = (*columns, "perhaps")
            perhaps = (" · ".join(map(cut, each.suggestions)) for each in rest)
            rows = [(*row, names) for row, names in zip(rows, perhaps, strict=True)]
        page.table("novel", columns, rows, events.on_row)


def _draw_naming(page: Page, cluster: int, events: Events) -> None:
    """What the class is called that a cluster shows, beside that cluster."""
    page.field("class_name", f"Name of the class that cluster {cluster} shows", events.on_choice)
    page.button("add", "Add as class", events.on_new_class, icon="add", variant="contained")


def pictured_and_rest(board: Board) -> tuple[list[NovelCluster], list[NovelCluster]]:
    """Clusters that fit no class: those with pictures, and those that a table lists."""
    novel = board.figures.summary.novel
    pictured = [each for each in novel if each.cluster in board.pictures]
    rest = [each for each in novel if each.cluster not in board.pictures]
    return pictured, rest[:MOST_ROWS]


def _draw_pictured(
    page: Page, summary: RunSummary, novel: NovelCluster, pictures: tuple[str, ...], events: Events
) -> None:
    """A cluster with its most central images."""
    card = page.group(f"novel{novel.cluster}", place=FRAMED)
    facts = [
        f"**Cluster {novel.cluster}**",
        counted(novel.size, summary.noun),
        f"more novel than {percent(novel.score)}",
        *_went_to(summary, novel.cluster),
        f"near {plain(_names(summary, novel.rivals))}",
    ]
    card.text("facts", " · ".join(facts))
    row, params = card.group("pictures", ROW), {"cluster": novel.cluster}
    for number, address in enumerate(pictures):
        row.picture(f"picture{number}", address, PICTURE_PIXELS, events.on_picture, params)
    row.button("choose", "Show", events.on_picture, icon="search", params=params)
    if novel.suggestions:
        names = card.group("suggestions", ROW)
        for number, name in enumerate(novel.suggestions):
            names.button(f"name{number}", cut(name), events.on_new_class, icon="add", params={"name": name})


def _went_to(summary: RunSummary, cluster: int) -> list[str]:
    """The class that a micro-cluster went to; nothing where the summary does not keep it."""
    alignment = summary.alignment_of("micro")
    if cluster not in alignment.clusters:
        return []
    row = alignment.clusters.index(cluster)
    first = plain(_names(summary, alignment.classes[row][:1]))
    return [f"{percent(alignment.shares[row][0])} went to {first}"]


def draw_comparison(page: Page, board: Board, choices: Choices, events: Events) -> None:
    """Which labels another run gave."""
    others = {run.key: run.key for run in board.completed if run.key != board.run.key}
    if not others:
        page.text("none", "There is one run with labels. Label again, for example with other classes.")
        return
    page.choice("other", others, events.on_choice, label=f"Compare {board.run.key} with")
    comparison = board.comparison
    if comparison is None:
        page.text("problem", plain(board.comparison_problem))
        return
    both = counted(comparison.n_common, comparison.noun)
    page.text("title", f"**{comparison.n_differing:,} of {both} have different labels**")
    other = next(run for run in board.completed if run.key == comparison.first)
    if set(other.classes) != set(board.run.classes):
        page.text("class_lists", plain(_different_classes(other, board.run)))
    if comparison.changes:
        page.button("differing", "Show them all", events.on_show, icon="search", params={"what": "differing"})
        columns = (comparison.first, comparison.second, f"{comparison.noun}s")
        rows = [(cut(one), cut(other), count) for one, other, count in comparison.changes[:MOST_ROWS]]
        page.table("changes", columns, rows, events.on_row)


def _different_classes(first: RunRecord, second: RunRecord) -> str:
    """Which classes only one of two runs chose from, and what their figures therefore do not say."""
    lists = []
    for run, known in ((first, set(second.classes)), (second, set(first.classes))):
        own = [name for name in run.classes if name not in known]
        lists += [f"Only {run.key} has {_listed(own)}."] if own else []
    between = (
        "The accuracy that each expects is among its own classes: it does not tell which list is better."
    )
    return " ".join([*lists, between])


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    shown = ", ".join(map(cut, names[:MOST_NAMES]))
    return f"{shown} and {more:,} more" if more > 0 else shown


DRAWN: dict[Tab, Callable[[Page, Board, Choices, Events], None]] = {
    Tab.CONVERGENCE: draw_convergence,
    Tab.ALIGNMENT: draw_alignment,
    Tab.CLASSES: draw_classes,
    Tab.CONFIDENCE: draw_confidence,
    Tab.NOVELTY: draw_novelty,
    Tab.COMPARISON: draw_comparison,
}


def level_of(summary: RunSummary, choices: Choices) -> str:
    """The level of the heatmap: the chosen one if the run has it."""
    return choices.level if choices.level in summary.levels else next(iter(summary.levels), "micro")


def doubtful_rows(summary: RunSummary, level: str) -> tuple[int, ...]:
    """Rows of the alignment with the clusters in doubt, those first that have most images so."""
    return summary.alignment_of(level).doubtful[:MOST_ROWS]


def competing(summary: RunSummary) -> list[ConfusablePair]:
    """The pairs of classes that have images between them, most expected errors first."""
    return [pair for pair in summary.confusable if pair.images][:MOST_ROWS]


def kept_of(summary: RunSummary, choices: Choices) -> Coverage:
    """What to expect of the labels that are kept."""
    return min(summary.coverage, key=lambda kept: abs(kept.share - choices.keep / 100))


def _cluster_rows(summary: RunSummary, level: str) -> list[tuple]:
    alignment = summary.alignment_of(level)
    return [
        (
            alignment.clusters[row],
            alignment.sizes[row],
            percent(alignment.shares[row][0]),
            _names(summary, alignment.classes[row]),
        )
        for row in doubtful_rows(summary, level)
    ]


def _names(summary: RunSummary, numbers: tuple[int, ...]) -> str:
    return ", ".join(cut(summary.classes[number]) for number in numbers)
