"""Numbers, durations and moments in words."""

from datetime import datetime, timedelta, timezone

import pytest
from fiftyone_autolabel.plugin.wording import ago, counted, duration, percent


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_a_moment_is_told_by_its_age(past, words):
    assert ago(datetime.now(timezone.utc) - past) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (3_600, "60 min"), (5_400, "1.5 h")]
)
def test_a_duration_is_told_in_its_largest_unit(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [(1, "class", "1 class"), (2, "class", "2 classes"), (1_000, "image", "1,000 images")],
)
def test_things_are_counted(number, thing, words):
    assert counted(number, thing) == words


@pytest.mark.parametrize(
    ("share", "words"), [(1, "100%"), (0.999, "over 99%"), (0.001, "under 1%"), (0, "0%"), (0.314, "31%")]
)
def test_only_all_is_100_percent_and_only_nothing_is_0(share, words):
    assert percent(share) == words
