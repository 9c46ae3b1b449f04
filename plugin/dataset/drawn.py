"""The labels of a run that were drawn at random to be audited, as the record of the run keeps them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Audit:
    """Labels that were drawn, m of them, and what they were drawn from; k classes.

    Attributes:
        unreviewed: (k,) labels of each class that could be drawn: those that the run found.
        known: (k,) labels of each class that had been reviewed before the run.
        sure_from: Least confidence of the surest 80% of all labels, in [0, 1].
        sure_unreviewed: How many of those could be drawn.
        sure_known: How many of those had been reviewed before the run.
        ids: (m,) ids of the samples or objects, in the order in which they were drawn.
        labels: (m,) class numbers that the run gave them.
        confidence: (m,) their confidence, in [0, 1].
        is_asked: (m,) whether a person was asked for a review, because there was none.
        given: (m,) labels that the run gave them, as texts, where an image may have several; else empty.
    """

    unreviewed: tuple[int, ...] = field(repr=False)
    known: tuple[int, ...] = field(repr=False)
    sure_from: float
    sure_unreviewed: int
    sure_known: int
    ids: tuple[str, ...] = field(default=(), repr=False)
    labels: tuple[int, ...] = field(default=(), repr=False)
    confidence: tuple[float, ...] = field(default=(), repr=False)
    is_asked: tuple[bool, ...] = field(default=(), repr=False)
    given: tuple[str, ...] = field(default=(), repr=False)

    @property
    def inclusion_probability(self) -> float:
        """Chance of every label to be among those drawn, in [0, 1]."""
        return len(self.ids) / max(sum(self.unreviewed), 1)

    def waiting(self, reviewed: Collection[str]) -> list[str]:
        """Ids that a person was asked for and has not reviewed yet."""
        asked = zip(self.ids, self.is_asked, strict=True)
        return [one for one, is_asked in asked if is_asked and one not in reviewed]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Audit":
        """Read back what `to_dict` gave."""
        return cls(**{name: tuple(each) if isinstance(each, list) else each for name, each in data.items()})

    def to_dict(self) -> dict[str, Any]:
        """The same in values that go through JSON."""
        return {name: list(each) if isinstance(each, tuple) else each for name, each in asdict(self).items()}
