"""One writer at a time, and a dead writer does not block the next for ever."""

import threading
import time
from datetime import timedelta

import pytest
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


def test_a_lease_of_a_writer_that_died_blocks_nobody(dataset, monkeypatch):
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))
    assert WriteLock(dataset)._take()
    with WriteLock(dataset):
        pass


def test_a_lock_is_held_for_longer_than_its_lease(dataset, monkeypatch):
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=0.4))
    with WriteLock(dataset):
        time.sleep(1)
        assert not WriteLock(dataset)._take()
    assert WriteLock(dataset)._take()


def test_a_writer_that_stood_still_finds_out_that_another_has_the_lock(dataset, monkeypatch):
    stood_still, other = WriteLock(dataset), WriteLock(dataset)
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))
    assert stood_still._take()
    assert other._take()
    with pytest.raises(TimeoutError, match="another run took it"):
        stood_still.renew()


def test_other_datasets_are_free(dataset):
    clone = dataset.clone()
    with WriteLock(dataset), WriteLock(clone):
        pass
    clone.delete()
