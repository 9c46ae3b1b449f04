"""How long a stage will take still is told from its own steps."""

import pytest
from fiftyone_autolabel.plugin.engine import progress
from fiftyone_autolabel.plugin.engine.progress import Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_the_time_that_is_left_follows_from_the_steps_of_the_stage(clock):
    pace = Pace()
    assert pace.seconds_left("embed", 10, 50) is None
    clock[0] += 10
    assert pace.seconds_left("embed", 30, 50) == 10


def test_another_stage_starts_the_clock_again(clock):
    pace = Pace()
    pace.seconds_left("embed", 0, 50)
    clock[0] += 60
    assert pace.seconds_left("write", 0, 50) is None
    clock[0] += 5
    assert pace.seconds_left("write", 25, 50) == 5


@pytest.mark.parametrize(("seconds", "done"), [(1, 20), (10, 0), (10, 50)])
def test_nothing_is_said_too_early_or_without_a_step_or_at_the_end(clock, seconds, done):
    pace = Pace()
    pace.seconds_left("embed", 0, 50)
    clock[0] += seconds
    assert pace.seconds_left("embed", done, 50) is None
