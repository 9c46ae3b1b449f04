"""Indexes of the fields that a run writes: the grid sorts by indexed fields only, and reviews are found fast.

They are a convenience, of which MongoDB allows 64 in a dataset, so no run depends on them.
"""

import logging
from collections.abc import Sequence
from functools import partial

import fiftyone as fo
from pymongo.errors import OperationFailure

from .patience import persistently

logger = logging.getLogger("fiftyone_autolabel")


def create_indexes(dataset: fo.Dataset, indexed: Sequence[str | tuple[str, ...]]) -> None:
    """Index fields, as far as the database allows; of the others a warning says what they are without.

    Args:
        dataset: Dataset with these fields in its schema.
        indexed: The fields, or several that are indexed together; the most useful ones first.
    """
    groups = [(one,) if isinstance(one, str) else one for one in indexed]
    for number, paths in enumerate(groups):
        try:
            persistently(partial(dataset.create_index, [(path, 1) for path in paths]))
        except OperationFailure as error:
            logger.warning(
                "The grid cannot sort by %s, and reviews are found more slowly, since the database allows no "
                "more indexes (%s): delete runs that are not needed, then label again.",
                ", ".join(" with ".join(paths) for paths in groups[number:]),
                (error.details or {}).get("errmsg") or error,
            )
            return
