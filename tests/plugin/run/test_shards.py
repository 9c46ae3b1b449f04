"""Shards on a Ray cluster of two workers: the labels of one machine, whatever dies or is stopped."""

import json
import os
import shutil
import signal
from pathlib import Path

import fiftyone as fo
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fiftyone_autolabel import InputError, auto_label, label_files, refine
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.bench import make_features
from fiftyone_autolabel.plugin.run import shard_files
from fiftyone_autolabel.plugin.run.shards import label_shards
from typer.testing import CliRunner

CLASSES = [f"class {number}" for number in range(10)]
N, N_SHARDS = 3_000, 6
SAMPLE = N // 2


@pytest.fixture(scope="module")
def vectors(tmp_path_factory) -> Path:
    """A folder of vectors in six files, one of them Parquet, beside vectors of the classes."""
    folder = tmp_path_factory.mktemp("vectors")
    X, T = make_features(N, 32, len(CLASSES))
    (folder / "shards").mkdir()
    for number, part in enumerate(np.split(X, N_SHARDS)[:-1]):
        np.save(folder / "shards" / f"part-{number}.npy", part)
    rows = pa.table({"path": [f"{row}.jpg" for row in range(N // N_SHARDS)], "embedding": list(part_of(X))})
    pq.write_table(rows, folder / "shards" / f"part-{N_SHARDS - 1}.parquet")
    np.save(folder / "T.npy", T)
    np.save(folder / "X.npy", X)
    return folder


def part_of(X):
    return np.split(X, N_SHARDS)[-1]


def label(vectors, output, sample=SAMPLE, **more):
    given = {"text_embeddings": vectors / "T.npy", "progress": False} | more
    return label_shards(vectors / "shards", CLASSES, output, sample=sample, **given)


def rows_of(output) -> dict[str, list]:
    """All columns of all files, in order."""
    return pa.concat_tables(
        [pq.read_table(file) for file in sorted((output / "labels").iterdir())]
    ).to_pydict()


@pytest.fixture(scope="module")
def undisturbed(ray_of_two, vectors, tmp_path_factory):
    """A run from a sample of half of the images, and its rows."""
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    return label(vectors, output), rows_of(output)


@pytest.fixture(scope="module")
def one_machine(vectors):
    """Labels of one run on all images."""
    found = refine(np.load(vectors / "X.npy"), np.load(vectors / "T.npy"))
    return [CLASSES[number] for number in found.labels], found.confidence


def test_labels_are_those_of_one_machine_where_the_sample_holds_all_images(
    ray_of_two, vectors, one_machine, tmp_path
):
    run, labels = label(vectors, tmp_path / "out", sample=N), rows_of(tmp_path / "out")
    assert labels["label"] == one_machine[0]
    np.testing.assert_allclose(labels["confidence"], one_machine[1], rtol=1e-6)
    assert run.rounds == 0


def test_labels_from_a_sample_are_nearly_those_of_one_machine(undisturbed, one_machine):
    run, labels = undisturbed
    assert np.mean(np.array(labels["label"]) != one_machine[0]) <= 0.01
    assert run.rounds > 0
    assert sum(run.counts.values()) == N
    assert run.expected_accuracy == pytest.approx(np.mean(one_machine[1]), abs=0.02)


def test_paths_are_those_of_the_parquet_file_and_rows_are_numbered_without_any(undisturbed):
    paths = undisturbed[1]["path"]
    assert paths[:2] == ["row 0", "row 1"]
    assert paths[-1] == f"{N // N_SHARDS - 1}.jpg"


def test_a_killed_worker_costs_time_alone(undisturbed, vectors, tmp_path):
    killed = []

    def kill_one(stage, done, total):
        if stage == "refine" and done == 1 and not killed:
            workers = [each for each in psutil.Process().children(recursive=True) if "ray::" in each.name()]
            workers.sort(key=lambda each: "_count" in each.name())  # one that is at work is killed
            killed.append(workers[-1])
            os.kill(killed[0].pid, signal.SIGKILL)

    label(vectors, tmp_path / "out", progress=kill_one)
    assert killed
    assert rows_of(tmp_path / "out") == undisturbed[1]


FIRST = "part-0.npy-0000000000"


@pytest.mark.parametrize(
    ("stage", "kept"), [("refine", f"work/{FIRST}.0.npz"), ("write", f"labels/{FIRST}.parquet")]
)
def test_a_run_that_was_stopped_goes_on_from_finished_shards(stage, kept, undisturbed, vectors, tmp_path):
    output, seen = tmp_path / "out", []

    def stop(now, done, total):
        if now == stage and (output / kept).exists() and done:
            raise KeyboardInterrupt

    def watch(now, done, total):
        seen.append((output / kept).stat().st_ino) if (output / kept).exists() else None

    with pytest.raises(KeyboardInterrupt):
        label(vectors, output, progress=stop)
    before = (output / kept).stat().st_ino
    label(vectors, output, progress=watch)
    assert set(seen) == {before}
    assert rows_of(output) == undisturbed[1]


def test_vectors_that_cannot_be_used_are_told_and_cost_no_other_label(undisturbed, vectors, tmp_path):
    shutil.copytree(vectors / "shards", tmp_path / "shards")
    damaged = np.load(tmp_path / "shards" / "part-0.npy")
    damaged[3] = np.nan
    np.save(tmp_path / "shards" / "part-0.npy", damaged)
    np.save(tmp_path / "shards" / "part-1.npy", np.zeros_like(damaged))
    np.save(tmp_path / "T.npy", np.load(vectors / "T.npy"))
    run, labels = label(tmp_path, tmp_path / "out"), rows_of(tmp_path / "out")
    assert run.n_failed == 1 + len(damaged)
    assert labels["label"][3] is None
    assert "row 3" in labels["error"][3]
    assert labels["error"][2] is None
    expected = np.array(undisturbed[1]["label"])
    assert np.mean(np.array(labels["label"])[2 * len(damaged) :] != expected[2 * len(damaged) :]) < 0.01


def test_images_are_embedded_in_shards_and_labelled_as_on_one_machine(
    ray_of_two, scene_files, tmp_path, monkeypatch
):
    monkeypatch.setattr(shard_files, "ROWS_PER_SHARD", 5)
    (tmp_path / "images").mkdir()
    for scene in scene_files:
        shutil.copy(scene.path, tmp_path / "images")
    (tmp_path / "images" / "damaged.jpg").write_text("no image")
    given = {"classes": ["cat", "rocket"], "encoder": "offline", "progress": False}
    label_shards(tmp_path / "images", output=tmp_path / "out", **given)
    found, expected = rows_of(tmp_path / "out"), label_files(tmp_path / "images", **given)
    assert [each for each in found["label"] if each] == [
        expected.classes[number] for number in expected.refinement.labels
    ]
    assert [Path(path).name for path in found["path"]] == sorted(os.listdir(tmp_path / "images"))
    assert "Cannot read" in found["error"][0]
    assert len(list((tmp_path / "out" / "vectors").glob("*.npy"))) == 2


@pytest.fixture
def without_ray(monkeypatch):
    """As if no cluster had been joined in this process."""
    monkeypatch.setattr("ray.is_initialized", lambda: False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"settings": {"method": "prototype"}}, "only the method anchored"),
        ({"sample": 0}, "at least 1 image"),
        ({"text_embeddings": np.eye(32)[:3]}, "10 class names but 3 text vectors"),
        ({"text_embeddings": np.eye(16)[:10]}, "The image vectors have 32 numbers each"),
        ({"address": "127.0.0.1:1"}, "No Ray cluster answers at 127.0.0.1:1"),
    ],
)
def test_bad_input_gets_one_sentence_before_any_work(given, sentence, vectors, tmp_path, without_ray):
    with pytest.raises(InputError, match=sentence):
        label(vectors, tmp_path / "out", **given)
    assert not (tmp_path / "out" / "labels").exists()


def test_shards_of_different_models_are_refused(vectors, tmp_path):
    shutil.copytree(vectors / "shards", tmp_path / "shards")
    np.save(tmp_path / "shards" / "part-2.npy", np.eye(8))
    shutil.copy(vectors / "T.npy", tmp_path)
    with pytest.raises(InputError, match=r"part-2\.npy has 8 dimensions and part-0\.npy 32"):
        label(tmp_path, tmp_path / "out")


def test_a_folder_with_another_run_or_other_files_is_refused(undisturbed, vectors):
    output = undisturbed[0].output
    with pytest.raises(InputError, match="holds a run with other inputs"):
        label(vectors, output, sample=SAMPLE - 1)
    with pytest.raises(InputError, match="exists: choose another folder"):
        label(vectors, vectors)


def run_command(vectors, output, *more):
    command = ["label", vectors / "shards", "--engine", "ray", "--output", output, "--sample", SAMPLE, *more]
    command += ["--text-embeddings", vectors / "T.npy", *(f"-c{name}" for name in CLASSES)]
    return CliRunner().invoke(app, [str(each) for each in command])


def test_the_command_goes_on_from_a_finished_run_and_prints_it(undisturbed, vectors):
    shown = run_command(vectors, undisturbed[0].output, "--json")
    assert shown.exit_code == 0, shown.stderr
    assert json.loads(shown.stdout)["counts"] == undisturbed[0].counts


@pytest.fixture
def named_vectors(vectors, tmp_path):
    """The same vectors, of images that are named."""
    shutil.copytree(vectors / "shards", tmp_path / "shards")
    shutil.copy(vectors / "T.npy", tmp_path)
    shutil.copy(vectors / "X.npy", tmp_path)
    for number in range(N_SHARDS - 1):
        rows = range(number * N // N_SHARDS, (number + 1) * N // N_SHARDS)
        paths = "\n".join(f"/images/{row}.jpg" for row in rows)
        (tmp_path / "shards" / f"part-{number}.txt").write_text(paths)
    return tmp_path


@pytest.fixture
def name():
    """Name of a dataset that is deleted afterwards, if it was made."""
    yield "of shards"
    if fo.dataset_exists("of shards"):
        fo.delete_dataset("of shards")


def test_labels_are_written_into_a_new_dataset(undisturbed, named_vectors, name):
    damaged = np.load(named_vectors / "shards" / "part-0.npy")
    damaged[3] = np.nan
    np.save(named_vectors / "shards" / "part-0.npy", damaged)
    output = named_vectors / "out"
    run, rows = label(named_vectors, output, dataset=name), rows_of(output)
    dataset = fo.load_dataset(run.dataset)
    assert dataset.persistent
    assert dataset.values("filepath") == [os.path.abspath(path) for path in rows["path"]]
    assert dataset.values("auto_label.label") == rows["label"]
    assert dataset.values("auto_label.confidence") == rows["confidence"]
    assert dataset.values("confidence") == rows["confidence"]
    assert dataset.values("auto_label.second_choice") == rows["second_choice"]
    assert dataset.values("auto_label_error") == rows["error"]
    assert "confidence" in dataset.list_indexes()


def test_a_run_that_was_stopped_leaves_no_dataset_and_fills_one_later(ray_of_two, named_vectors, name):
    def stop(stage, done, total):
        if stage == "import" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(named_vectors, named_vectors / "out", dataset=name, progress=stop)
    assert not fo.dataset_exists(name)
    label(named_vectors, named_vectors / "out", dataset=name)
    assert fo.load_dataset(name).count("auto_label.label") == N


def test_the_command_says_how_to_open_the_dataset(ray_of_two, named_vectors, name):
    shown = run_command(named_vectors, named_vectors / "out", "--name", name)
    assert "Open it with: fiftyone app launch 'of shards'" in shown.stdout, shown.stderr


def test_a_label_that_is_corrected_in_the_dataset_is_reviewed_in_a_later_run(ray_of_two, named_vectors, name):
    label(named_vectors, named_vectors / "out", dataset=name)
    dataset = fo.load_dataset(name)
    sample = dataset.first()
    sample["auto_label"].label = CLASSES[-1]
    sample.save()
    X = np.load(named_vectors / "X.npy")
    auto_label(dataset, CLASSES, embeddings=X, text_embeddings=np.load(named_vectors / "T.npy"))
    assert dataset.first()["auto_label_corrected"].label == CLASSES[-1]
    assert dataset.first()["auto_label"].label == CLASSES[-1]


def test_a_dataset_that_is_there_is_left_alone(named_vectors, dataset_of):
    existing = dataset_of(["1.jpg"])
    with pytest.raises(InputError, match=f"A dataset '{existing.name}' exists: give another name"):
        label(named_vectors, named_vectors / "out", dataset=existing.name)
    assert len(existing) == 1
    assert not (named_vectors / "out").exists()


def test_a_dataset_needs_to_know_the_images(vectors, tmp_path, name):
    with pytest.raises(InputError, match=r"part-0\.npy does not say which images its vectors are of"):
        label(vectors, tmp_path / "out", dataset=name)
    assert not fo.dataset_exists(name)
    assert not (tmp_path / "out").exists()
