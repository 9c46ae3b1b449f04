"""What panels keep between events: the values used last, and the same for all threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

from fiftyone_autolabel.panels.kept import Kept
from fiftyone_autolabel.panels.session import MOST_SESSIONS, session_of, sessions


def test_what_was_used_last_is_kept_and_the_rest_is_made_again():
    kept, made = Kept(2), []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("first", "second", "first", "third", "first", "second"):
        assert kept.get_or_make(name, lambda name=name: make(name)) == name
    assert made == ["first", "second", "third", "second"]
    assert len(kept) == 2


def test_threads_that_ask_at_the_same_time_get_the_same_value():
    kept, both = Kept(2), threading.Barrier(2)

    def make() -> object:
        both.wait()
        return object()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: kept.get_or_make("key", make), range(2))
    assert one is other


def test_as_many_sessions_are_kept_as_have_room():
    first = session_of("first")
    assert session_of("first") is first
    for number in range(MOST_SESSIONS):
        session_of(f"panel {number}")
    assert len(sessions) == MOST_SESSIONS
    assert session_of("first") is not first
