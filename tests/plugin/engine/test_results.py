"""The records that a refinement returns go through JSON and come back the same."""

import json
import math

import pytest
from fiftyone_autolabel.plugin.engine.results import Iteration, LevelHistory


@pytest.mark.parametrize("objective", [-12.5, -math.inf], ids=["an objective", "none"])
def test_the_history_of_a_level_comes_back_from_json(objective):
    rounds = (Iteration(1, 0.5, 0.1, 0.7, objective, 0.9),)
    level = LevelHistory("micro", 20, rounds)
    text = json.dumps(level.to_dict(), allow_nan=False)
    assert LevelHistory.from_dict(json.loads(text)) == level


def test_a_skipped_level_comes_back_with_its_reason():
    level = LevelHistory("meta", 1, (), "there is one cluster only")
    assert LevelHistory.from_dict(level.to_dict()) == level
