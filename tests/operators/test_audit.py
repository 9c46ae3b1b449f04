"""The operator that opens a random sample, through Python and through the server as the App calls it."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.server.app import app
from fiftyone_autolabel import approve, auto_label
from starlette.testclient import TestClient

AUDIT = "@autolabel/prototypes/audit"


@pytest.fixture
def dataset():
    """Thirty samples that one run labelled."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(30)])
    X = np.random.default_rng(0).normal(size=(30, 2))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=np.eye(2))
    yield dataset
    dataset.delete()


def ask(route, dataset, **params):
    """What the server answers to a request of the App."""
    request = {"operator_uri": AUDIT, "dataset_name": dataset.name, "params": params, "target": "inputs"}
    return TestClient(app).post(f"/operators/{route}", json=request).json()


def test_the_sample_opens_in_the_grid(dataset):
    answer = ask("execute", dataset, count=10)
    told = {message["operator_uri"]: message["params"] for message in answer["executor"]["requests"]}
    shown = [stage for stage in told["set_view"]["view"] if stage["_cls"].endswith("Select")]
    assert dict(shown[0]["kwargs"])["sample_ids"] == answer["result"]["sample_ids"]
    assert told["notify"]["message"].startswith("10 images drawn at random: correct the wrong ones")


def test_what_reviews_have_measured_is_told(dataset):
    audit = foo.get_operator(AUDIT)
    sample = audit(dataset, 10).result
    assert sample["measured_accuracy"] is None
    approve(dataset.select(sample["sample_ids"]))
    again = audit(dataset, 10).result
    assert again["measured_accuracy"]["overall"]["audited"] == 10
    assert (
        "Measured 100% right"
        in ask("resolve-type", dataset)["type"]["properties"]["measured"]["view"]["label"]
    )


def test_nothing_opens_when_every_label_is_reviewed(dataset):
    approve(dataset)
    answer = ask("execute", dataset)
    assert "Nothing left to audit" in answer["result"]["message"]
    assert "set_view" not in [message["operator_uri"] for message in answer["executor"]["requests"]]


def test_without_a_run_the_form_says_what_to_do():
    empty = fo.Dataset()
    empty.add_sample(fo.Sample(filepath="/a.jpg"))
    form = ask("resolve-type", empty)["type"]["properties"]
    assert any("run Auto-label first" in str(each) for each in form.values())
    empty.delete()
