"""A share of the memory for images that are being decoded, on which all threads draw."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """A number of bytes that threads share: whoever needs more than is left waits for the others.

    Hold one share at a time, and wait for nothing else while holding it: then nobody waits for ever.
    """

    def __init__(self, total: int) -> None:
        """Set the budget.

        Args:
            total: Bytes. What needs more than that is let in alone.
        """
        self._total = self._left = total
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, needed: int) -> Iterator[None]:
        """Hold some of the budget until the block ends.

        Args:
            needed: Bytes.
        """
        share = min(needed, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= share)
            self._left -= share
        try:
            yield
        finally:
            with self._changed:
                self._left += share
                self._changed.notify_all()
