"""The tab that shows clusters that may fit none of the classes, and makes a class of one.

The first few stand with pictures and suggested names, the others in a table.
"""

from functools import partial

from ...plugin.dataset import load_outcome, pictures_of
from ...plugin.engine.errors import InputError
from ...plugin.report.summary import NovelCluster, RunSummary
from ...plugin.wording import counted, cut, percent, plain
from ..board import Board
from ..choices import Choices
from ..event import Event
from ..figures import figures_of, identity, kept
from ..page import FRAMED, ROW, Page
from .base import MOST_ROWS, Tab, names_of

MOST_PICTURED = 8
PICTURE_PIXELS = 72
HOW_TO_READ = (
    "Clusters can be listed here even if no class is missing. Click one to see its samples; if none of your "
    "classes names what they show, add a class."
)
HINTS = " Buttons with a plus suggest names: ImageNet classes that match the cluster better than yours."


def draw_novelty(page: Page, board: Board) -> None:
    """Novel clusters, most novel first, and beside the chosen one the name of a class for it."""
    summary, chosen = board.summary, board.choices.cluster
    if not summary.novel:
        fits, no_clusters = "Every cluster fits a class.", "This run has no clusters that could be novel."
        page.text("none", fits if summary.levels else no_clusters)
        return
    pictures = {} if board.lost_field else _pictures(board)
    pictured = [each for each in summary.novel if each.cluster in pictures]
    rest = [each for each in summary.novel if each.cluster not in pictures][:MOST_ROWS]
    page.text("title", "**Clusters that may fit none of the classes, most novel first**")
    page.text("hint", HOW_TO_READ + HINTS if any(each.suggestions for each in pictured) else HOW_TO_READ)
    for each in pictured:
        _draw_pictured(page, board, each, pictures[each.cluster])
        if each.cluster == chosen:
            _draw_naming(page, each.cluster)
    if chosen in [each.cluster for each in rest]:
        _draw_naming(page, chosen)
    if rest:
        _draw_rest(page, board, rest)


def _draw_naming(page: Page, cluster: int) -> None:
    """The name of the class that a cluster shows, beside that cluster."""
    page.field("class_name", f"Name of the class that cluster {cluster} shows")
    page.button("add", "Add as class", _add_class, icon="add", variant="contained")


def _draw_pictured(page: Page, board: Board, novel: NovelCluster, pictures: tuple[str, ...]) -> None:
    """A cluster with its most central images."""
    summary = board.summary
    card = page.group(f"novel{novel.cluster}", place=FRAMED)
    facts = [
        f"**Cluster {novel.cluster}**",
        counted(novel.size, summary.noun),
        f"novelty percentile {novel.percentile}",
        *_went_to(summary, novel.cluster),
        f"nearest: {plain(names_of(summary, novel.rivals))}",
    ]
    card.text("facts", " · ".join(facts))
    row = card.group("pictures", ROW)
    for number, address in enumerate(pictures):
        row.picture(f"picture{number}", address, PICTURE_PIXELS, lambda event: _open(event, novel))
    row.button("choose", "Show", lambda event: _open(event, novel), icon="search")
    if novel.suggestions:
        names = card.group("suggestions", ROW)
        for number, name in enumerate(novel.suggestions):
            add = partial(_add_class, name=name)
            names.button(f"name{number}", cut(name), add, icon="add", title=f"Add “{cut(name)}” as class")


def _draw_rest(page: Page, board: Board, rest: list[NovelCluster]) -> None:
    """Clusters without pictures."""
    summary = board.summary
    columns = ["cluster", f"{summary.noun}s", "novelty percentile", "nearest classes"]
    has_names = any(each.suggestions for each in rest)

    def row(each: NovelCluster) -> list:
        values = [each.cluster, each.size, each.percentile, names_of(summary, each.rivals)]
        return [*values, " · ".join(map(cut, each.suggestions))] if has_names else values

    page.table("novel", [*columns, "suggested names"] if has_names else columns, rest, row, _open)


def _open(event: Event, novel: NovelCluster) -> None:
    """Show a cluster in the grid, and let a class be made of it."""
    marked = event.board.marks.cluster("micro", novel.cluster)
    if novel.cluster != event.board.choices.cluster:
        event.choose(cluster=novel.cluster, class_name="")
    event.open(marked)


def _add_class(event: Event, name: str = "") -> None:
    """Label again with one class more, of a name that was typed or suggested."""
    board = event.board
    if board.why_closed:
        raise InputError(board.why_closed)
    # The field tells its text when it is left, which the click on the button may overtake.
    typed = Choices.of(event.ctx).class_name.strip()
    event.prompt("add_class", name=name or typed, label_field=board.run.fields.label)


def _went_to(summary: RunSummary, cluster: int) -> list[str]:
    """The class that a micro-cluster went to; nothing where the summary does not keep it."""
    alignment = summary.alignment_of("micro")
    if cluster not in alignment.clusters:
        return []
    row = alignment.clusters.index(cluster)
    first = plain(names_of(summary, alignment.classes[row][:1]))
    return [f"{percent(alignment.shares[row][0])} went to {first}"]


def _pictures(board: Board) -> dict[int, tuple[str, ...]]:
    """Cluster → its most central images as addresses of pictures; of the first few clusters of the run."""
    dataset, run = board.dataset, board.run

    def make() -> dict[int, tuple[str, ...]]:
        novel, outcome = figures_of(dataset, run).summary.novel, load_outcome(dataset, run.key)
        central = zip(novel[:MOST_PICTURED], outcome.novel_samples, strict=False)
        return {each.cluster: pictures_of(dataset, run.fields, ids) for each, ids in central}

    return kept.get_or_make((*identity(dataset, run), "pictures"), make)


NOVELTY = Tab("novelty", "Novel clusters", draw_novelty)
