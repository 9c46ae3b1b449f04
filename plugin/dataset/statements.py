"""What people said of clusters, as the record of the run that made the clusters keeps it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .outcome import Outcome


@dataclass(frozen=True)
class Statement:
    """What a person said of the images of a micro-cluster that a run gave one label.

    Attributes:
        cluster: Number of the cluster.
        label: The label that the run gave them.
        given: Class that the person gave them, "" for images of several classes.
        shown: Ids of those that were shown.
        action: When it was said, as `reviews.new_action` has it.
    """

    cluster: int
    label: str
    given: str
    shown: tuple[str, ...]
    action: str

    def members(self, outcome: Outcome) -> list[str]:
        """Ids of the images, from what the run found."""
        named = np.array([name == self.label for name in outcome.classes], bool)
        rows = np.flatnonzero((outcome.micro_cluster == self.cluster) & named[outcome.labels])
        return [outcome.sample_ids[row] for row in rows]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Statement":
        """Read back what `to_dict` gave."""
        return cls(**data | {"shown": tuple(data["shown"])})

    def to_dict(self) -> dict[str, Any]:
        """The same in values that go through JSON."""
        return asdict(self) | {"shown": list(self.shown)}
