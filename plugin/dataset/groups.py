"""What people said of whole clusters, in the record of the run that made the clusters.

Statements on groups are no reviews: no label is certain by one, and audits do not count them.
"""

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError
from .fields import FieldNames
from .lock import WriteLock
from .record import completed_runs, find_run, update_record
from .reviewing import known_classes, run_of
from .running import load_outcome
from .schema import RunRecord
from .settling import settle

MIXED = ""
"""What stands for the class of a cluster that has images of several."""


def answer_cluster(
    dataset: fo.Dataset, cluster: int, class_name: str | None, label_field: str = "auto_label"
) -> int:
    """Say which class the images of a cluster have, as far as they are not reviewed one by one.

    It takes effect when the labels are refined: the class becomes likely for every image of the cluster, and
    reviews of single images overrule it. Another answer on the same cluster replaces the first.

    Args:
        dataset: Dataset of the run.
        cluster: Number of a micro-cluster of the last run on the field.
        class_name: Class of its images, in any case of letters; None if it has images of several classes.
        label_field: Field that a run wrote.

    Returns:
        Number of images, or objects, in the cluster.

    Raises:
        InputError: No run wrote the field, there is no such cluster, or the name is blank.
    """
    if class_name is not None and not (isinstance(class_name, str) and class_name.strip()):
        raise InputError("The class name is blank or not a text: give the class of this cluster.")
    settle(dataset)
    run = run_of(dataset, label_field)
    size = int(np.sum(load_outcome(dataset, run.key).micro_cluster == cluster)) if cluster >= 0 else 0
    if size == 0:
        raise InputError(f"The last run on {label_field!r} has no cluster {cluster}: choose another.")
    known = {name.casefold(): name for name in known_classes(dataset, label_field)}
    given = MIXED if class_name is None else known.get(class_name.strip().casefold(), class_name.strip())
    with WriteLock(dataset) as lock:
        groups = find_run(lock.dataset, run.key).groups | {str(cluster): given}
        update_record(lock.dataset, run.key, {"groups": groups})
    return size


def stated_classes(dataset: fo.Dataset, names: FieldNames, before: RunRecord | None = None) -> dict[str, str]:
    """Samples, or objects, in clusters that were answered → class of the latest answer.

    Args:
        dataset: Dataset of the runs.
        names: Fields of the runs.
        before: Only runs that began before this one count; all if None.
    """
    stated: dict[str, str] = {}
    for run in completed_runs(dataset):
        is_earlier = before is None or run.started < before.started
        if not (run.groups and run.fields == names and is_earlier):
            continue
        outcome = load_outcome(dataset, run.key)
        clusters = outcome.micro_cluster.tolist()
        answers = {
            one: run.groups.get(str(each)) for one, each in zip(outcome.sample_ids, clusters, strict=True)
        }
        stated |= {one: name for one, name in answers.items() if name is not None}
    return {one: name for one, name in stated.items() if name != MIXED}
