"""A run whose process is killed while it writes is completed by whatever uses the dataset next."""

import csv
import subprocess
import sys
import time
from datetime import timedelta

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    ExportOptions,
    FieldNames,
    approve,
    correct,
    evaluate,
    export_labels,
    load_run,
    refine_with_corrections,
    review_next,
)
from fiftyone_autolabel.plugin.dataset import lock, record
from fiftyone_autolabel.plugin.dataset.reviews import read_reviews

CLASSES = ["red", "green"]
N_IMAGES = 30

KILLED = """
import os, signal, sys
from datetime import timedelta
import fiftyone as fo
import numpy as np
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.dataset import lock, writing

lock.LEASE = timedelta(seconds=1)
writing.CHUNK_LABELS = 10

def die(stage, done, total):
    if (stage, done) == ("write", 10):
        os.kill(os.getpid(), signal.SIGKILL)

rng = np.random.default_rng(1)
auto_label(
    fo.load_dataset(sys.argv[1]), ["red", "green"], progress=die,
    embeddings=rng.normal(size=(30, 4)), text_embeddings=rng.normal(size=(2, 4)),
)
"""


@pytest.fixture(scope="module")
def killed():
    """A dataset of which a killed run has written a third of the labels."""
    dataset = fo.Dataset(persistent=True)
    truth = [fo.Classification(label=CLASSES[row % 2]) for row in range(N_IMAGES)]
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", ground_truth=label) for row, label in enumerate(truth)
    )
    ended = subprocess.run([sys.executable, "-c", KILLED, dataset.name], capture_output=True, check=False)
    assert ended.returncode == -9, ended.stderr
    dataset.reload()
    assert dataset.count("auto_label.label") == 10
    yield dataset
    dataset.delete()


@pytest.fixture
def half_written(killed, monkeypatch):
    """A copy of it, after the lease of the dead process ran out."""
    monkeypatch.setattr(record, "LONGEST_SILENCE", timedelta(seconds=0))
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=1))
    copy = killed.clone()
    time.sleep(1)
    yield copy
    copy.delete()


def exported(dataset, tmp_path):
    folder = tmp_path / "out"
    export_labels(dataset, folder, "csv", options=ExportOptions(images="none"))
    with open(folder / "labels.csv", encoding="utf-8", newline="") as lines:
        return len(list(csv.DictReader(lines)))


USES = {
    "review": lambda dataset, folder: len(review_next(dataset, 100)),
    "approve": lambda dataset, folder: len(approve(dataset).sample_ids),
    "evaluate": lambda dataset, folder: evaluate(dataset, "ground_truth").n_images,
    "load": lambda dataset, folder: load_run(dataset).record.n_labelled,
    "export": exported,
}


@pytest.mark.parametrize("use", USES)
def test_the_next_use_of_the_dataset_completes_it(half_written, tmp_path, use):
    assert USES[use](half_written, tmp_path) == N_IMAGES
    assert half_written.count("auto_label.label") == N_IMAGES


def test_refining_completes_it_first(half_written):
    correct(half_written.limit(1), "green")
    rng = np.random.default_rng(2)
    vectors = {"embeddings": rng.normal(size=(N_IMAGES, 4)), "text_embeddings": rng.normal(size=(2, 4))}
    assert refine_with_corrections(half_written, **vectors).changes.n_reviewed == 1
    assert half_written.count("auto_label.label") == N_IMAGES


def test_a_review_made_after_the_death_is_kept(half_written):
    one = correct(half_written.skip(20).limit(1), "blue").sample_ids
    assert read_reviews(half_written, FieldNames()) == dict.fromkeys(one, "blue")
    assert half_written[one[0]].auto_label.label == "blue"
