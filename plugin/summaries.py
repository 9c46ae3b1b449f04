"""The summary of a run, read back from its record; figures and reports are drawn from it."""

from typing import TYPE_CHECKING

from .report.summary import RunSummary

if TYPE_CHECKING:
    import fiftyone as fo


def load_summary(dataset: "fo.Dataset", key: str) -> RunSummary:
    """What a run came to.

    Args:
        dataset: Dataset of the run.
        key: Key of a run that wrote labels.

    Raises:
        InputError: There is no such run, or it has no labels.
    """
    from .dataset.runs import read_results

    return RunSummary.from_dict(read_results(dataset, key)["summary"])
