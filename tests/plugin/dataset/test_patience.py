"""A call that is not answered in time is made again, and any other error is told at once."""

import pytest
from fiftyone_autolabel.plugin.dataset.patience import persistently
from mongoengine.errors import OperationError
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure


def failing_once(error: Exception):
    """A call that fails at first, and then says so."""
    left = [error]

    def call() -> str:
        if left:
            raise left.pop()
        return "answered"

    return call


def wrapped(error: Exception) -> Exception:
    """An error as MongoEngine raises it."""
    try:
        try:
            raise error
        except Exception as inner:
            raise OperationError("Update failed") from inner
    except OperationError as outer:
        return outer


SILENCE = [AutoReconnect("reset"), ExecutionTimeout("late"), wrapped(ExecutionTimeout("late"))]


@pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
def test_a_call_that_is_not_answered_is_made_again(error):
    assert persistently(failing_once(error)) == "answered"


@pytest.mark.parametrize("error", [OperationFailure("no"), wrapped(OperationFailure("no")), ValueError("no")])
def test_another_error_is_told_at_once(error):
    with pytest.raises(type(error)):
        persistently(failing_once(error))
