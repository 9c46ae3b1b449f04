"""One writer at a time on a dataset, across threads, processes and machines.

A lease in the database: it runs out by itself if its holder dies.
"""

import logging
import threading
import time
from datetime import datetime, timedelta, timezone
from functools import cached_property, partial
from types import TracebackType

import fiftyone as fo
from bson import ObjectId
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from ..engine.errors import InputError
from .internals import database, dataset_documents, dataset_id, dataset_state, forget_results, own_dataset
from .patience import persistently, wait_for_answer

COLLECTION = "autolabel.locks"
LEASE = timedelta(seconds=60)
RENEWALS_PER_LEASE = 4
SECONDS_BETWEEN_TRIES = 0.2

logger = logging.getLogger("fiftyone_autolabel")


class WriteLock:
    """Waits until no other run writes to the dataset, then keeps others waiting, however long it takes.

    Where the dataset's fields or records are changed meanwhile, the object of it that was given is loaded
    anew at the end, and with it what samples are in memory: what nobody has saved of them is lost.
    """

    def __init__(self, dataset: fo.Dataset) -> None:
        """Name the dataset to be locked; nothing happens yet."""
        self._locks = database()[COLLECTION]
        self._shared, self._name = dataset, dataset.name
        self._owner = ObjectId()
        self._released = threading.Event()

    def __enter__(self) -> "WriteLock":
        """Wait for the lock and take it.

        Raises:
            DatabaseGoneError: The database is gone.
        """
        wait_for_answer()
        while not self._take():
            time.sleep(SECONDS_BETWEEN_TRIES)
        threading.Thread(target=self._keep, name=f"lock on {self._name}", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back; where the database is gone it runs out, and waiting for that helps nobody."""
        self._released.set()
        if isinstance(error, ConnectionFailure):
            return
        self._locks.delete_one({"_id": self._name, "owner": self._owner})
        if "dataset" in self.__dict__ and dataset_state(self.dataset) != self._remembered:
            self.refresh()

    @cached_property
    def dataset(self) -> fo.Dataset:
        """The dataset as it is when this is first asked for, to be changed through this object.

        FiftyOne has one object of it per process, and every event of the App loads that anew, in another
        thread and in the middle of a change. This one is made as FiftyOne makes them without its cache.

        Raises:
            InputError: The dataset was deleted.
        """
        found = dataset_documents().find_one({"_id": dataset_id(self._shared)}, {"name": True})
        if found is None:
            raise InputError(f"Dataset {self._name!r} was deleted meanwhile: nothing can be written to it.")
        dataset = own_dataset(found["name"])
        self._remembered = dataset_state(dataset)
        return dataset

    def refresh(self) -> None:
        """Let the object that everyone has know what was changed; all is written, so nothing fails here."""
        try:
            # FiftyOne keeps results in memory, which may be those of a run or evaluation that was replaced.
            forget_results(self._shared)
            self._shared.reload()
            self._remembered = dataset_state(self.dataset)
        except Exception as error:  # the dataset was deleted or renamed, or other threads use its samples
            logger.warning("Dataset %r could not be reloaded: %s", self._name, error)

    def renew(self) -> None:
        """Keep the lock for another `LEASE`, and make sure that it is still held.

        Raises:
            TimeoutError: This process stood still for longer than that, and somebody else has the lock now.
        """
        mine = {"_id": self._name, "owner": self._owner}
        found = persistently(lambda: self._locks.update_one(mine, {"$set": {"until": _now() + LEASE}}))
        if not found.matched_count:
            raise TimeoutError(f"The lease on dataset {self._name!r} ran out, and another run took it.")

    def _keep(self) -> None:
        """Renew the lease until the lock is given back; one that was lost is the holder's to find out."""
        while not self._released.wait(max(LEASE.total_seconds(), 0.0) / RENEWALS_PER_LEASE):
            try:
                self.renew()
            except TimeoutError:
                return
            except PyMongoError:  # the database may come back before the lease runs out
                continue

    def _take(self) -> bool:
        # Where somebody holds a lease that still runs, the upsert meets its key and fails.
        try:
            persistently(
                partial(
                    self._locks.update_one,
                    {"_id": self._name, "$or": [{"until": {"$lt": _now()}}, {"owner": self._owner}]},
                    {"$set": {"owner": self._owner, "until": _now() + LEASE}},
                    upsert=True,
                )
            )
        except DuplicateKeyError:
            return False
        return True


def _now() -> datetime:
    return datetime.now(timezone.utc)
