"""One writer at a time, and a dead writer does not block the next for ever."""

import threading
from datetime import timedelta

from fiftyone_autolabel.plugin.dataset import lock
from fiftyone_autolabel.plugin.dataset.lock import WriteLock


def test_a_second_writer_waits_for_the_first(dataset):
    order = []

    def write_later() -> None:
        with WriteLock(dataset):
            order.append("second")

    with WriteLock(dataset):
        other = threading.Thread(target=write_later)
        other.start()
        other.join(timeout=1)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]


def test_a_lease_that_ran_out_blocks_nobody(dataset, monkeypatch):
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))
    WriteLock(dataset).__enter__()
    with WriteLock(dataset):
        pass


def test_a_renewed_lease_still_holds(dataset, monkeypatch):
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))
    with WriteLock(dataset) as held:
        monkeypatch.setattr(lock, "LEASE", timedelta(seconds=60))
        held.renew()
        assert not WriteLock(dataset)._take()


def test_other_datasets_are_free(dataset):
    clone = dataset.clone()
    with WriteLock(dataset), WriteLock(clone):
        pass
    clone.delete()
