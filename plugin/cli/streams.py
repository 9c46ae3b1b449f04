"""The standard output of a command holds nothing but its data.

FiftyOne logs to the standard output, so a command sends whatever else is printed to the error stream.
"""

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import TextIO

_data: ContextVar[TextIO | None] = ContextVar("data", default=None)


def data_stream() -> TextIO:
    """The stream for the data of a command."""
    return _data.get() or sys.stdout


def with_data_alone(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command print nothing but its data to the standard output.

    Args:
        command: A command with the option `quiet`, which also silences warnings.
    """

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        with _data_alone(), _warnings(bool(options.get("quiet"))):
            command(*arguments, **options)

    return run


@contextmanager
def _data_alone() -> Iterator[None]:
    token = _data.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _data.reset(token)


@contextmanager
def _warnings(are_silent: bool) -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.WARNING if are_silent else before)
    try:
        yield
    finally:
        logging.disable(before)
