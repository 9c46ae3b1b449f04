"""How much a person's answers are worth, by what is asked first and by whether the rest is refined.

A second table shows how far an audit can be trusted: how often its interval holds the true accuracy.

python benchmarks/review.py [SET ...] [--encoder NAME], each SET a .npz file of a feature set or a folder with
one folder of images per class. Without one it takes the photos of the demo. The reviewer is simulated and
always right, but for the careless one. A click on images of one cluster with one label reviews the four
that are shown, and says what the others are; where those four are of several classes, it is called mixed.

A third table shows which reviewed labels contradict similar images, and how many of those are wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from class_folders import given_folders
from features import load_feature_set
from fiftyone_autolabel import Refinement, refine
from fiftyone_autolabel.plugin.demo.class_folders import embed_folder
from fiftyone_autolabel.plugin.encoders.base import Encoder
from fiftyone_autolabel.plugin.encoders.known_names import class_reliability
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine.audit import audit_order, estimate_accuracy
from fiftyone_autolabel.plugin.engine.groups import doubtful_groups
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.review import review_order
from rich.console import Console
from rich.table import Table

ANSWERS = (0, 10, 20, 50, 100)
CLICKS = (0, 10, 20)
AUDITED = (10, 24, 100)
AUDITS = 1_000
"""Audits that are simulated, each with a seed."""

CARELESS = 0.1
"""Share of the answers of the careless reviewer that are wrong."""

REVIEWERS = {"careful": 0.0, f"careless, {CARELESS:.0%} wrong": CARELESS}
ANSWERS_CHECKED = (0, 50, 100)
"""Numbers of answers at which contradictions are looked at."""

SEEDS = (0, 1, 2)

Order = Callable[[Refinement], np.ndarray]
"""From labels and confidence to all rows, the one to ask for first in front."""


@dataclass(frozen=True)
class Task:
    """Images to be reviewed, whose true classes only the reviewer knows.

    Attributes:
        X: (n, d) float32 unit rows, images.
        T: (k, d) float32 unit rows, class names.
        truth: (n,) true class numbers.
        reliability: (k,) how well the encoder knows each name; None where it cannot tell.
    """

    X: np.ndarray
    T: np.ndarray
    truth: np.ndarray
    reliability: np.ndarray | None

    def given(self, careless: float) -> np.ndarray:
        """(n,) classes that a reviewer says, of which a share is wrong, always the same ones."""
        rng, k = np.random.default_rng(0), len(self.T)
        is_wrong = rng.random(len(self.X)) < careless
        return np.where(is_wrong, (self.truth + rng.integers(1, max(k, 2), len(self.X))) % k, self.truth)

    def refined(
        self, answered: np.ndarray, stated: np.ndarray | None = None, careless: float = 0
    ) -> Refinement:
        """Labels with what a reviewer says of some rows, and classes (n,) of clusters, -1 for none."""
        anchors = np.full(len(self.X), -1)
        anchors[answered] = self.given(careless)[answered]
        return refine(self.X, self.T, anchors=anchors, stated=stated, name_reliability=self.reliability)


def main() -> None:
    """Print three tables per folder, of audits, orders and contradictions, and the contradictions of all."""
    folders, encoder = given_folders(__doc__)
    found = np.zeros((len(REVIEWERS), len(ANSWERS_CHECKED) - 1, 4), np.int64)
    for folder in folders:
        task = _task(folder, encoder)
        first = task.refined(np.empty(0, np.int64))
        Console().print(audited(first, task.truth))
        Console().print(measure(folder, task, first))
        contradicted = contradictions(task, first)
        found += contradicted
        Console().print(contradictions_table(folder.stem, contradicted))
    if len(folders) > 1:
        Console().print(contradictions_table("All sets", found))


def audited(outcome: Refinement, truth: np.ndarray) -> Table:
    """Audit the labels of a run many times."""
    right = outcome.labels == truth
    title = f"The labels are {right.mean():.1%} right. {AUDITS:,} audits of them"
    table = Table("audited", "interval holds that", "mean width of the interval", title=title)
    orders = [audit_order(outcome.labels, outcome.confidence, seed) for seed in range(AUDITS)]
    for count in [each for each in AUDITED if each < len(truth)]:
        found = [estimate_accuracy(right[order[:count]], np.ones(count), len(truth)) for order in orders]
        covered = np.mean([one.low <= right.mean() <= one.high for one in found])
        width = 100 * np.mean([one.high - one.low for one in found])
        table.add_row(str(count), f"{covered:.1%}", f"{width:.1f} points")
    return table


def measure(folder: Path, task: Task, first: Refinement) -> Table:
    """Review the images of a folder in every order; the names of the class folders are the truth."""
    counts = f"{len(task.truth):,} images, {len(task.T)} classes"
    title = f"{folder.stem}: {counts}. Accuracy over all images after answers"
    table = Table("asked first", "the rest is", *map(str, ANSWERS), title=title)
    for name, orders in (
        ("random, 3 seeds", random_orders()),
        ("least confident", [least_confident]),
        ("suggested", [suggested]),
    ):
        for way, review in (("as it was", overwritten), ("refined", refined)):
            means = np.mean([review(task, first, order) for order in orders], axis=0)
            table.add_row(name, way, *(f"{mean:.1%}" for mean in means))
    means = refined(task, first, suggested, CARELESS)
    table.add_row("suggested, careless", "refined", *(f"{mean:.1%}" for mean in means))
    table.add_row("clusters", "refined", *(f"{mean:.1%}" for mean in clicked(task, first)))
    return table


def contradictions(task: Task, first: Refinement) -> np.ndarray:
    """Review as suggested, and look at what contradicts similar images.

    Returns:
        (reviewers, numbers of answers, 4) int64 counts: answers, wrong ones, shown ones, wrong ones shown.
    """
    counts = []
    for careless in REVIEWERS.values():
        is_wrong = task.given(careless) != task.truth
        for answered, outcome in reviewed(task, first, suggested, careless, ANSWERS_CHECKED):
            shown = outcome.contradictions >= 0
            counts.append((len(answered), is_wrong[answered].sum(), shown.sum(), (shown & is_wrong).sum()))
    return np.array(counts).reshape(len(REVIEWERS), -1, 4)


def contradictions_table(name: str, found: np.ndarray) -> Table:
    """One row per reviewer and number of answers."""
    columns = ("reviewer", "answers", "wrong", "shown", "of these wrong")
    table = Table(*columns, title=f"{name}: contradictions")
    for reviewer, of_reviewer in zip(REVIEWERS, found, strict=True):
        for counts in of_reviewer:
            table.add_row(reviewer, *(f"{count:,}" for count in counts))
    return table


def _task(place: Path, encoder: Encoder) -> Task:
    if place.suffix == ".npz":
        features = load_feature_set(place)
        return Task(features.X, features.T, features.y, None)
    photographs = embed_folder(place, encoder)
    T = class_prototypes(encoder, photographs.classes)
    return Task(photographs.vectors, T, photographs.truth, class_reliability(encoder, photographs.classes))


def clicked(task: Task, first: Refinement) -> list[float]:
    """Accuracy after every number of clicks on clusters, the labels being refined whenever one is reached."""
    n, outcome, before = len(task.X), first, 0
    stated, asked_as, is_reviewed = np.full(n, -1), np.full(n, -1), np.zeros(n, bool)
    accuracies = [accuracy(first.labels, task.truth)]
    for count in CLICKS[1:]:
        clusters, second = outcome.clusters["micro"].assignments, outcome.explanation.second_labels
        is_open = ~is_reviewed & (asked_as != outcome.labels)
        groups = doubtful_groups(outcome.confidence, outcome.labels, second, clusters, is_open)
        for group in groups[: count - before]:
            members = (clusters == group.cluster) & (outcome.labels == group.label)
            shown, asked_as[members] = list(group.shown), group.label
            classes = np.unique(task.truth[shown])
            if len(classes) == 1:
                stated[members], is_reviewed[shown] = classes[0], True
        stated[is_reviewed], before = -1, count
        outcome = task.refined(np.flatnonzero(is_reviewed), stated)
        accuracies.append(accuracy(outcome.labels, task.truth))
    return accuracies


def refined(task: Task, first: Refinement, order: Order, careless: float = 0) -> list[float]:
    """Accuracy after every number of answers, the labels being refined whenever a number is reached."""
    outcomes = [first, *(outcome for _, outcome in reviewed(task, first, order, careless))]
    return [accuracy(outcome.labels, task.truth) for outcome in outcomes]


def reviewed(
    task: Task, first: Refinement, order: Order, careless: float = 0, counts: Sequence[int] = ANSWERS
) -> Iterator[tuple[np.ndarray, Refinement]]:
    """Rows that are answered at every number of answers, and the labels that are refined with them."""
    answered, outcome = np.empty(0, np.int64), first
    for count in counts[1:]:
        ranked = order(outcome)
        unasked = ranked[~np.isin(ranked, answered)]
        answered = np.append(answered, unasked[: count - len(answered)])
        outcome = task.refined(answered, careless=careless)
        yield answered, outcome


def overwritten(task: Task, first: Refinement, order: Order) -> list[float]:
    """The same if answers change nothing but the labels that were asked for."""
    ranked, accuracies = order(first), []
    for count in ANSWERS:
        labels = first.labels.copy()
        labels[ranked[:count]] = task.truth[ranked[:count]]
        accuracies.append(accuracy(labels, task.truth))
    return accuracies


def random_orders() -> list[Order]:
    """As many random orders as there are seeds."""
    return [
        lambda outcome, seed=seed: np.random.default_rng(seed).permutation(len(outcome.labels))
        for seed in SEEDS
    ]


def least_confident(outcome: Refinement) -> np.ndarray:
    """The order that sorting the grid by confidence gives."""
    return np.argsort(outcome.confidence, kind="stable")


def suggested(outcome: Refinement) -> np.ndarray:
    """The order of *Review next*."""
    clusters = outcome.clusters["micro"].assignments
    second = outcome.explanation.second_labels
    return review_order(outcome.confidence, outcome.labels, second, clusters, outcome.is_known)


if __name__ == "__main__":
    main()
