"""The operator that checks labels, from Python and as the App calls it."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.server.app import app
from starlette.testclient import TestClient

URI = "@autolabel/prototypes/check_labels"


@pytest.fixture
def dataset():
    """Forty samples in two heaps with their classes, the first of them wrong."""
    truth = np.arange(40) % 2
    X = np.eye(8)[truth] + 0.1 * np.random.default_rng(0).normal(size=(40, 8))
    names = ["even", "odd"]
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", truth=fo.Classification(label=names[truth[row]]), vector=X[row])
        for row in range(40)
    )
    first = dataset.first()
    first["truth"] = fo.Classification(label="odd")
    first.save()
    yield dataset
    dataset.delete()


def test_a_python_call_tells_what_is_likely_to_be_wrong(dataset):
    result = foo.get_operator(URI)(dataset, "truth", embeddings="vector").result
    assert result["sample_ids"] == [dataset.first().id]
    assert result["pairs"] == [{"label": "odd", "suggested": "even", "images": 1}]
    assert "1 of 40 labels" in result["message"]


def test_the_form_offers_the_fields_of_labels(dataset):
    request = {"operator_uri": URI, "dataset_name": dataset.name, "target": "inputs", "params": {}}
    shown = TestClient(app).post("/operators/resolve-type", json=request).json()["type"]["properties"]
    assert shown["label_field"]["default"] == "truth"
    assert "vector" in shown["embeddings"]["type"]["values"]


def test_a_dataset_without_labels_is_told_what_is_missing():
    empty = fo.Dataset()
    empty.add_sample(fo.Sample(filepath="/a.jpg"))
    request = {"operator_uri": URI, "dataset_name": empty.name, "target": "inputs", "params": {}}
    shown = TestClient(app).post("/operators/resolve-type", json=request).json()["type"]["properties"]
    assert "no labels of whole images" in shown["problem"]["error_message"]
    empty.delete()
