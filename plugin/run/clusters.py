"""Clusters to review as a whole: those with most expected errors, and what to ask of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import InputError
from ..engine.groups import doubtful_groups

if TYPE_CHECKING:
    import fiftyone as fo

COUNT = 6


@dataclass(frozen=True)
class ClusterToReview:
    """A cluster that a person may answer with one click; see `answer_cluster`.

    Attributes:
        cluster: Its number.
        size: Images, or objects, in it without a review.
        expected_errors: How many of their labels are expected to be wrong.
        label: Its most likely class.
        runner_up: The next one, "" where there is none.
        ids: A few of its samples or objects, from the most confident to the least.
    """

    cluster: int
    size: int
    expected_errors: float
    label: str
    runner_up: str
    ids: tuple[str, ...]


def clusters_to_review(
    dataset: "fo.Dataset", count: int = COUNT, label_field: str = "auto_label"
) -> list[ClusterToReview]:
    """Clusters of the last run that nobody has answered, most expected errors first.

    Args:
        dataset: Dataset of the run.
        count: Most clusters, at least 1.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote the field, or the count is below 1.
    """
    from ..dataset import load_outcome, read_reviews, run_of, settle

    if count < 1:
        raise InputError(f"Ask for at least 1 cluster, not {count}.")
    settle(dataset)
    run = run_of(dataset, label_field)
    outcome, reviews = load_outcome(dataset, run.key), read_reviews(dataset, run.label_fields)
    is_open = np.array([one not in reviews for one in outcome.sample_ids], bool)
    arrays = (outcome.confidence, outcome.labels, outcome.second_labels, outcome.micro_cluster, is_open)
    groups = [group for group in doubtful_groups(*arrays) if str(group.cluster) not in run.groups]
    names = (*outcome.classes, "")  # -1, which stands for none, is the last
    return [
        ClusterToReview(
            cluster=group.cluster,
            size=group.size,
            expected_errors=group.expected_errors,
            label=names[group.label],
            runner_up=names[group.runner_up],
            ids=tuple(outcome.sample_ids[row] for row in group.shown),
        )
        for group in groups[:count]
    ]
