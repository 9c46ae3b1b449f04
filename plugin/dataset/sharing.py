"""Work on a dataset whose object other threads reload.

A process has one object per dataset, and every event of the App loads it anew.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import fiftyone as fo

from ..engine.errors import InputError

Result = TypeVar("Result")

SECONDS_BETWEEN_TRIES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""A reload takes some milliseconds."""


def despite_reloads(dataset: fo.Dataset, act: Callable[[], Result]) -> Result:
    """Do something again where the dataset was reloaded under it.

    What was just added to the object of a dataset may be missing for a moment then, or belong to an object
    that is gone.

    Args:
        dataset: The dataset.
        act: What to do; to do it twice is the same as once.

    Raises:
        Exception: What `act` raises in the end.
    """
    for seconds in SECONDS_BETWEEN_TRIES:
        try:
            return act()
        except InputError:
            raise
        except (ValueError, AttributeError, ReferenceError):
            time.sleep(seconds)
            dataset.reload()
    return act()
