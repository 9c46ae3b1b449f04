"""One writer at a time, undisturbed by other threads, and a dead one does not block the next for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.core.collections import SampleCollection
from fiftyone_autolabel import (
    InputError,
    approve,
    auto_label,
    compute_clusters,
    correct,
    delete_run,
    evaluate,
    list_runs,
    review_next,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset import lock, writing
from fiftyone_autolabel.plugin.dataset.lock import WriteLock

IMAGES = 30
VECTORS = np.random.default_rng(0).normal(size=(IMAGES, 4))
LABELLED = [f"/{number}.jpg" for number in range(IMAGES)]

CHANGES = {
    "add_sample_field",
    "delete_sample_field",
    "delete_sample_fields",
    "delete_evaluation",
    "_delete_sample_fields",
    "_clear_sample_fields",
    "_save",
    "register_run",
    "save_run_results",
    "delete_run",
    "save_view",
    "delete_saved_view",
    "create_index",
    "set_values",
    "_bulk_write",
}
"""Methods that change a dataset."""


def label(samples) -> None:
    vectors = VECTORS[: len(samples)]
    auto_label(samples, ["red", "green"], embeddings=vectors, text_embeddings=np.eye(4)[:2], run_key="mine")


def cluster(samples) -> None:
    compute_clusters(samples, embeddings=VECTORS[: len(samples)], field="groups")


def note_changes(monkeypatch) -> list[tuple[str, fo.Dataset]]:
    """Fill a list with every change of a dataset: which, and through which object of it."""
    changed = []

    def noting(name: str, change: Callable) -> Callable:
        def noted(samples, *arguments, **options):
            changed.append((name, samples._root_dataset))
            return change(samples, *arguments, **options)

        return noted

    for owner in (SampleCollection, fo.Dataset, fo.DatasetView):
        for name in vars(owner).keys() & CHANGES:
            monkeypatch.setattr(owner, name, noting(name, vars(owner)[name]))
    return changed


def review(samples) -> None:
    review_next(samples, label_field="auto_label_first")


@contextmanager
def reloaded(dataset) -> Iterator[None]:
    """Another thread loads the dataset anew all the time, as the events of the App do now and then."""
    ended = threading.Event()

    def reload() -> None:
        while not ended.wait(0.02):
            fo.load_dataset(dataset.name, reload=True)

    thread = threading.Thread(target=reload)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


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


def test_its_holder_has_an_object_of_the_dataset_as_it_is_that_no_other_thread_reloads(dataset):
    waiting = WriteLock(dataset)
    dataset.add_sample_field("before", fo.IntField)
    with waiting:
        assert waiting.dataset is not dataset
        assert waiting.dataset is not fo.load_dataset(dataset.name)
        assert waiting.dataset.has_sample_field("before")


def test_what_its_holder_changed_is_known_to_everyone_afterwards(dataset):
    with WriteLock(dataset) as held:
        held.dataset.add_sample_field("new", fo.IntField)
    assert dataset.has_sample_field("new")


def test_what_nobody_has_saved_of_samples_stays_where_the_dataset_is_not_changed(dataset):
    cluster(dataset)
    label(dataset)
    sample = dataset.first()
    sample["groups"] = 77
    approve(dataset.skip(1).limit(1), "auto_label_mine")
    assert sample["groups"] == 77


def test_a_dataset_that_is_deleted_by_its_holder_is_let_go(caplog):
    dataset = fo.Dataset()
    with WriteLock(dataset) as held:
        held.dataset.add_sample_field("new", fo.IntField)
        fo.delete_dataset(dataset.name)
    assert dataset.deleted
    assert "could not be reloaded" in caplog.text


def test_a_dataset_that_was_deleted_is_not_written_to():
    dataset = fo.Dataset()
    writer = WriteLock(dataset)
    dataset.delete()
    with pytest.raises(InputError, match="was deleted meanwhile"):
        writer.dataset.reload()


def test_a_run_ends_well_where_its_dataset_is_renamed_while_it_writes(dataset_of, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_LABELS", 10)
    dataset = dataset_of(LABELLED)

    def rename(stage: str, done: int, total: int) -> None:
        if stage == "write" and done == 10:
            dataset.name = "renamed"

    auto_label(dataset, ["red", "green"], embeddings=VECTORS, text_embeddings=np.eye(4)[:2], progress=rename)
    assert dataset.name == "renamed"
    assert dataset.count("auto_label") == IMAGES
    assert [run.state for run in list_runs(dataset)] == ["completed"]


@pytest.mark.parametrize(
    "act",
    [
        label,
        lambda dataset: label(dataset.limit(20)),
        cluster,
        lambda dataset: approve(dataset.limit(3), "auto_label_first"),
        lambda dataset: correct(dataset.limit(3), "blue", "auto_label_first"),
        lambda dataset: withdraw(dataset, "auto_label_first"),
        lambda dataset: evaluate(dataset, "truth", "auto_label_first"),
        lambda dataset: delete_run(dataset, "first"),
        review,
    ],
    ids=[
        "label",
        "label a view",
        "cluster",
        "approve",
        "correct",
        "withdraw",
        "evaluate",
        "delete",
        "review",
    ],
)
def test_nothing_changes_a_dataset_through_the_object_that_all_threads_share(dataset_of, monkeypatch, act):
    dataset = dataset_of(LABELLED)
    dataset.set_values("truth", [fo.Classification(label="red")] * IMAGES)
    given = {"embeddings": VECTORS, "text_embeddings": np.eye(4)[:2]}
    auto_label(dataset, ["red", "green"], run_key="first", **given)
    correct(dataset.limit(1), "green", "auto_label_first")
    if act is review:
        dataset.delete_sample_field("auto_label_first_corrected")
    changed = note_changes(monkeypatch)
    act(dataset)
    assert changed
    assert [name for name, changed_one in changed if changed_one is dataset] == []


def test_runs_answers_and_deletions_end_well_while_another_thread_reloads_the_dataset(dataset_of):
    dataset = dataset_of(LABELLED)
    with reloaded(dataset):
        for _ in range(2):
            label(dataset)
            cluster(dataset)
            approve(dataset.limit(3), "auto_label_mine")
            correct(dataset.skip(3).limit(2), "blue", "auto_label_mine")
            withdraw(dataset.limit(1), "auto_label_mine")
            assert dataset.count("auto_label_mine") == dataset.count("groups") == IMAGES
            assert dataset.count("auto_label_mine_corrected") == 4
            delete_run(dataset, "groups_1")
            delete_run(dataset, "mine")
    dataset.reload()
    assert dataset.list_runs() == dataset.list_saved_views() == []
    assert [name for name in dataset.get_field_schema() if "auto_label" in name or name == "groups"] == [
        "auto_label_mine_corrected"
    ]
