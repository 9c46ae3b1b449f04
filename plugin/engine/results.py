"""What a refinement returns: labels, confidence, and everything that explains them.

Plain arrays and small frozen records; nothing here computes a label.
"""

from dataclasses import dataclass

import numpy as np

from .clustering import Clusters
from .config import Settings


@dataclass(frozen=True)
class Iteration:
    """One round of refinement.

    Attributes:
        iteration: Number of the round within its level, from 1.
        changed: Share of the images whose label changed in this round, in [0, 1].
        drift: Mean over classes of 1 - cosine(prototype before, prototype after), in [0, 2].
        mean_confidence: Mean over images of the largest probability before calibration, in [0, 1].
    """

    iteration: int
    changed: float
    drift: float
    mean_confidence: float


@dataclass(frozen=True)
class LevelHistory:
    """What happened on one level of the hierarchy.

    Attributes:
        level: "meta", "micro" or "image".
        vectors: Number of clusters or images on the level.
        iterations: Rounds in order; empty when the level was skipped.
        skipped: Why the level was skipped, "" when it was not.
    """

    level: str
    vectors: int
    iterations: tuple[Iteration, ...]
    skipped: str = ""


@dataclass(frozen=True)
class Refinement:
    """Labels of all images and how they came about; n images, k classes, d dimensions.

    Attributes:
        labels: (n,) int64 class numbers in [0, k).
        confidence: (n,) float32 in [0, 1], probability that the label is right.
        probabilities: (n, k) float32, rows sum to 1; `confidence` is the largest of a row.
        prototypes: (k, d) float32 unit rows.
        zero_shot_labels: (n,) int64, the class whose name is nearest, before any refinement.
        history: One entry per level, coarsest first.
        alignment: "meta" and "micro" → (clusters, k) float32, share of each cluster that went to each
            class; rows sum to 1.
        clusters: "meta" and "micro" → the clusters.
        settings: Settings of the run, with nothing left automatic.
    """

    labels: np.ndarray
    confidence: np.ndarray
    probabilities: np.ndarray
    prototypes: np.ndarray
    zero_shot_labels: np.ndarray
    history: tuple[LevelHistory, ...]
    alignment: dict[str, np.ndarray]
    clusters: dict[str, Clusters]
    settings: Settings

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, the mean confidence, in [0, 1]."""
        return float(self.confidence.mean())
