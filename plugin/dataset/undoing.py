"""Undo of the last action of a review: an approval, a correction, or an answer on a cluster."""

from .groups import forget_statement, latest_statement
from .internals import Samples, dataset_of
from .labels import labels_of
from .reading import as_samples
from .reviewing import Reviewed, fields_of_run, locked_labels
from .reviews import latest_action, undo_action
from .running import load_outcome


def last_reviewed(samples: Samples, label_field: str = "auto_label") -> list[str]:
    """Ids of the samples or objects that `undo_review` would take the last action of.

    Raises:
        InputError: No run wrote that field.
    """
    dataset, names = dataset_of(samples), fields_of_run(samples, label_field)
    action, ids = latest_action(labels_of(dataset, names))
    said = latest_statement(dataset, names)
    if said and said[1].action >= action:
        run, statement = said
        return statement.members(load_outcome(dataset, run.key))
    return ids


def undo_review(samples: Samples, label_field: str = "auto_label") -> Reviewed:
    """Take back what was approved, corrected or answered last, all of it; what it replaced returns.

    Args:
        samples: A dataset or view: of which dataset; a patches view shows the change at once.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote that field.
    """
    samples = as_samples(samples)
    dataset, names = dataset_of(samples), fields_of_run(samples, label_field)
    with locked_labels(samples, label_field) as labels:
        action, undone = latest_action(labels)
        said = latest_statement(dataset, names)
        if said is None or said[1].action <= action:
            undo_action(labels)
        if said is not None and said[1].action >= action:
            undone = forget_statement(dataset, *said)
        labels.refresh(samples, undone)
    return Reviewed(undone, {})
