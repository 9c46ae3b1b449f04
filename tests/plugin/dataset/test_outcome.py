"""What a run says of every sample survives the database to the last digit."""

import json
from dataclasses import fields

import numpy as np
import pytest
from fiftyone_autolabel import refine
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


def test_the_central_samples_of_novel_clusters_are_kept(refinement, outcome):
    expected = [tuple(IDS[row] for row in each.central_images) for each in refinement.novel_clusters]
    assert outcome.novel_samples == tuple(expected[:20])


def test_a_run_wrote_to_the_samples_that_failed_too(outcome):
    assert outcome.written_ids == {*IDS, "f" * 24}


def test_a_label_that_no_level_changed_names_none(refinement):
    one = refine(np.eye(3), np.eye(3))
    outcome = Outcome.of(one, ["a", "b", "c"], IDS[:3], {})
    assert outcome.changed_by.tolist() == [-1, -1, -1]
