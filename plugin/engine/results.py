"""What a refinement returns: labels, confidence, and everything that explains them.

Plain arrays and small frozen records; nothing here computes a label.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from .clustering import Clusters
from .config import Settings
from .display import Displayed
from .duplicates import DistinctRows
from .metrics import Coverage, expected_coverage
from .novelty import ClusterNovelty
from .rows import Stored
from .sources import Sources


@dataclass(frozen=True)
class Iteration:
    """One round of refinement.

    Attributes:
        iteration: Number of the round within its level, from 1.
        changed: Share of the images whose label changed in this round, in [0, 1].
        drift: Mean over classes of 1 - cosine(prototype before, prototype after), in [0, 2].
        mean_confidence: Mean over images of the largest probability before calibration, in [0, 1].
        objective: Mean over the level's vectors of log Σ_c exp(logit_c) (nats), by the logits of the round.
            With the textbook rule a log-likelihood up to a constant, at the prototypes that the round began
            with, which no round of a level lowers. With the robust rule what text and Gaussian weigh
            changes from round to round: a description, not something that is climbed. Levels do not compare.
        agreement: Share of the images whose label the class names alone (as answers have corrected them)
            would give too, in [0, 1].
    """

    iteration: int
    changed: float
    drift: float
    mean_confidence: float
    objective: float
    agreement: float


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

    @classmethod
    def from_dict(cls, data: dict) -> "LevelHistory":
        """Read back what `to_dict` gave."""
        rounds = (each | {"objective": _number(each["objective"])} for each in data["iterations"])
        return cls(**data | {"iterations": tuple(Iteration(**each) for each in rounds)})

    def to_dict(self) -> dict:
        """The same in values that go through JSON, which has no infinite numbers."""
        rounds = [asdict(each) for each in self.iterations]
        finite = [each | {"objective": _finite(each["objective"])} for each in rounds]
        return asdict(self) | {"iterations": finite}


def _finite(objective: float) -> float | None:
    return objective if math.isfinite(objective) else None


def _number(objective: float | None) -> float:
    """A rule without an objective says minus infinity."""
    return -math.inf if objective is None else objective


@dataclass(frozen=True, repr=False)
class Explanation(Displayed):
    """Why every image has its label; n images.

    Attributes:
        second_labels: (n,) int64 second most likely class, -1 where no other is possible: there is but one
            class, or a person gave the label.
        margin: (n,) float32 in [0, 1], confidence less the probability of the second choice.
        text_support: (n,) float32 in [0, 1], probability that the class names alone give to the label, as
            answers have corrected them.
        image_support: (n,) float32 in [0, 1], probability that the images alone give to the label.
        agreement: (n,) float32 in [0, 1], overlap Σ_c min(p_c, q_c) of what the class names alone and
            the images alone say.
        novelty: (n,) float32 in (0, 1), share of the images that look less as if their class was not named.
        level_labels: "text", the class names as answers have corrected them, then each level that was not
            skipped, in order → (n,) int64 labels after it.
    """

    second_labels: np.ndarray
    margin: np.ndarray
    text_support: np.ndarray
    image_support: np.ndarray
    agreement: np.ndarray
    novelty: np.ndarray
    level_labels: dict[str, np.ndarray]

    def changed_by(self, level: str) -> np.ndarray:
        """Which images got another label on a level than they had before it.

        Args:
            level: A key of `level_labels` but the first.

        Returns:
            (n,) bool.
        """
        levels = list(self.level_labels)
        before = levels[levels.index(level) - 1]
        return self.level_labels[level] != self.level_labels[before]

    def of(self, rows: np.ndarray) -> "Explanation":
        """The explanation of some of the images, or of some more than once."""
        arrays = {name: value[rows] for name, value in vars(self).items() if name != "level_labels"}
        return Explanation(
            **arrays, level_labels={level: labels[rows] for level, labels in self.level_labels.items()}
        )


@dataclass(frozen=True, repr=False)
class Refinement(Displayed):
    """Labels of all images and how they came about; n images, k classes, d dimensions.

    Attributes:
        labels: (n,) int64 class numbers in [0, k).
        confidence: (n,) float32 in [0, 1], probability that the label is right; 1 for a known label.
        probabilities: (n, k) float32, rows sum to 1; `confidence` is the largest of a row. Above
            `config.WHOLE_MOST_NUMBERS` no array but `SparseRows`: `probabilities[rows]` are arrays.
        prototypes: (k, d) float32 unit rows, in the space of the embeddings that the geometry is from.
        zero_shot_labels: (n,) int64, the class whose name is nearest, before any refinement.
        is_known: (n,) bool, whether a person gave the label.
        contradictions: (n,) int64, the class that the other images speak for where they contradict a label
            that a person gave; -1 elsewhere.
        explanation: Second choice, margin, supports and levels of every label.
        history: One entry per level, coarsest first. Copies of an image count once.
        sources: What the labels came from, before the class names' share in the confidence; None for the
            textbook rule, whose labels follow the prototypes alone.
        alignment: "meta" and "micro" → (clusters, k) float32, share of each cluster that went to each
            class; rows sum to 1. Copies of an image count once.
        clusters: "meta" and "micro" → the clusters.
        novel_clusters: The micro-clusters, those that fit no class name first.
        settings: Settings of the run, with nothing left automatic.
        choices: What was chosen automatically, one sentence; "" where nothing was left to choose.
    """

    labels: np.ndarray
    confidence: np.ndarray
    probabilities: Stored
    prototypes: np.ndarray
    zero_shot_labels: np.ndarray
    is_known: np.ndarray
    contradictions: np.ndarray
    explanation: Explanation
    history: tuple[LevelHistory, ...]
    sources: Sources | None
    alignment: dict[str, np.ndarray]
    clusters: dict[str, Clusters]
    novel_clusters: tuple[ClusterNovelty, ...]
    settings: Settings
    choices: str

    def _lines(self) -> list[str]:
        (n, k), d = self.probabilities.shape, self.prototypes.shape[1]
        used = len(np.unique(self.labels))
        return [
            f"Refinement of {n:,} images into {k:,} classes, {d:,} dimensions",
            f"{used:,} classes have images; expected accuracy {self.expected_accuracy:.0%}",
            "Next: .labels and .confidence, .explanation of every label, .history of every level, .alignment",
        ]

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, the mean confidence, in [0, 1]."""
        return float(self.confidence.mean())

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """Expected accuracy if only the most confident labels are kept: what is left to review."""
        return expected_coverage(self.confidence)

    def with_copies(self, distinct: DistinctRows) -> "Refinement":
        """The same refinement for images of which some are copies of others.

        Args:
            distinct: Which of all images the rows of this refinement are.
        """
        group = distinct.group
        clusters = {level: clusters.with_copies(group) for level, clusters in self.clusters.items()}
        sizes = clusters["micro"].sizes
        return replace(
            self,
            labels=self.labels[group],
            confidence=self.confidence[group],
            probabilities=self.probabilities[group]
            if isinstance(self.probabilities, np.ndarray)
            else self.probabilities.take(group),
            zero_shot_labels=self.zero_shot_labels[group],
            is_known=self.is_known[group],
            contradictions=self.contradictions[group],
            explanation=self.explanation.of(group),
            clusters=clusters,
            novel_clusters=tuple(
                replace(
                    entry, size=int(sizes[entry.cluster]), central_images=distinct.first[entry.central_images]
                )
                for entry in self.novel_clusters
            ),
        )
