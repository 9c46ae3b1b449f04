"""Levels go on until labels and prototypes have stopped moving, and no longer than asked."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.config import Settings
from fiftyone_autolabel.plugin.engine.iteration import DRIFT_TOLERANCE, Levels, State


def state(label: int, degrees: float) -> State:
    """Four images of one label, and one prototype at an angle."""
    prototype = [[np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]]
    return State(np.eye(2, dtype=np.float32)[np.full(4, label)], np.array(prototype, np.float32))


def rounds_taken(*states: State) -> int:
    """Rounds of a level that starts from label 0 and 0 degrees."""
    levels = Levels(state(0, 0), Settings(iterations=len(states)))
    levels.run("image", 4, iter(states))
    return len(levels.history[0].iterations)


STILL = state(0, 0)


def test_a_level_ends_when_nothing_moves():
    assert rounds_taken(STILL, STILL, STILL) == 1


def test_labels_that_move_keep_a_level_going():
    assert rounds_taken(state(1, 0), state(0, 0), STILL, STILL) == 3


def test_prototypes_that_move_keep_a_level_going_though_no_label_changes():
    assert rounds_taken(state(0, 20), state(0, 20.1), STILL) == 2


@pytest.mark.parametrize(("degrees", "rounds"), [(0.7, 1), (0.9, 2)])
def test_less_than_a_degree_is_no_movement(degrees, rounds):
    assert (1 - np.cos(np.radians(degrees)) <= DRIFT_TOLERANCE) == (rounds == 1)
    assert rounds_taken(state(0, degrees), state(0, degrees)) == rounds
