"""Calls to a database that may be slow, paused or gone: try again while it is there, and soon give up if not.

The limits hold for these calls alone; the client that they share with everything else keeps its own.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import TypeVar

import pymongo
from mongoengine.errors import OperationError
from pymongo.errors import ConnectionFailure, PyMongoError

from ..engine.errors import InputError
from .internals import database

Result = TypeVar("Result")

SECONDS_PER_CALL = 3.0
"""How long a call may take before the database is asked whether it is there; then four times that."""

SECONDS_UNTIL_GONE = 2.0
"""How long connections may be refused before the database counts as gone, instead of being started anew."""

LONGEST_PAUSE = 300.0
"""Seconds that a database may accept connections and answer nothing, as a stopped process does."""

DATABASE_GONE = (
    "The database does not answer any more: start it again, then run this once more; labels of which a part "
    "is written are completed by the next use of the dataset."
)

UNANSWERED = (PyMongoError, OperationError)
"""Errors of calls that were not answered, among others; MongoEngine wraps some in another class."""

logger = logging.getLogger("fiftyone_autolabel")


class DatabaseGoneError(InputError, ConnectionFailure):
    """Nothing accepts connections where the database was, or nothing has answered for long."""

    def __init__(self) -> None:
        """There is one sentence for it."""
        super().__init__(DATABASE_GONE)


def persistently(call: Callable[[], Result]) -> Result:
    """Make a call that may be made again, until it is answered.

    Raises:
        DatabaseGoneError: The database is gone.
    """
    limit = SECONDS_PER_CALL
    while True:
        try:
            with pymongo.timeout(limit):
                return call()
        except UNANSWERED as error:
            if not _is_silence(error):
                raise
        wait_for_answer()
        limit *= 4


def _is_silence(error: Exception) -> bool:
    """Whether an error, or the one that MongoEngine wraps in it, says that there was no answer in time."""
    found = error.__context__ if isinstance(error, OperationError) else error
    return isinstance(found, ConnectionFailure) or (isinstance(found, PyMongoError) and found.timeout)


def wait_for_answer() -> None:
    """Wait while the database is paused or started anew.

    Raises:
        DatabaseGoneError: It is gone.
    """
    since, is_told = time.monotonic(), False
    while not _answers():
        waited = time.monotonic() - since
        if waited > (LONGEST_PAUSE if _accepts_connections() else SECONDS_UNTIL_GONE):
            raise DatabaseGoneError
        if not is_told:
            logger.warning("The database does not answer: waiting for it.")
            is_told = True
        time.sleep(0.2)


def _answers() -> bool:
    try:
        with pymongo.timeout(1):
            database().client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _accepts_connections() -> bool:
    return any(map(_accepts, database().client.topology_description.server_descriptions()))


def _accepts(address: tuple[str, int | None]) -> bool:
    host, port = address
    try:
        socket.create_connection((host, port or 27017), timeout=1).close()
    except OSError:
        return False
    return True
