"""Samples as the database holds them: plain documents, read and changed in bulk.

Making FiftyOne's objects of a million labels and back takes longer than all else that a run does to them.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import Any

import fiftyone as fo
from bson import ObjectId
from pymongo import UpdateOne

from .internals import sample_documents, write_documents
from .patience import persistently

Document = dict[str, Any]
"""Names → values that MongoDB knows."""

IDS_PER_QUERY = 100_000
"""As many as surely fit into a query, which MongoDB limits to 16 MB."""

VECTORS_PER_QUERY = 10_000
"""As many as are surely read within the time that a call is given."""


def in_parts(ids: Collection[str], most: int | None = None) -> Iterator[list[str]]:
    """Ids in parts of at most so many, by default of as many as fit into a query."""
    listed, size = list(ids), most or IDS_PER_QUERY
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def read_documents(dataset: fo.Dataset, ids: Iterable[str], fields: Sequence[str]) -> dict[str, Document]:
    """Read some fields of samples.

    Args:
        dataset: Dataset of the samples.
        ids: Sample ids.
        fields: Names of fields, or paths in them.

    Returns:
        Sample id → document with those of the fields that it has; samples that are gone are left out.
    """
    found: dict[str, Document] = {}
    for some in in_parts(list(ids)):
        query = {"_id": {"$in": [ObjectId(one) for one in some]}}
        found |= persistently(partial(_found, dataset, query, fields))
    return found


def update_documents(dataset: fo.Dataset, changes: dict[str, Document]) -> None:
    """Change fields of samples, all those of one sample at one stroke.

    Args:
        dataset: Dataset of the samples, with these fields in its schema.
        changes: Sample id → field → new value; samples that are gone are passed over.
    """
    now = {"last_modified_at": datetime.now(timezone.utc)}
    updates = [UpdateOne({"_id": ObjectId(one)}, {"$set": change | now}) for one, change in changes.items()]
    if updates:
        persistently(partial(write_documents, dataset, updates, list(changes)))


def _found(dataset: fo.Dataset, query: Document, fields: Sequence[str]) -> dict[str, Document]:
    return {str(one["_id"]): one for one in sample_documents(dataset).find(query, fields)}
