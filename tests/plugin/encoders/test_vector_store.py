"""What is put into the store comes back, and nothing that cannot be right ever does.

Damage, read-only folders and several processes are tested where they matter, in `test_cache`.
"""

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.vector_store import VectorStore


def numbered(n: int) -> dict[bytes, np.ndarray]:
    return {str(i).encode(): np.array([i, -i, 0.5], np.float32) for i in range(n)}


@pytest.fixture
def store(tmp_path) -> VectorStore:
    return VectorStore(tmp_path / "new folder" / "vectors.sqlite3", dimension=3)


def test_more_vectors_than_one_query_takes_come_back_exactly(store):
    vectors = numbered(1234)
    store.put(vectors)

    found = store.get(list(vectors))

    assert found.keys() == vectors.keys()
    assert all((found[key] == vectors[key]).all() for key in vectors)


def test_unknown_keys_are_left_out(store):
    store.put(numbered(2))

    assert store.get([b"1", b"7"]).keys() == {b"1"}


def test_a_key_put_again_has_its_last_vector(store):
    store.put({b"a": np.zeros(3, np.float32)})
    store.put({b"a": np.ones(3, np.float32)})

    np.testing.assert_array_equal(store.get([b"a"])[b"a"], 1)


def test_vectors_of_another_length_are_unknown(store):
    VectorStore(store.path, dimension=2).put({b"a": np.zeros(2, np.float32)})

    assert store.get([b"a"]) == {}


def test_any_thread_may_use_it(store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: store.put({bytes([i]): np.full(3, i, np.float32)}), range(20)))

    assert len(store.get([bytes([i]) for i in range(20)])) == 20


def test_stores_that_begin_a_file_at_the_same_time_wait_for_each_other(tmp_path, caplog):
    def begin(path):
        VectorStore(path, dimension=3).put(numbered(1))

    for i in range(40):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(begin, [tmp_path / f"{i}.sqlite3"] * 4))

    assert "locked" not in caplog.text


def test_a_file_that_is_locked_for_too_long_costs_one_warning(store, monkeypatch, caplog):
    monkeypatch.setattr("fiftyone_autolabel.plugin.encoders.vector_store.LOCK_TIMEOUT_SECONDS", 0.05)
    store.put(numbered(1))
    other = sqlite3.connect(store.path)
    other.execute("BEGIN EXCLUSIVE")

    store.put(numbered(3))
    store.put(numbered(3))
    other.close()

    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "locked" in warnings[0].message
