"""No query lists more ids than fit into one, however large the dataset: MongoDB takes 16 MB.

The limit is set to two ids here, and every view that is made of ids says how many they are.
"""

import csv
import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.core.collections import SampleCollection
from fiftyone_autolabel import (
    ExportOptions,
    approve,
    auto_label,
    compare_runs,
    export_labels,
    load_run,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset import comparing, documents, reading
from fiftyone_autolabel.plugin.dataset.reviewing import review_view
from PIL import Image

CLASSES = ["even", "odd"]
X = np.eye(4)[np.arange(7) % 2] + 0.1 * np.random.default_rng(0).normal(size=(7, 4))
TEXTS = {"text_embeddings": np.eye(4)[:2]}


@pytest.fixture
def dataset(tmp_path):
    """Seven images with vectors, clusters and labels."""
    dataset = fo.Dataset()
    for number, vector in enumerate(X):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (8, 8), (30 * number, 0, 0)).save(path)
        dataset.add_sample(fo.Sample(filepath=str(path), vector=vector, cluster=number % 2))
    np.save(tmp_path / "T.npy", TEXTS["text_embeddings"])
    auto_label(
        dataset, CLASSES, embeddings="vector", text_embeddings=str(tmp_path / "T.npy"), clusters="cluster"
    )
    yield dataset
    dataset.delete()


@pytest.fixture
def longest(monkeypatch):
    """Number of ids of the longest list that a view was made of so far."""
    lengths = [0]
    select = SampleCollection.select

    def noted(self, sample_ids, ordered=False):
        lengths.append(1 if isinstance(sample_ids, str) else len(list(sample_ids)))
        return select(self, sample_ids, ordered=ordered)

    exclude = SampleCollection.exclude

    def excluded(self, sample_ids):
        lengths.append(len(list(sample_ids)))
        return exclude(self, sample_ids)

    monkeypatch.setattr(SampleCollection, "select", noted)
    monkeypatch.setattr(SampleCollection, "exclude", excluded)
    for module in (comparing, documents):
        monkeypatch.setattr(module, "IDS_PER_QUERY", 2)
    monkeypatch.setattr(reading, "VECTORS_PER_QUERY", 2)
    return lambda: max(lengths)


def test_vectors_and_clusters_are_read_in_parts_and_in_the_order_of_the_view(dataset, longest):
    view = dataset.sort_by("filepath", reverse=True)

    np.testing.assert_allclose(reading.read_vectors(view, "vector"), X[::-1], atol=1e-6)
    assert reading.read_clusters(view, "cluster").tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert longest() == 2


def test_images_are_found_by_their_ids_in_parts(dataset, longest):
    ids = dataset.values("id")[::-1]

    images = reading.images_of(dataset, ids)

    assert (images.ids, images.images) == (ids, dataset.values("filepath")[::-1])
    assert longest() == 0


def test_prototypes_are_made_again_without_a_list_of_all_images(dataset, longest):
    assert load_run(dataset).prototypes().classes == tuple(CLASSES)
    assert longest() <= 2


def test_an_export_of_a_view_asks_in_parts(dataset, longest, tmp_path):
    view = dataset.limit(5)
    with_splits = ExportOptions(splits=(0.5, 0.5, 0))

    export_labels(view, tmp_path / "fiftyone", "fiftyone")
    export_labels(view, tmp_path / "csv", "csv", options=with_splits, embeddings="vector")

    back = fo.Dataset.from_dir(str(tmp_path / "fiftyone"), fo.types.FiftyOneDataset)
    assert back.values("auto_label.label") == view.values("auto_label.label")
    back.delete()
    with open(tmp_path / "csv" / "labels.csv", encoding="utf-8") as file:
        assert [line["sample_id"] for line in csv.DictReader(file)] == view.values("id")
    assert longest() <= 2


def test_a_comparison_counts_all_changes_and_shows_as_many_as_a_view_holds(dataset, longest):
    auto_label(dataset, CLASSES[::-1], embeddings=X, run_key="swapped", **TEXTS)

    compared = compare_runs(dataset, "auto_label_1", "swapped")

    assert (compared.n_differing, len(compared.view)) == (7, 2)
    assert json.dumps(compared.changes)
    assert longest() <= 2


def test_labels_are_approved_withdrawn_and_left_to_review_without_a_list_of_all(dataset, longest):
    assert len(approve(dataset.limit(5)).sample_ids) == 5
    dataset.skip(5).limit(1).tag_samples("approved")

    assert review_view(dataset).values("id") == [dataset.last().id]
    assert len(withdraw(dataset).sample_ids) == 6
    assert dataset.count_sample_tags() == {}
    assert longest() <= 2
