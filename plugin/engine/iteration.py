"""The way that every rule goes: level by level, round by round until nothing moves any more, on record.

A level is an iterator of states; what a round means is the rule's own business.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .config import Settings
from .results import Iteration, LevelHistory
from .rows import Matrix
from .sources import Sources
from .vectors import unit_rows

OnIteration = Callable[[tuple[LevelHistory, ...]], None]

DRIFT_TOLERANCE = 1e-4
"""Mean drift of the prototypes (1 − cosine) at which they have stopped moving: 0.8 degrees."""


@dataclass(frozen=True)
class State:
    """Where a rule stands after a round.

    Attributes:
        probabilities: (n, k) float32, soft label of every image; rows sum to 1.
        prototypes: (k, d) float32 of any length.
        objective: Mean over the level's vectors of log Σ_c exp(logit_c) (nats), see `Iteration`.
    """

    probabilities: Matrix
    prototypes: np.ndarray
    objective: float = float("-inf")


@dataclass(frozen=True)
class Outcome:
    """What a rule ends with.

    Attributes:
        probabilities: (n, k) float32, final soft label of every image; rows sum to 1.
        text_weight: Times the text view's logits that are in the logarithms of `probabilities`.
        sources: What the labels came from; None where a rule does not add up logits.
        prototypes: (k, d) float32 of any length.
        history: One entry per level, coarsest first.
        level_labels: "text", then each level that was not skipped → (n,) int64 labels after it.
        alignment: level → (clusters, k) float32, rows sum to 1.
    """

    probabilities: Matrix
    text_weight: float
    sources: Sources | None
    prototypes: np.ndarray
    history: tuple[LevelHistory, ...]
    level_labels: dict[str, np.ndarray]
    alignment: dict[str, np.ndarray]


class Levels:
    """Takes a rule through its levels, coarsest first, and keeps the record.

    Attributes:
        state: Where the rule stands.
        labels: "text", then each level that was not skipped → (n,) int64 labels after it.
        history: One entry per level so far.
    """

    def __init__(self, start: State, settings: Settings, on_iteration: OnIteration | None = None) -> None:
        """Begin with what the class names alone say.

        Args:
            start: State before the first round.
            settings: Gives the tolerance and the most rounds per level.
            on_iteration: Called with the history so far after every round; what it raises ends the run.
        """
        self.state = start
        self._now = start.probabilities.argmax(axis=1)
        self.labels = {"text": self._now}
        self.history: tuple[LevelHistory, ...] = ()
        self._settings = settings
        self._on_iteration = on_iteration or (lambda history: None)

    def skip(self, level: str, vectors: int, reason: str) -> None:
        """Record that a level of so many vectors cannot help, and why."""
        self.history += (LevelHistory(level, vectors, (), reason),)

    def run(self, level: str, vectors: int, rounds: Iterator[State]) -> None:
        """Take states until neither labels nor prototypes move any more.

        Args:
            level: Name of the level in the history.
            vectors: Number of clusters or images on the level.
            rounds: States after the first, second, … round from the present state.
        """
        above, iterations = self.history, list[Iteration]()
        while len(iterations) < self._settings.iterations:
            before, prototypes = self._now, self.state.prototypes
            # Soft labels are large: let go of the old ones before the rule makes new ones.
            del self.state
            self.state = next(rounds)
            self._now = self.state.probabilities.argmax(axis=1)
            iterations.append(self._compare(len(iterations) + 1, before, prototypes))
            self.history = (*above, LevelHistory(level, vectors, tuple(iterations)))
            self._on_iteration(self.history)
            if self._has_converged(iterations[-1]):
                break
        self.labels[level] = self._now

    def _has_converged(self, last: Iteration) -> bool:
        return has_converged(last.changed, last.drift, self._settings.tolerance)

    def _compare(self, number: int, labels: np.ndarray, prototypes: np.ndarray) -> Iteration:
        """What the round that led to the present state has changed of labels and prototypes."""
        return Iteration(
            iteration=number,
            changed=float(np.mean(labels != self._now)),
            drift=drift(prototypes, self.state.prototypes),
            mean_confidence=float(self.state.probabilities.max(axis=1).mean()),
            objective=self.state.objective,
            agreement=float(np.mean(self._now == self.labels["text"])),
        )


def drift(before: np.ndarray, after: np.ndarray) -> float:
    """Mean of 1 − cosine over (k, d) prototypes before and after a round."""
    cosines = np.sum(unit_rows(before) * unit_rows(after), axis=1)
    return float(np.maximum(1 - cosines, 0).mean())


def has_converged(changed: float, moved: float, tolerance: float) -> bool:
    """Whether a round changed few enough labels, as a share, and moved the prototypes little enough."""
    return changed <= tolerance and moved <= DRIFT_TOLERANCE
