"""What a run says of every sample survives the database to the last digit."""

import json
from dataclasses import fields

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.dataset import outcome as module
from fiftyone_autolabel.plugin.dataset.outcome import ARRAYS, Outcome

IDS = [f"{number:024x}" for number in range(40)]


@pytest.fixture
def refinement():
    rng = np.random.default_rng(0)
    return refine(rng.normal(size=(40, 4)), rng.normal(size=(3, 4)))


@pytest.fixture
def outcome(refinement):
    return Outcome.of(refinement, ["a", "b", "c"], IDS, {"f" * 24: "Cannot read it."})


def test_an_outcome_goes_through_json_and_back(outcome):
    back = Outcome.from_dict(json.loads(json.dumps(outcome.to_dict())))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(back, name), getattr(outcome, name))
    others = {field.name for field in fields(Outcome)} - set(ARRAYS)
    assert all(getattr(back, name) == getattr(outcome, name) for name in others)


def test_an_outcome_takes_less_than_a_hundred_bytes_a_sample():
    rng = np.random.default_rng(0)
    n = 5000
    large = refine(rng.normal(size=(n, 4)), rng.normal(size=(3, 4)))
    outcome = Outcome.of(large, ["a", "b", "c"], [rng.bytes(12).hex() for _ in range(n)], {})
    assert len(json.dumps(outcome.to_dict())) < 100 * n


def test_a_record_of_an_earlier_version_has_no_logits(outcome):
    saved = outcome.to_dict()
    del saved["logits"]
    assert "logits" not in Outcome.from_dict(saved).changes(slice(1))[IDS[0]]["label"]


@pytest.mark.parametrize(("bound", "value"), [("MOST_CLASSES_WITH_LOGITS", 2), ("MOST_LOGITS", 119)])
def test_too_many_logits_are_not_kept(refinement, monkeypatch, bound, value):
    monkeypatch.setattr(module, bound, value)
    assert Outcome.of(refinement, ["a", "b", "c"], IDS, {}).logits.shape == (40, 0)


def test_a_class_without_probability_has_a_finite_logit():
    three = refine(np.eye(3), np.eye(3), anchors=np.array([0, 1, 2]))
    assert np.isfinite(Outcome.of(three, ["a", "b", "c"], IDS[:3], {}).logits).all()


def test_the_central_samples_of_novel_clusters_are_kept(refinement, outcome):
    expected = [tuple(IDS[row] for row in each.central_images) for each in refinement.novel_clusters]
    assert outcome.novel_samples == tuple(expected[:20])


def test_a_run_wrote_to_the_samples_that_failed_too(outcome):
    assert outcome.written_ids == {*IDS, "f" * 24}


def test_a_label_that_no_level_changed_names_none(refinement):
    one = refine(np.eye(3), np.eye(3))
    outcome = Outcome.of(one, ["a", "b", "c"], IDS[:3], {})
    assert outcome.changed_by.tolist() == [-1, -1, -1]
