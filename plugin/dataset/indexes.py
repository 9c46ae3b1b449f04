"""Indexes of the fields that a run writes: the grid sorts and filters by indexed fields only.

They are a convenience, of which MongoDB allows 64 in a dataset, so no run depends on them.
"""

import logging
from collections.abc import Sequence
from functools import partial

import fiftyone as fo
from pymongo.errors import OperationFailure

from .patience import persistently

logger = logging.getLogger("fiftyone_autolabel")


def create_indexes(dataset: fo.Dataset, paths: Sequence[str]) -> None:
    """Index fields, as far as the database allows; of the others a warning says what they are without.

    Args:
        dataset: Dataset with these fields in its schema.
        paths: The fields, the most useful ones first.
    """
    for number, path in enumerate(paths):
        try:
            persistently(partial(dataset.create_index, path))
        except OperationFailure as error:
            logger.warning(
                "The grid cannot sort by %s, since the database allows no more indexes (%s): "
                "delete runs that are not needed, then label again.",
                ", ".join(paths[number:]),
                (error.details or {}).get("errmsg") or error,
            )
            return
