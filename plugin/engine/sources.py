"""What the labels of a run came from: the class names, similar images, neighbours and class frequencies.

Read off the logits that a rule adds up.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sources:
    """Shares of what moved the odds between the labels and their runners-up; they sum to 1.

    Attributes:
        text: Share of the class names, in [0, 1].
        images: Share of the classes' own images.
        neighbors: Share of the nearest neighbours' labels.
        frequencies: Share of how many images the classes have.
    """

    text: float
    images: float = 0.0
    neighbors: float = 0.0
    frequencies: float = 0.0

    @classmethod
    def of_moves(cls, moves: np.ndarray) -> "Sources":
        """Shares from sums.

        Args:
            moves: (4,) ≥ 0 in the order of the attributes; where nothing moves the odds, the names are all
                there is.
        """
        total = float(moves.sum())
        return cls(*(float(move) / total for move in moves)) if total > 0 else cls(1.0)


def odds_moved(terms: list[np.ndarray]) -> np.ndarray:
    """How far each term of the logits moves the odds between label and runner-up.

    Args:
        terms: Arrays that broadcast to (m, k), k ≥ 2, and together are the logits of m images.

    Returns:
        One Σ_i |term of the label − term of the runner-up| (nats) per term.
    """
    logits = sum(terms[1:], terms[0])
    runner_up, label = np.argpartition(logits, -2, axis=1)[:, -2:].T
    rows = np.arange(len(logits))
    each = [np.broadcast_to(term, logits.shape) for term in terms]
    return np.array([np.abs(term[rows, label] - term[rows, runner_up]).sum() for term in each])
