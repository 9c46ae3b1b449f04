"""Values that are kept between events in a table of bounded size.

Figures and sessions lie in such tables; those used last stay.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, of which the ones used last are kept."""

    def __init__(self, most: int) -> None:
        """Begin with nothing; `most` values are kept."""
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._most, self._lock = most, Lock()

    def __len__(self) -> int:
        """Number of values that are kept."""
        return len(self._values)

    def clear(self) -> None:
        """Forget all values."""
        self._values.clear()

    def get_or_make(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if there is none, and used last from now on.

        Threads that ask at the same time get the same value.
        """
        value = self._values.get(key)
        if value is None:
            value = make()
        with self._lock:
            value = self._values.setdefault(key, value)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
