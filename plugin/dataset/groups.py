"""Clusters that a person answers as a whole: what to ask, and what the answers say.

An answer reviews the images that were shown, and makes its class likely for the others.
"""

from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError
from ..engine.groups import doubtful_groups
from .fields import FieldNames
from .record import completed_runs, find_run, update_record
from .reviewing import known_classes, locked_labels, run_of
from .reviews import keep_reviews, new_action, read_reviews, reviews_of
from .running import load_outcome
from .schema import RunRecord
from .settling import settle
from .statements import Statement

COUNT = 6
MIXED = ""
"""What stands for the class of a cluster that has images of several."""


@dataclass(frozen=True)
class ClusterToReview:
    """Images of one cluster with one label, which a person may answer with one click; see `answer_cluster`.

    Attributes:
        cluster: Number of the micro-cluster.
        label: The label.
        size: Images, or objects, that are neither reviewed nor answered.
        expected_errors: How many of their labels are expected to be wrong.
        runner_up: The most likely other class, "" where there is none.
        ids: A few of them to show, from the most confident to the least.
    """

    cluster: int
    label: str
    size: int
    expected_errors: float
    runner_up: str
    ids: tuple[str, ...]


def clusters_to_review(
    dataset: fo.Dataset, count: int = COUNT, label_field: str = "auto_label"
) -> list[ClusterToReview]:
    """Clusters of the last run that nobody has answered, most expected errors first.

    A cluster whose images have several labels is asked in parts, one for each label.

    Args:
        dataset: Dataset of the run.
        count: Most clusters, at least 1.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote the field, or the count is below 1.
    """
    if count < 1:
        raise InputError(f"Ask for at least 1 cluster, not {count}.")
    settle(dataset)
    run = run_of(dataset, label_field)
    if run.label_fields.multilabel:
        raise InputError(
            f"Images have several labels in {label_field!r}, so a cluster has no one class: review single "
            "images with review_next."
        )
    outcome, reviews = load_outcome(dataset, run.key), read_reviews(dataset, run.label_fields)
    names, said = (*outcome.classes, ""), _statements(dataset, run.label_fields)  # -1, for none, is the last
    answered = {one: statement.label for one, statement in said.items()}
    shown = zip(outcome.sample_ids, outcome.labels.tolist(), strict=True)
    is_open = np.array(
        [not (one in reviews or answered.get(one) == names[label]) for one, label in shown], bool
    )
    groups = doubtful_groups(
        outcome.confidence, outcome.labels, outcome.second_labels, outcome.micro_cluster, is_open
    )
    return [
        ClusterToReview(
            cluster=group.cluster,
            label=names[group.label],
            size=group.size,
            expected_errors=group.expected_errors,
            runner_up=names[group.runner_up],
            ids=tuple(outcome.sample_ids[row] for row in group.shown),
        )
        for group in groups[:count]
    ]


def answer_cluster(
    dataset: fo.Dataset, asked: ClusterToReview, class_name: str | None, label_field: str = "auto_label"
) -> int:
    """Say which class the images of a cluster have, by those that are shown.

    Those are reviewed by it at once. For the others the class becomes likely when the labels are refined, and
    reviews of single images overrule it. A later answer on an image replaces an earlier one.

    Args:
        dataset: Dataset of the run.
        asked: One of `clusters_to_review`, of the last run on the field.
        class_name: Class of the images, in any case of letters; None if those shown have several classes,
            which reviews none of them.
        label_field: Field that a run wrote.

    Returns:
        Number of images, or objects, that it was said of.

    Raises:
        InputError: No run wrote the field, it has no such cluster, or the name is blank.
    """
    if class_name is not None and not (isinstance(class_name, str) and class_name.strip()):
        raise InputError("The class name is blank or not a text: give the class of this cluster.")
    with locked_labels(dataset, label_field) as labels:
        run = run_of(dataset, label_field)
        known = {name.casefold(): name for name in known_classes(dataset, label_field)}
        given = MIXED if class_name is None else known.get(class_name.strip().casefold(), class_name.strip())
        said = Statement(asked.cluster, asked.label, given, asked.ids, new_action())
        members = said.members(load_outcome(dataset, run.key))
        if not {*asked.ids} <= {*members}:
            raise InputError(
                f"The last run on {label_field!r} has no such cluster {asked.cluster}: call "
                "clusters_to_review again."
            )
        _keep(dataset, run.key, [*find_run(dataset, run.key).statements, said])
        if given != MIXED:
            reviews = reviews_of(labels)
            now = labels.read("label", [one for one in asked.ids if one not in reviews])
            keep_reviews(labels, dict.fromkeys(now, given), said.action)
            labels.tag([one for one, label in now.items() if label.get("label") == given])
    return len(members)


def stated_classes(dataset: fo.Dataset, names: FieldNames, before: RunRecord | None = None) -> dict[str, str]:
    """Samples, or objects, in clusters that were answered → class, but for those that were shown.

    Args:
        dataset: Dataset of the runs.
        names: Fields of the runs.
        before: Only runs that began before this one count; all if None.
    """
    said = _statements(dataset, names, before)
    return {one: each.given for one, each in said.items() if each.given != MIXED and one not in each.shown}


def latest_statement(dataset: fo.Dataset, names: FieldNames) -> tuple[RunRecord, Statement] | None:
    """The last answer on a cluster, with the run that made the cluster; None if there is none."""
    said = [(run, each) for run in completed_runs(dataset) if run.fields == names for each in run.statements]
    return max(said, key=lambda one: one[1].action, default=None)


def forget_statement(dataset: fo.Dataset, run: RunRecord, said: Statement) -> list[str]:
    """Take an answer back; an earlier one on the same images counts again.

    Returns:
        Ids of the images.
    """
    _keep(dataset, run.key, [each for each in run.statements if each != said])
    return said.members(load_outcome(dataset, run.key))


def _keep(dataset: fo.Dataset, run_key: str, statements: list[Statement]) -> None:
    update_record(dataset, run_key, {"statements": [each.to_dict() for each in statements]})


def _statements(
    dataset: fo.Dataset, names: FieldNames, before: RunRecord | None = None
) -> dict[str, Statement]:
    """Id of a sample or object → the latest statement on it."""
    stated: dict[str, Statement] = {}
    for run in completed_runs(dataset):
        is_earlier = before is None or run.started < before.started
        if run.statements and run.fields == names and is_earlier:
            outcome = load_outcome(dataset, run.key)
            for each in run.statements:
                stated |= dict.fromkeys(each.members(outcome), each)
    return stated
