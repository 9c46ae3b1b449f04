"""Measured accuracy: what an audit says of the labels of a run, in numbers and in words."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ..engine.audit import Estimate
from ..wording import counted, percent, sentence


@dataclass(frozen=True)
class MeasuredAccuracy:
    """How many labels of a run are right, measured on labels that were drawn at random and reviewed.

    Attributes:
        overall: Of all labels.
        surest: Of the most confident 80%; None if none of them was audited.
        classes: Class → the same of the labels of the class, where at least ten were audited.
        waiting: Labels that were drawn and are not reviewed yet.
        noun: What the labels are of: "image" or "object".
        scores: "precision", "recall" and "F1" of single labels → estimate, where an image may have several;
            what is right above are then all labels of an image together. Else empty.
    """

    overall: Estimate
    surest: Estimate | None
    classes: dict[str, Estimate]
    waiting: int
    noun: str = "image"
    scores: dict[str, Estimate] = field(default_factory=dict)

    def __str__(self) -> str:
        """Accuracy, interval and number of audited labels, as a part of a sentence."""
        right = "right" if not self.scores else "of the images with all labels right"
        return f"measured {percent(self.overall.accuracy)} {right} ({basis(self.overall, self.noun)})"

    @property
    def rows(self) -> list[tuple[str, Estimate]]:
        """What was measured, and its estimate: all labels, the surest ones, and classes."""
        surest = [("most confident 80%", self.surest)] if self.surest else []
        single = [(f"single labels: {name}", each) for name, each in self.scores.items()]
        return [("all labels", self.overall), *surest, *single, *self.classes.items()]

    @property
    def sentences(self) -> list[str]:
        """The same with the surest labels, and what is left to do."""
        said = [f"{sentence(str(self))}."]
        if self.surest:
            right = percent(self.surest.accuracy)
            said.append(f"Of the most confident 80%, {right} ({basis(self.surest, self.noun)}).")
        if self.scores:
            single = [
                f"{name} {percent(one.accuracy)} ({interval(one)})" for name, one in self.scores.items()
            ]
            said.append(f"Of single labels: {', '.join(single)}.")
        return said + self.to_do

    @property
    def to_do(self) -> list[str]:
        """What is left of the audit, or how many more labels would halve the interval, in a sentence."""
        if self.waiting:
            return [f"{counted(self.waiting, self.noun)} of the audit left to review."]
        more = counted(self.overall.more, f"more audited {self.noun}")
        return [f"{more} would halve the interval."] if self.overall.more else []

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "MeasuredAccuracy":
        """Read back what `asdict` gave."""
        surest = data["surest"]
        return cls(
            **data
            | {
                "overall": Estimate(**data["overall"]),
                "surest": surest and Estimate(**surest),
                "classes": {name: Estimate(**each) for name, each in data["classes"].items()},
                "scores": {name: Estimate(**each) for name, each in data.get("scores", {}).items()},
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The same in values that go through JSON."""
        return asdict(self)


def basis(estimate: Estimate, noun: str) -> str:
    """What an estimate rests on: "95% interval 70–89%, 32 images audited"."""
    audited = f"{counted(estimate.audited, noun)} audited"
    return f"95% interval {interval(estimate)}, {audited}" if estimate.low < estimate.high else audited


def interval(estimate: Estimate) -> str:
    """The 95% interval, as in "70–89%"."""
    return f"{100 * estimate.low:.0f}–{100 * estimate.high:.0f}%"
