"""A copy of a dataset as it is exported: its labels and split tags, and nothing that was left out."""

import contextlib
from collections.abc import Iterator

import fiftyone as fo

from ..dataset import Samples, dataset_of, flat_samples, in_parts, label_list_name
from .plan import Plan
from .selection import Label
from .splits import SPLITS


@contextlib.contextmanager
def labelled_clone(plan: Plan) -> Iterator[fo.Dataset]:
    """A copy of the samples with the labels and split tags of the export, deleted afterwards."""
    images = plan.selection.images
    dataset = dataset_of(plan.samples)
    is_whole = plan.samples is dataset and len(images) == len(dataset)
    # A copy of a whole dataset also has its runs and saved views.
    ids = [image.sample_id for image in images]
    clone = dataset.clone() if is_whole else _clone(flat_samples(dataset), ids)
    try:
        _set_labels(clone, plan)
        tag_splits(clone, ids, plan.splits)
        yield clone
    finally:
        clone.delete()


def _clone(samples: Samples, ids: list[str]) -> fo.Dataset:
    """A copy of some samples, made in parts, as a query has a largest size."""
    first, *others = in_parts(ids)
    clone = samples.select(first, ordered=True).clone()
    for some in others:
        clone.add_collection(samples.select(some, ordered=True))
    return clone


def _set_labels(clone: fo.Dataset, plan: Plan) -> None:
    """Write the labels that differ from those of the field: corrected, clipped, or without those left out."""
    field = plan.options.label_field
    kind = clone.get_field(field).document_type
    changed = {one.sample_id: _wrapped(one.labels, kind) for one in plan.selection.images if one.is_changed}
    clone.set_values(field, changed, key_field="id")


def _wrapped(labels: list[Label], kind: type[fo.Label]) -> fo.Label:
    if issubclass(kind, fo.Classifications | fo.Detections | fo.Polylines):
        return kind(**{label_list_name(kind): labels})
    return labels[0]


def tag_splits(dataset: fo.Dataset, ids: list[str], splits: list[str]) -> None:
    """Tag samples with their splits, and take away the tags that they had of other splits.

    Args:
        dataset: Dataset of the samples.
        ids: (n,) sample ids.
        splits: (n,) split of each; where it is "", tags stay as they are.
    """
    samples = flat_samples(dataset)
    for split in set(splits) - {""}:
        members = [key for key, own in zip(ids, splits, strict=True) if own == split]
        for some in in_parts(members):
            chunk = samples.select(some)
            chunk.untag_samples([other for other in SPLITS if other != split])
            chunk.tag_samples(split)
