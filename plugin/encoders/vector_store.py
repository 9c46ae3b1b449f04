"""Vectors by key in one SQLite file.

A store never stops the work: where it cannot read or write it warns once and forgets.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np

logger = logging.getLogger("fiftyone_autolabel")

LOCK_TIMEOUT_SECONDS = 30
KEYS_PER_QUERY = 500  # SQLite before 3.32 allows 999 parameters

Result = TypeVar("Result")


class VectorStore:
    """A dictionary of float32 vectors on disk that several processes may share.

    Every call opens and closes its own connection, so that a store may be used from any thread.
    A damaged file is moved aside and begun anew; a folder that cannot be written to switches it off.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The SQLite file; it and its folder are created when first needed.
            dimension: Length of the vectors; rows of any other length in the file, or with numbers that are
                not finite, are ignored.
        """
        self.path = path
        self.dimension = dimension
        self._works = True

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Return the (d,) float32 vectors of the keys that are known."""

        def select(connection: sqlite3.Connection) -> dict[bytes, np.ndarray]:
            found = {}
            for start in range(0, len(keys), KEYS_PER_QUERY):
                some = keys[start : start + KEYS_PER_QUERY]
                places = ",".join("?" * len(some))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({places}) AND length(vector) = ?"
                found.update(connection.execute(query, [*some, self.dimension * 4]))
            vectors = {key: np.frombuffer(vector, "<f4") for key, vector in found.items()}
            return {key: vector for key, vector in vectors.items() if np.isfinite(vector).all()}

        return self._attempt(select, {})

    def put(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        """Keep (d,) float32 vectors, all of them or none, in one transaction."""

        def insert(connection: sqlite3.Connection) -> None:
            rows = [(key, np.asarray(vector, "<f4").tobytes()) for key, vector in vectors.items()]
            with connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

        self._attempt(insert, None)

    def _attempt(self, work: Callable[[sqlite3.Connection], Result], otherwise: Result) -> Result:
        if not self._works:
            return otherwise
        try:
            return self._run(work)
        except (sqlite3.OperationalError, OSError) as error:
            self._switch_off(error)
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)
        return otherwise

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=LOCK_TIMEOUT_SECONDS)) as connection:
            # Not a write-ahead log: SQLite does not wait for a lock while it enters or leaves that mode.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
            return work(connection)

    def _switch_off(self, error: Exception) -> None:
        self._works = False
        logger.warning("Vectors are not cached in this run, because %s cannot be used: %s", self.path, error)

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_suffix(".damaged")
        logger.warning(
            "The cache %s is damaged (%s); it is now %s and a new one begins", self.path, error, aside
        )
        try:
            self.path.replace(aside)
            # An unfinished transaction of the old file would be rolled back into the new one.
            self.path.with_name(self.path.name + "-journal").unlink(missing_ok=True)
        except OSError as failure:
            self._switch_off(failure)
