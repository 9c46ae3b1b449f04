"""What a run would cost, from the times of two smaller numbers of images."""

import pytest
from fiftyone_autolabel.plugin.run.estimate import _extrapolated
from hypothesis import given, strategies as st

SIZES = (750, 3_000)
TIMES = st.floats(0.001, 100)


def seconds_of(cost):
    """Measured times of something that takes `cost(n)`."""
    return tuple(map(cost, SIZES))


@given(st.floats(0.001, 10), st.floats(1e-6, 0.01), st.integers(3_001, 10**8))
def test_the_time_of_the_classes_does_not_grow_with_the_images(fixed, each, n):
    assert _extrapolated(n, SIZES, seconds_of(lambda n: fixed + each * n)) == pytest.approx(fixed + each * n)


@given(st.floats(1.01, 2), st.integers(3_001, 10**6))
def test_what_grows_faster_than_the_images_goes_on_like_that(power, n):
    assert _extrapolated(n, SIZES, seconds_of(lambda n: n**power)) == pytest.approx(n**power)


def test_no_more_than_their_square_is_expected():
    assert _extrapolated(6_000, SIZES, (1.0, 1_000.0)) == pytest.approx(4_000.0)


@given(TIMES, TIMES, st.integers(3_000, 10**8))
def test_more_images_never_take_less_than_was_measured(short, long, n):
    assert _extrapolated(n, SIZES, (short, long)) >= long * (1 - 1e-9)


def test_what_was_measured_is_not_extrapolated():
    assert _extrapolated(3_000, SIZES, (1.0, 2.0)) == 2.0
    assert _extrapolated(60, (60, 60), (1.0, 2.0)) == 2.0
