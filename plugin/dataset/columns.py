"""One value per sample in a field that auto-label writes: embeddings or clusters that runs can start from.

Values are staged in a field beside it until all are there, and then adopted at one stroke.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import fiftyone as fo

from ..engine.errors import InputError
from .documents import VECTORS_PER_QUERY, in_parts
from .fields import AUTHOR
from .internals import dataset_documents, dataset_id, sample_documents
from .patience import persistently

UNFINISHED = "unfinished"
"""Role, in the `info` of their fields, of values that are staged."""

KINDS = {"embeddings": fo.VectorField, "clusters": fo.IntField}
"""Role of a column → FiftyOne's type of its values."""


@dataclass(frozen=True)
class Column:
    """A field with one value per sample.

    Attributes:
        name: Name of the field.
        role: What it is for, one of `KINDS`.
    """

    name: str
    role: str

    @property
    def kind(self) -> type[fo.Field]:
        """FiftyOne's type of its values."""
        return KINDS[self.role]

    @property
    def staged(self) -> str:
        """Name of the field where the values wait until all are there."""
        return f"{self.name}_{UNFINISHED}"

    def by_role(self) -> dict[str, str]:
        """Role → name, as `FieldNames` has it."""
        return {self.role: self.name}


def check_column(dataset: fo.Dataset, column: Column) -> None:
    """Check that a field may be written.

    Raises:
        InputError: The name is unusable, or a field of that name holds something else.
    """
    name = column.name
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise InputError(
            f"{name!r} cannot be a field name: use letters, digits and underscores, a letter first."
        )
    for path, role in ((name, column.role), (column.staged, UNFINISHED)):
        field = dataset.get_field(path)
        info = (field.info if field is not None else None) or {}
        is_ours = (info.get("author"), info.get("role")) == (AUTHOR, role) and isinstance(field, column.kind)
        if field is not None and not is_ours:
            raise InputError(
                f"Field {path!r} exists and does not hold {column.role} by auto-label: choose another name."
            )


def stage_column(
    dataset: fo.Dataset,
    column: Column,
    info: dict[str, str],
    values: dict[str, object],
    progress: Callable[[int, int], None],
) -> None:
    """Write values beside a field that may have others, which stay until `adopt_column`.

    Args:
        dataset: Dataset of the samples, locked.
        column: The field.
        info: What the values are from.
        values: Sample id → value, None to remove one.
        progress: Called with (values written, values in all).
    """
    what = {"author": AUTHOR, "role": UNFINISHED, "of": info}
    dataset.add_sample_field(column.staged, column.kind, info=what)
    done = 0
    for some in in_parts(values, VECTORS_PER_QUERY):
        chunk = {one: values[one] for one in some}
        persistently(partial(dataset.set_values, column.staged, chunk, key_field="id"))
        done += len(chunk)
        progress(done, len(values))


def adopt_column(dataset: fo.Dataset, column: Column, progress: Callable[[int, int], None]) -> None:
    """Put the staged values in their place; doing it again, or going on with it, changes nothing.

    Args:
        dataset: Dataset of the samples, locked.
        column: A field whose values are all staged.
        progress: Called with (values written, values in all).
    """
    staged = dataset.get_field(column.staged)
    if staged is None:
        return
    if not dataset.has_sample_field(column.name):
        dataset.add_sample_field(column.name, column.kind)
    moved = persistently(
        partial(
            sample_documents(dataset).update_many,
            {column.staged: {"$exists": True}},
            [
                {"$set": {column.name: f"${column.staged}", "last_modified_at": "$$NOW"}},
                {"$unset": column.staged},
            ],
        )
    )
    progress(moved.matched_count, moved.matched_count)
    field = dataset.get_field(column.name)
    field.info = {"author": AUTHOR, "role": column.role, **staged.info["of"]}
    field.save()
    dataset.delete_sample_field(column.staged)


def staged_fields(dataset: fo.Dataset) -> list[str]:
    """Names of the fields with staged values, as the database has them now."""
    found = dataset_documents().find_one({"_id": dataset_id(dataset)}, {"sample_fields": 1})
    fields = found["sample_fields"] if found else []
    return [one["name"] for one in fields if (one.get("info") or {}).get("role") == UNFINISHED]


def discard_staged(dataset: fo.Dataset) -> None:
    """Delete staged values of runs that have ended."""
    names = staged_fields(dataset)
    if names:
        dataset.delete_sample_fields(names)
