"""What figures and reports are drawn from: plain numbers, small enough for the record of a run.

Nothing here grows with the number of images, and all of it goes into strict JSON and back.
"""

import math
from dataclasses import asdict, dataclass, fields

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.metrics import Coverage
from ..engine.results import LevelHistory
from ..engine.sources import Sources
from .measured import MeasuredAccuracy

LEAST_DOUBT = 0.5
"""Images outside the first class of a cluster from which it is in doubt."""

VERSION = 1
"""Version of the dictionary; goes up whenever an older one could be misread."""


@dataclass(frozen=True, repr=False)
class Alignment(Displayed):
    """Which clusters went to which classes on one level; m clusters, those with most doubt first.

    Attributes:
        level: "meta" or "micro".
        total: Number of clusters on the level, of which the m are kept here.
        purity: Mean share of a cluster's images that went to its first class, over all images in clusters.
        clusters: (m,) number of each cluster.
        sizes: (m,) images in each cluster.
        classes: (m, few) class numbers that a cluster went to, largest share first.
        shares: (m, few) their shares of the cluster, each in (0, 1]; the first is the cluster's purity.
        is_counted: Whether the shares are counted from labels, as for some of the images of a run; those of a
            whole run are soft, as the rule had them.
    """

    level: str
    total: int
    purity: float
    clusters: tuple[int, ...]
    sizes: tuple[int, ...]
    classes: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[float, ...], ...]
    is_counted: bool = False

    @property
    def doubtful(self) -> tuple[int, ...]:
        """Rows of the clusters of which the worth of half an image or more did not go to the first class."""
        doubts = (size * (1 - shares[0]) for size, shares in zip(self.sizes, self.shares, strict=True))
        return tuple(row for row, doubt in enumerate(doubts) if doubt >= LEAST_DOUBT)


@dataclass(frozen=True)
class ConfusablePair:
    """Two classes that compete for the same images.

    Attributes:
        first: Class number of the one with more labels.
        second: Class number of the other.
        images: Images that have one as label and the other as second choice.
        expected_errors: How many of the labels of either are expected to belong to the other.
    """

    first: int
    second: int
    images: int
    expected_errors: float


@dataclass(frozen=True)
class NovelCluster:
    """A micro-cluster that may fit no class name.

    Attributes:
        cluster: Number of the cluster.
        score: In (0, 1), share of all images that look less novel than its images on average.
        size: Images in the cluster.
        rivals: Class numbers that suit it best, best first.
        suggestions: Words that suit it better than any class name, best first.
    """

    cluster: int
    score: float
    size: int
    rivals: tuple[int, ...]
    suggestions: tuple[str, ...] = ()

    @property
    def percentile(self) -> int:
        """Of 100 images, how many look less novel than its images on average; at most 99."""
        return min(round(100 * self.score), 99)


@dataclass(frozen=True)
class ReliabilityBin:
    """Labels of about the same confidence, and how many of them are right.

    Attributes:
        images: Number of labels, at least 1.
        confidence: Their mean confidence, in [0, 1].
        accuracy: Share of them that is right, in [0, 1].
    """

    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, repr=False)
class Truth(Displayed):
    """How good the labels are, by a ground truth; k classes.

    Attributes:
        images: Number of images whose true class is known; all else here is about those alone.
        accuracy: Share of labels that are right, in [0, 1].
        zero_shot_accuracy: The same for the class whose name is nearest, before any refinement; None where
            that is not known.
        calibration_error: Expected calibration error over 15 bins, in [0, 1].
        counts: (k,) images that truly are of each class.
        right: (k,) images of each class whose label is right.
        labelled: (k,) images with each label.
        kept: Accuracy of the most confident labels, one per `RunSummary.coverage`.
        reliability: Bins that hold any label, by confidence.
        confusions: (true class, label, images), wrong labels only, most frequent first; cut where there
            are very many.
    """

    images: int
    accuracy: float
    zero_shot_accuracy: float | None
    calibration_error: float
    counts: tuple[int, ...]
    right: tuple[int, ...]
    labelled: tuple[int, ...]
    kept: tuple[float, ...]
    reliability: tuple[ReliabilityBin, ...]
    confusions: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, repr=False)
class RunSummary(Displayed):
    """A run as figures and reports show it; k classes.

    Attributes:
        classes: (k,) class names.
        encoder: Name of the encoder, "" when only arrays were given.
        settings: Settings of the run by name.
        images: Number of labelled images, at least 1.
        failures: Number of images that could not be labelled.
        expected_accuracy: Share of labels that are expected to be right, in [0, 1].
        zero_shot_agreement: Share of labels that the nearest class name alone gives too, in [0, 1].
        counts: (k,) images with each label.
        mean_confidence: (k,) their mean confidence, None for a class without images.
        confidence_counts: Images in equal bins of confidence from 0 to 1.
        coverage: What to expect of the most confident labels, all of them first.
        history: One entry per level, coarsest first.
        alignment: One entry per level that has clusters, coarsest first.
        confusable: Pairs of classes that compete, most expected errors first.
        novel: Micro-clusters that may fit no class, most novel first; the first few.
        truth: What a ground truth says, None without one.
        noun: What was labelled, "image" or "object"; "images" here are objects then.
        reviewed: Number of labels that were approved or corrected.
        measured: What an audit of the run says, None before one.
        sources: What the labels came from; None where that is not known.
        multilabel: Whether an image may have several labels. Then `counts` and `mean_confidence` are of
            single labels, and all else that is said of a label is of the labels of an image together.
    """

    classes: tuple[str, ...]
    encoder: str
    settings: dict[str, str | int | float | bool | None]
    images: int
    failures: int
    expected_accuracy: float
    zero_shot_agreement: float
    counts: tuple[int, ...]
    mean_confidence: tuple[float | None, ...]
    confidence_counts: tuple[int, ...]
    coverage: tuple[Coverage, ...]
    history: tuple[LevelHistory, ...]
    alignment: tuple[Alignment, ...]
    confusable: tuple[ConfusablePair, ...]
    novel: tuple[NovelCluster, ...]
    truth: Truth | None
    noun: str = "image"
    reviewed: int = 0
    measured: MeasuredAccuracy | None = None
    sources: Sources | None = None
    multilabel: bool = False

    @property
    def label_precision(self) -> float:
        """Share of single labels that are expected to be right, in [0, 1]."""
        pairs = zip(self.counts, self.mean_confidence, strict=True)
        return sum(count * (mean or 0) for count, mean in pairs) / max(sum(self.counts), 1)

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels that have clusters, coarsest first."""
        return tuple(alignment.level for alignment in self.alignment)

    def alignment_of(self, level: str) -> Alignment:
        """The alignment of one level.

        Raises:
            InputError: The level has no clusters.
        """
        for alignment in self.alignment:
            if alignment.level == level:
                return alignment
        levels = ", ".join(self.levels) or "no level"
        raise InputError(f"This run has no clusters on the level {level!r}: it has them on {levels}.")

    def to_dict(self) -> dict:
        """Plain dictionaries, lists, strings and finite numbers, with the version."""
        return {"version": VERSION, **_plain(asdict(self))}

    @classmethod
    def from_dict(cls, data: dict) -> "RunSummary":
        """Read what `to_dict` returned, also after a way through JSON or a database.

        Raises:
            InputError: It is not a summary, or was written by a version with another format.
        """
        version = data.get("version") if isinstance(data, dict) else None
        if version != VERSION:
            raise InputError(
                f"The summary of this run has version {version}, and {VERSION} is needed: label again to "
                "see it."
            )
        # Summaries of runs that are older than a field have its default.
        values = {field.name: _frozen(data[field.name]) for field in fields(cls) if field.name in data}
        truth, measured, sources = values["truth"], data.get("measured"), data.get("sources")
        return cls(
            **values
            | {
                "coverage": tuple(Coverage(**each) for each in values["coverage"]),
                "history": tuple(LevelHistory.from_dict(each) for each in values["history"]),
                "alignment": tuple(Alignment(**each) for each in values["alignment"]),
                "confusable": tuple(ConfusablePair(**each) for each in values["confusable"]),
                "novel": tuple(NovelCluster(**each) for each in values["novel"]),
                "truth": truth and _truth(truth),
                "measured": measured and MeasuredAccuracy.from_dict(measured),
                "sources": sources and Sources(**sources),
            }
        )


def _truth(data: dict) -> Truth:
    return Truth(**data | {"reliability": tuple(ReliabilityBin(**each) for each in data["reliability"])})


def _plain(value: object) -> object:
    """The same with lists for tuples, and None for NaN and infinities."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _frozen(value: object) -> object:
    """The same with tuples for lists."""
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_frozen(each) for each in value)
    return value
