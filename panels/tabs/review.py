"""The tab where a person answers whole clusters with one click each, most expected errors first."""

from functools import partial

from ...plugin.dataset import ClusterToReview, answer_cluster, clusters_to_review, pictures_of
from ...plugin.engine.errors import InputError
from ...plugin.wording import counted, cut, plain
from ..board import Board
from ..choices import Choices
from ..event import Event
from ..page import FRAMED, ROW, Page
from .base import Tab

PICTURE_PIXELS = 72
HOW_TO = (
    "One click says what the images of a cluster are. It reviews those that are shown; *Refine* takes the "
    "class as likely for the others. If several classes are shown, click *Mixed*."
)


def draw_clusters(page: Page, board: Board) -> None:
    """The clusters to answer next, and how many are answered."""
    if board.why_closed:
        page.text("closed", plain(board.why_closed))
        return
    run = board.run
    asked = clusters_to_review(board.dataset, label_field=run.fields.label)
    page.text("title", "**Clusters to review, most expected errors first**")
    page.text("hint", HOW_TO)
    page.text("answered", f"{counted(len(run.statements), 'cluster')} answered so far.")
    if not asked:
        page.text("none", "No cluster is left to review.")
    for each in asked:
        _draw_cluster(page, board, each)


def _draw_cluster(page: Page, board: Board, each: ClusterToReview) -> None:
    """A cluster with a few of its images and the answers."""
    name = f"cluster{each.cluster}_{board.run.classes.index(each.label)}"
    card = page.group(name, place=FRAMED)
    facts = f"**Cluster {each.cluster}** · {counted(each.size, board.run.noun)}"
    card.text("facts", f"{facts} · {each.expected_errors:.1f} errors expected")
    row = card.group("pictures", ROW)
    for number, address in enumerate(pictures_of(board.dataset, board.run.fields, each.ids)):
        row.picture(f"picture{number}", address, PICTURE_PIXELS, partial(_open, asked=each, card=name))
    answers = card.group("answers", ROW)
    for answer, words in (("accept", each.label), ("runner_up", each.runner_up)):
        if words:
            say = partial(_answer, asked=each, class_name=words)
            look = {"variant": "contained"} if answer == "accept" else {}
            answers.button(answer, cut(words), say, icon="done", title=f"All are “{cut(words)}”", **look)
    mixed = partial(_answer, asked=each, class_name=None)
    answers.button("mixed", "Mixed", mixed, icon="shuffle", title="Images of several classes")
    answers.button("other", "Other class", partial(_open, asked=each, card=name), icon="edit")
    if name == board.choices.asked:
        page.field("class_name", f"Class of cluster {each.cluster}")
        page.button("answer", "Answer", partial(_answer_typed, asked=each), variant="contained")


def _open(event: Event, asked: ClusterToReview, card: str) -> None:
    """Show the images of a card in the grid, and ask for another class."""
    marked = event.board.marks.cell("micro", asked.cluster, event.board.run.classes.index(asked.label))
    if card != event.board.choices.asked:
        event.choose(asked=card, class_name="")
    event.open(marked)


def _answer_typed(event: Event, asked: ClusterToReview) -> None:
    # The field tells its text when it is left, which the click on the button may overtake.
    typed = Choices.of(event.ctx).class_name.strip()
    if not typed:
        raise InputError("Type the class of this cluster.")
    _answer(event, asked, typed)


def _answer(event: Event, asked: ClusterToReview, class_name: str | None) -> None:
    """Keep the answer and show the next cluster in its place."""
    size = answer_cluster(event.board.dataset, asked, class_name, event.board.run.fields.label)
    said = "mixed" if class_name is None else f"“{cut(class_name)}”"
    event.ctx.ops.notify(f"Cluster of {counted(size, event.board.run.noun)}: {said}", variant="success")
    event.follow()


CLUSTERS = Tab("review", "Clusters", draw_clusters)
