"""The summary of a run, read back from its record; figures and reports are drawn from it."""

from typing import TYPE_CHECKING

from .engine.errors import InputError
from .report.summary import RunSummary

if TYPE_CHECKING:
    import fiftyone as fo


def load_summary(dataset: "fo.Dataset", key: str) -> RunSummary:
    """What a run came to.

    Args:
        dataset: Dataset of the run.
        key: Key of a run that wrote labels.

    Raises:
        InputError: There is no such run, or it has no summary.
    """
    from .dataset.runs import find_run

    run = find_run(dataset, key)
    if key not in dataset.list_runs():  # another process made it
        dataset.reload()
    results = dataset.load_run_results(key, load_view=False) if run.n_labelled else None
    if results is None:
        raise InputError(f"Run {key!r} is {run.state.value} and has no summary.")
    return RunSummary.from_dict(results.summary)
