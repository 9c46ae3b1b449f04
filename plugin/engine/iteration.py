"""The loop that every rule shares: go round until labels stop moving, and keep a record.

A rule is an iterator of states; what a round means is the rule's own business.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .config import Settings
from .results import Iteration, LevelHistory
from .vectors import unit_rows


@dataclass(frozen=True)
class State:
    """Where a rule stands after a round.

    Attributes:
        probabilities: (n, k) float32, soft label of every image; rows sum to 1.
        prototypes: (k, d) float32 of any length.
    """

    probabilities: np.ndarray
    prototypes: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """What a rule ends with.

    Attributes:
        probabilities: (n, k) float32, final soft label of every image.
        prototypes: (k, d) float32 of any length.
        history: One entry per level, coarsest first.
        alignment: level → (clusters, k) float32, rows sum to 1.
    """

    probabilities: np.ndarray
    prototypes: np.ndarray
    history: tuple[LevelHistory, ...]
    alignment: dict[str, np.ndarray]


def run_level(
    level: str, vectors: int, start: State, rounds: Iterator[State], settings: Settings
) -> tuple[State, LevelHistory]:
    """Take states until at most `settings.tolerance` of the labels change in a round.

    Args:
        level: Name of the level in the history.
        vectors: Number of clusters or images on the level.
        start: State before the first round.
        rounds: States after the first, second, … round.
        settings: Gives the tolerance and the most rounds.

    Returns:
        The last state, and the record of every round.
    """
    before, history = start, []
    for number, after in zip(range(1, settings.iterations + 1), rounds, strict=False):
        history.append(_compare(number, before, after))
        before = after
        if history[-1].changed <= settings.tolerance:
            break
    return before, LevelHistory(level, vectors, tuple(history))


def _compare(number: int, before: State, after: State) -> Iteration:
    changed = before.probabilities.argmax(axis=1) != after.probabilities.argmax(axis=1)
    cosines = np.sum(unit_rows(before.prototypes) * unit_rows(after.prototypes), axis=1)
    return Iteration(
        iteration=number,
        changed=float(changed.mean()),
        drift=float(np.maximum(1 - cosines, 0).mean()),
        mean_confidence=float(after.probabilities.max(axis=1).mean()),
    )
