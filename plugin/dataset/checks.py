"""Labels that somebody made, to be checked: read from their field, and what was found written beside them.

The labels themselves are only read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import fiftyone as fo

from ..engine.errors import InputError
from .documents import update_documents
from .fields import AUTHOR, Role, review_fields
from .indexes import create_indexes
from .internals import Samples, add_fields, dataset_of
from .lock import WriteLock
from .patches import is_patches
from .reading import check_samples, classification_fields, flat_samples
from .review_views import save_named_view

CHECK = "check"
"""Role, in the `info` of their fields, of what a check of labels found."""


@dataclass(frozen=True)
class CheckFields:
    """Fields that a check of labels writes.

    Attributes:
        label: The field of the labels.
    """

    label: str

    @property
    def mistakenness(self) -> str:
        """Float in [0, 1], 1 where all speaks against the label."""
        return f"{self.label}_mistakenness"

    @property
    def suggested(self) -> str:
        """Text, the class that the other images speak for."""
        return f"{self.label}_suggested"

    @property
    def view(self) -> str:
        """Name of the saved view of labels that are likely to be wrong."""
        return f"{self.label} likely mistakes"


def checkable_fields(samples: Samples) -> list[str]:
    """Fields with one class per image, other than those of reviews; none in a patches view."""
    if is_patches(samples):
        return []
    reviews = review_fields(dataset_of(samples))
    return [one for one in classification_fields(samples) if one not in reviews]


def check_checkable(samples: Samples, label_field: str) -> None:
    """Check that a field of labels can be checked.

    Raises:
        InputError: It has no classes of whole images, or a field that would be written is not auto-label's.
    """
    check_samples(samples)
    if label_field not in checkable_fields(samples):
        known = ", ".join(checkable_fields(samples)) or "none yet"
        raise InputError(
            f"There is no field {label_field!r} with one class per image (there are: {known}): choose "
            "another."
        )
    dataset, names = dataset_of(samples), CheckFields(label_field)
    for name in (names.mistakenness, names.suggested):
        field = dataset.get_field(name)
        info = (field.info if field is not None else None) or {}
        if field is not None and (info.get("author"), info.get("role")) != (AUTHOR, CHECK):
            raise InputError(f"The check would overwrite the field {name!r}: rename or delete it.")


def read_labels(samples: Samples, label_field: str) -> dict[str, str]:
    """Sample id → class, of the samples with a label."""
    labelled = flat_samples(samples).exists(f"{label_field}.label")
    return dict(zip(*labelled.values(["id", f"{label_field}.label"]), strict=True))


def write_check(dataset: fo.Dataset, label_field: str, found: Mapping[str, tuple[float, str, bool]]) -> str:
    """Write what was found, and save a view of the labels that are likely to be wrong, worst first.

    Args:
        dataset: Dataset of the samples.
        label_field: Field of the labels.
        found: Sample id → mistakenness, suggested class, whether the label is likely to be wrong.

    Returns:
        Name of the saved view.
    """
    names = CheckFields(label_field)
    roles = {
        names.mistakenness: Role(fo.FloatField, f"How much speaks against {label_field!r}, 1 for all"),
        names.suggested: Role(fo.StringField, f"Class that the other images speak for, for {label_field!r}"),
    }
    with WriteLock(dataset) as lock:
        missing = {name: role for name, role in roles.items() if not lock.dataset.has_sample_field(name)}
        info = {"author": AUTHOR, "role": CHECK}
        declared = {
            name: {"ftype": role.kind, "description": role.description, "info": info}
            for name, role in missing.items()
        }
        add_fields(lock.dataset, declared)
        values = {
            one: {names.mistakenness: doubt, names.suggested: name} for one, (doubt, name, _) in found.items()
        }
        update_documents(lock.dataset, values)
        create_indexes(lock.dataset, [names.mistakenness])
    suspects = [one for one, (_, _, is_suspect) in found.items() if is_suspect]
    worst_first = sorted(suspects, key=lambda one: -found[one][0])
    save_named_view(dataset, names.view, flat_samples(dataset).select(worst_first, ordered=True))
    return names.view
