"""Clusters that a person answers as a whole: which to show, and what an answer says of their images.

Images of one cluster with one label are asked together, which are seldom of several classes. The answer is
likely for each of them, and certain for those that were shown alone.
"""

from dataclasses import dataclass

import numpy as np

from .rows import Matrix, Rows, computed

RIGHT, WRONG = 9.0, 1.0
"""Images of a group that are thought to be of its class, and not, before any is reviewed alone."""

SHOWN = 4


@dataclass(frozen=True)
class DoubtfulGroup:
    """Images of one cluster with one label, to be answered as a whole.

    Attributes:
        cluster: Number of the cluster.
        size: How many of them are open.
        expected_errors: How many of their labels are expected to be wrong.
        label: Their label.
        runner_up: The most likely other class; -1 where there is none.
        shown: Rows of a few images, from the most confident to the least.
    """

    cluster: int
    size: int
    expected_errors: float
    label: int
    runner_up: int
    shown: tuple[int, ...]


def doubtful_groups(
    confidence: np.ndarray,
    labels: np.ndarray,
    second_labels: np.ndarray,
    clusters: np.ndarray,
    is_open: np.ndarray,
) -> list[DoubtfulGroup]:
    """Parts of clusters that have one label, with what to ask of them, most expected errors first.

    Args:
        confidence: (n,) in [0, 1].
        labels: (n,) class numbers.
        second_labels: (n,) second most likely classes, -1 for none.
        clusters: (n,) cluster of each image, -1 for none.
        is_open: (n,) bool, whether an image is neither reviewed nor answered.
    """
    rows = np.flatnonzero((clusters >= 0) & is_open)
    order = rows[np.lexsort((-confidence[rows], labels[rows], clusters[rows]))]
    is_first = np.diff(clusters[order], prepend=-1) | np.diff(labels[order], prepend=-1)
    groups = [
        _group(members, confidence, labels, second_labels, clusters)
        for members in np.split(order, np.flatnonzero(is_first))[1:]
    ]
    return sorted(groups, key=lambda group: (-group.expected_errors, group.cluster, group.label))


def with_statements(logits: Matrix, stated: np.ndarray, anchors: np.ndarray) -> Matrix:
    """The text view with what people said of groups of images.

    An image of a group is of the class that the group was given with chance q = (a + 9)/(m + 10), of which a
    of the m images that were reviewed alone have that class too: the mean of a Beta distribution. Added is
    what makes even odds that chance, log(q (k − 1)/(1 − q)) nats.

    Args:
        logits: (n, k) text view.
        stated: (n,) class of each image's group, -1 for none.
        anchors: (n,) class of the images that were reviewed alone, -1 for none.
    """
    k = logits.shape[1]
    both = (stated >= 0) & (anchors >= 0)
    if k == 1 or not (stated >= 0).any():
        return logits
    right = float(np.sum(stated[both] == anchors[both]))
    wrong = both.sum() - right
    weight = np.float32(np.log((right + RIGHT) / (wrong + WRONG) * (k - 1)))

    def add(rows: Rows) -> np.ndarray:
        part, of_part = np.array(logits[rows]), stated[rows]
        meant = np.flatnonzero(of_part >= 0)
        part[meant, of_part[meant]] += weight
        return part

    return computed(k, logits, add)


def _group(
    members: np.ndarray,
    confidence: np.ndarray,
    labels: np.ndarray,
    second_labels: np.ndarray,
    clusters: np.ndarray,
) -> DoubtfulGroup:
    """What to ask of the images of a cluster, most confident first."""
    doubt, second = 1 - confidence[members].astype(np.float64), second_labels[members]
    # -1, which stands for none, counts at 0.
    mass = np.bincount(second + 1, weights=doubt)
    places = np.unique(np.linspace(0, len(members) - 1, SHOWN).astype(int))
    return DoubtfulGroup(
        cluster=int(clusters[members[0]]),
        size=len(members),
        expected_errors=float(doubt.sum()),
        label=int(labels[members[0]]),
        runner_up=int(mass.argmax()) - 1,
        shown=tuple(members[places].tolist()),
    )
