"""What a panel keeps between events."""

from fiftyone_autolabel.panels.kept import Kept


def test_what_was_used_last_is_kept_and_the_rest_is_made_again():
    kept, made = Kept(2), []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("first", "second", "first", "third", "first", "second"):
        assert kept.get_or_make(name, lambda name=name: make(name)) == name
    assert made == ["first", "second", "third", "second"]
    assert len(kept) == 2
