"""Two runs side by side: how many labels differ, which classes were swapped, and where to look.

Runs are compared by what they kept, so it does not matter which fields they wrote or what was written since.
"""

from collections import Counter
from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..wording import counted, listed, percent
from .documents import IDS_PER_QUERY
from .outcome import Outcome
from .patches import object_view
from .reading import flat_samples
from .record import find_run
from .running import load_outcome


@dataclass(frozen=True, repr=False)
class RunComparison(Displayed):
    """The labels of two runs on the samples that both labelled.

    Attributes:
        first: Key of one run.
        second: Key of the other.
        n_common: Samples that both labelled.
        n_only_first: Samples that only the first labelled.
        n_only_second: Samples that only the second labelled.
        changes: (label by the first, label by the second, samples), different labels only, most frequent
            first.
        view: The samples whose labels differ, at most 100,000, those first of which the two are surest.
        noun: What both labelled: "image" or "object".
    """

    first: str
    second: str
    n_common: int
    n_only_first: int
    n_only_second: int
    changes: tuple[tuple[str, str, int], ...]
    view: fo.DatasetView
    noun: str

    def _lines(self) -> list[str]:
        return [
            f"{self.first!r} and {self.second!r} agree on {percent(self.agreement)} of "
            f"{counted(self.n_common, self.noun)}",
            f"{self.n_differing:,} differ: {listed([f'{a} to {b} {n:,}' for a, b, n in self.changes])}",
            "Next: .view shows them in the App",
        ]

    @property
    def n_differing(self) -> int:
        """Samples with different labels."""
        return sum(count for _, _, count in self.changes)

    @property
    def agreement(self) -> float:
        """Share of the common samples with the same label, in [0, 1]."""
        return 1 - self.n_differing / self.n_common


def compare_runs(dataset: fo.Dataset, first: str, second: str) -> RunComparison:
    """Compare the labels of two runs.

    Args:
        dataset: Dataset of both.
        first: Key of a completed run.
        second: Key of another.

    Raises:
        InputError: There is no such run, it has no labels, or the two have no sample in common.
    """
    one, other = _load_both(dataset, first, second)
    if one.is_multilabel or other.is_multilabel:
        raise InputError(
            "Runs with several labels an image cannot be compared: evaluate each of them instead."
        )
    ids, rows, other_rows = _common(one, other)
    if len(ids) == 0:
        raise InputError(
            f"Runs {first!r} and {second!r} labelled different samples: there is nothing to compare."
        )
    labels, other_labels = _names(one)[rows], _names(other)[other_rows]
    differs = labels != other_labels
    sureness = one.confidence[rows] + other.confidence[other_rows]
    surest_first = np.flatnonzero(differs)[np.argsort(-sureness[differs], kind="stable")]
    changes = Counter(zip(labels[differs].tolist(), other_labels[differs].tolist(), strict=True))
    return RunComparison(
        first=first,
        second=second,
        n_common=len(ids),
        n_only_first=len(one.sample_ids) - len(ids),
        n_only_second=len(other.sample_ids) - len(ids),
        changes=tuple((label, other_label, count) for (label, other_label), count in changes.most_common()),
        view=_view_of(dataset, first, ids[surest_first].tolist()),
        noun=find_run(dataset, first).noun,
    )


def _view_of(dataset: fo.Dataset, run: str, ids: list[str]) -> fo.DatasetView:
    """The first of what a run labelled, in this order: samples, or objects one by one.

    No more than a view can hold, and far more than anybody looks through.
    """
    ids = ids[:IDS_PER_QUERY]
    fields = find_run(dataset, run).fields
    if fields.objects:
        return object_view(dataset, fields.label, ids)
    return flat_samples(dataset).select(ids, ordered=True)


def changed_samples(
    dataset: fo.Dataset, first: str, second: str, label: str, other_label: str
) -> fo.DatasetView:
    """What two runs gave these two labels: samples, or objects one by one.

    Args:
        dataset: Dataset of both.
        first: Key of a completed run.
        second: Key of another.
        label: Label by the first.
        other_label: Label by the second.

    Raises:
        InputError: There is no such run, or it has no labels.
    """
    one, other = _load_both(dataset, first, second)
    ids, rows, other_rows = _common(one, other)
    is_meant = (_names(one)[rows] == label) & (_names(other)[other_rows] == other_label)
    return _view_of(dataset, first, ids[is_meant].tolist())


def _load_both(dataset: fo.Dataset, first: str, second: str) -> tuple[Outcome, Outcome]:
    if first == second:
        raise InputError(f"Choose two different runs to compare, not {first!r} twice.")
    return load_outcome(dataset, first), load_outcome(dataset, second)


def _common(one: Outcome, other: Outcome) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids of the samples that both labelled, and their rows in either."""
    return np.intersect1d(one.sample_ids, other.sample_ids, return_indices=True)


def _names(outcome: Outcome) -> np.ndarray:
    return np.array(outcome.classes)[outcome.labels]
