"""Embeddings and clusters are kept in fields that runs can start from."""

import signal
import subprocess
import sys
import threading

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, delete_run, list_runs, load_encoder
from fiftyone_autolabel.plugin.dataset import columns, running
from fiftyone_autolabel.plugin.dataset.columns import Column, stage_column
from fiftyone_autolabel.plugin.dataset.record import (
    RunState,
    cancel_run,
    find_run,
    list_all_runs,
    update_record,
)
from fiftyone_autolabel.plugin.dataset.running import complete_interrupted, load_outcome
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from fiftyone_autolabel.plugin.engine.errors import RunCancelledError
from fiftyone_autolabel.plugin.run.preparation import compute_clusters, compute_embeddings

X = np.eye(4)[[0, 0, 1, 1, 0, 1]] + np.random.default_rng(0).normal(scale=0.01, size=(6, 4))

DIES = """
import os, signal, sys
from datetime import timedelta
import fiftyone as fo, numpy as np
from fiftyone_autolabel.plugin.dataset import columns, lock
from fiftyone_autolabel.plugin.run.preparation import compute_clusters

lock.LEASE = timedelta(seconds=1)
columns.VECTORS_PER_QUERY = 2

def die(stage, done, total):
    if (stage, done) == ("fill", 4):
        os.kill(os.getpid(), signal.SIGKILL)

compute_clusters(fo.load_dataset(sys.argv[1]), embeddings=np.eye(6), progress=die)
"""
"""Clustering in a process that is killed when four of six values are written."""


@pytest.fixture
def dataset():
    """Six samples, with no image files: the vectors are given."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(6)])
    yield dataset
    dataset.delete()


def test_a_run_from_the_embeddings_labels_as_one_that_embeds(demo_dataset):
    computed = compute_embeddings(demo_dataset, encoder="offline")
    assert (computed.n_written, computed.failures) == (len(demo_dataset), {})
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    expected = demo_dataset.values("auto_label.label")
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", embeddings="embeddings")
    assert demo_dataset.values("auto_label.label") == expected


def test_the_field_says_which_encoder_its_vectors_are_from(demo_dataset):
    compute_embeddings(demo_dataset, "vectors", encoder="offline")
    info = demo_dataset.get_field("vectors").info
    assert (info["encoder"], info["encoder_version"]) == ("offline", load_encoder("offline").version)


def test_an_unreadable_image_has_no_vector_and_no_cluster(demo_dataset):
    broken = demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    assert list(compute_embeddings(demo_dataset, encoder="offline").failures) == [broken]
    assert list(compute_clusters(demo_dataset, encoder="offline").failures) == [broken]
    assert demo_dataset[broken].embeddings is None
    assert demo_dataset[broken].cluster is None


def test_nothing_is_written_when_no_image_can_be_read():
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    for compute in (compute_embeddings, compute_clusters):
        with pytest.raises(InputError, match="None of the 1 images can be used"):
            compute(dataset, encoder="offline")
    assert not {"embeddings", "cluster"} & set(dataset.get_field_schema())
    dataset.delete()


def test_clusters_group_what_looks_alike_and_a_run_can_start_from_them(demo_dataset):
    rng = np.random.default_rng(0)
    groups = np.arange(len(demo_dataset)) % 4
    vectors = np.eye(8)[groups] + rng.normal(scale=0.02, size=(len(groups), 8))
    computed = compute_clusters(demo_dataset, "group", embeddings=vectors)
    clusters = np.array(demo_dataset.values("group"))
    assert computed.n_clusters == clusters.max() + 1 >= 4
    assert computed.n_unclustered == (clusters < 0).sum()
    assert all(len(set(groups[clusters == number])) == 1 for number in range(computed.n_clusters))
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", clusters="group")
    assert len(labelling.refinement.clusters["micro"]) == computed.n_clusters


def test_progress_goes_through_the_stages(demo_dataset):
    seen = []
    compute_clusters(
        demo_dataset, encoder="offline", progress=lambda stage, done, total: seen.append((stage, done))
    )
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["load", "embed", "cluster", "fill"]
    assert seen[-1] == ("fill", len(demo_dataset))


def test_a_field_can_be_computed_again_and_on_a_view(demo_dataset):
    compute_embeddings(demo_dataset.limit(3), encoder="offline")
    assert demo_dataset.count("embeddings") == 3
    compute_embeddings(demo_dataset, encoder="offline")
    assert demo_dataset.count("embeddings") == len(demo_dataset)


@pytest.mark.parametrize("compute", [compute_embeddings, compute_clusters])
@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("ground_truth", "'ground_truth' exists and does not hold"),
        ("two words", "cannot be a field name"),
        ("", "cannot be a field name"),
        (None, "cannot be a field name"),
    ],
)
def test_a_field_that_is_not_ours_is_refused_before_any_work(demo_dataset, compute, field, sentence):
    with pytest.raises(InputError, match=sentence):
        compute(demo_dataset, field, encoder="no encoder")


def test_clusters_of_a_view_are_not_mixed_with_those_of_other_samples(demo_dataset):
    compute_clusters(demo_dataset, encoder="offline")
    before = demo_dataset.values("cluster")
    with pytest.raises(InputError, match="'cluster' holds clusters of samples outside this view"):
        compute_clusters(demo_dataset.limit(5), encoder="offline")
    assert demo_dataset.values("cluster") == before


def test_vectors_of_two_encoders_are_not_mixed_in_a_field(demo_dataset):
    compute_embeddings(demo_dataset, encoder="offline")
    field = demo_dataset.get_field("embeddings")
    field.info |= {"encoder_version": "of another encoder"}
    field.save()
    with pytest.raises(InputError, match="'embeddings' holds embeddings of samples outside this view"):
        compute_embeddings(demo_dataset.limit(5), encoder="offline")
    compute_embeddings(demo_dataset, encoder="offline")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"encoder": 5}, "Give the name of an encoder or an encoder object, not 5"),
        ({"embeddings": [[1, 2], [3]]}, "differ in length"),
    ],
)
def test_what_cannot_embed_is_refused_before_any_work(demo_dataset, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        compute_clusters(demo_dataset, **arguments)
    assert not demo_dataset.has_sample_field("cluster")


def test_embeddings_and_clusters_do_not_take_each_others_field(demo_dataset):
    compute_embeddings(demo_dataset, "mine", encoder="offline")
    with pytest.raises(InputError, match="'mine' exists and does not hold clusters"):
        compute_clusters(demo_dataset, "mine", encoder="offline")


def test_a_computation_leaves_a_record(dataset):
    computed = compute_clusters(dataset, embeddings=X)
    record = find_run(dataset, computed.run_key)
    assert (record.key, record.state, record.fields) == (
        "cluster_1",
        RunState.COMPLETED,
        Column("cluster", "clusters"),
    )
    assert record.settings["clustering"] in ("hdbscan", "kmeans")
    assert (record.encoder, record.n_images, record.duration is not None) == ("precomputed", 6, True)


def test_a_computation_is_listed_apart_from_the_runs_that_label(dataset):
    key = compute_clusters(dataset, embeddings=X).run_key
    auto_label(dataset, ["a", "b"], embeddings=X, text_embeddings=np.eye(4)[:2])
    assert [run.key for run in list_runs(dataset)] == ["auto_label_1"]
    assert [run.key for run in list_all_runs(dataset)] == ["cluster_1", "auto_label_1"]
    with pytest.raises(InputError, match="'cluster_1' is completed and has no labels"):
        load_outcome(dataset, key)


def test_the_record_says_why_a_computation_failed(dataset):
    with pytest.raises(InputError, match="None of the 6 images"):
        compute_clusters(dataset, embeddings=np.full((6, 4), np.nan))
    (record,) = list_all_runs(dataset)
    assert (record.state, record.error[:22]) == (RunState.FAILED, "None of the 6 images c")
    assert not dataset.has_sample_field("cluster")


@pytest.mark.parametrize("done", [0, 2])
def test_ctrl_c_leaves_the_field_as_it_was(dataset, monkeypatch, done):
    monkeypatch.setattr(columns, "VECTORS_PER_QUERY", 2)
    compute_clusters(dataset, embeddings=X)
    before, schema = dataset.values("cluster"), dataset.get_field_schema()

    def stop(*at) -> None:
        if at == ("fill", done, 6):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_clusters(dataset, embeddings=np.eye(6), progress=stop)
    assert (dataset.values("cluster"), dataset.get_field_schema().keys()) == (before, schema.keys())
    assert [run.state for run in list_all_runs(dataset)] == [RunState.COMPLETED, RunState.CANCELLED]


def test_a_computation_is_cancelled_from_elsewhere(dataset, monkeypatch):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_BEATS", 0.02)

    def cancel_once(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("cluster", 0):
            cancel_run(dataset, "cluster_1")
            threading.Event().wait(0.5)

    with pytest.raises(RunCancelledError):
        compute_clusters(dataset, embeddings=X, progress=cancel_once)
    assert not dataset.has_sample_field("cluster")
    assert [run.state for run in list_all_runs(dataset)] == [RunState.CANCELLED]


def test_a_computation_that_is_killed_while_it_writes_leaves_the_field_as_it_was(dataset, monkeypatch):
    compute_clusters(dataset, embeddings=X)
    before, schema = dataset.values("cluster"), dataset.get_field_schema()
    dataset.persistent = True
    done = subprocess.run([sys.executable, "-c", DIES, dataset.name], timeout=120)
    assert done.returncode == -signal.SIGKILL
    dataset.reload()
    assert dataset.has_sample_field("cluster_unfinished"), "it was not killed halfway"
    assert dataset.values("cluster") == before
    compute_clusters(dataset, embeddings=X)
    assert (dataset.values("cluster"), dataset.get_field_schema().keys()) == (before, schema.keys())


def test_a_computation_that_died_when_all_values_were_there_is_completed_by_the_next_use(dataset):
    key = compute_clusters(dataset, embeddings=X).run_key
    new = dict.fromkeys(dataset.values("id"), 7)
    stage_column(dataset, Column("cluster", "clusters"), {"encoder": "another"}, new, lambda *_: None)
    update_record(
        dataset, key, {"state": "running", "is_writing": True, "heartbeat": "2020-01-01T00:00+00:00"}
    )
    complete_interrupted(dataset)
    assert dataset.values("cluster") == [7] * 6
    assert dataset.get_field("cluster").info["encoder"] == "another"
    assert not dataset.has_sample_field("cluster_unfinished")
    assert find_run(dataset, key).state == RunState.COMPLETED


def test_a_sample_in_memory_sees_its_value(dataset):
    sample = dataset.first()
    compute_clusters(dataset, embeddings=X)
    assert sample.cluster == dataset.values("cluster")[0]


def test_a_computation_is_deleted_with_its_field(dataset):
    assert delete_run(dataset, compute_clusters(dataset, embeddings=X).run_key).fields == ("cluster",)
    assert not dataset.has_sample_field("cluster")


def test_a_field_that_was_computed_twice_goes_with_the_last_record(dataset):
    first, second = (compute_clusters(dataset, embeddings=X).run_key for _ in range(2))
    assert delete_run(dataset, first).fields == ()
    assert delete_run(dataset, second).fields == ("cluster",)
