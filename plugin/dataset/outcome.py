"""The labels of a run and what explains them, in columns that are small enough to keep with its record.

Kept before the samples are written, so that a run that dies while it writes can be completed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import compress

import numpy as np
from fiftyone.core.utils import deserialize_numpy_array, serialize_numpy_array

from ..engine.display import Displayed
from ..engine.label_sets import set_text
from ..engine.multilabel import LabelSets
from ..engine.results import Refinement
from ..engine.rows import Stored
from .review_views import review_ranks

MOST_NOVEL_CLUSTERS = 20
BYTES_OF_AN_ID = 12

MOST_CLASSES_WITH_LOGITS = 100
MOST_LOGITS = 10_000_000
"""Classes, and images times classes, up to which logits are kept: more would be most of the record."""

LEAST_PROBABILITY = 1e-7
"""Smaller ones have the logit of this one: zero has none."""


@dataclass(frozen=True, repr=False)
class Outcome(Displayed):
    """Labels of the n samples of a run and what explains them.

    Attributes:
        classes: k class names.
        levels: Names of the levels of the refinement, those that changed no label too.
        sample_ids: (n,) ids of the labelled samples.
        labels: (n,) int32 class numbers.
        second_labels: (n,) int32 second most likely class, -1 where there is but one class.
        confidence: (n,) float32 in [0, 1].
        margin: (n,) float32 in [0, 1], confidence less the probability of the second choice.
        text_support: (n,) float32 in [0, 1], what the class names alone give to the label.
        image_support: (n,) float32 in [0, 1], what the images alone give to the label.
        agreement: (n,) float32 in [0, 1], overlap of the probabilities by names and by images.
        novelty: (n,) float32 in (0, 1), novelty percentile: share of the images that are less novel.
        changed_by: (n,) int32 number of the level that changed the label last, -1 for none.
        micro_cluster: (n,) int32, -1 for none.
        meta_cluster: (n,) int32, -1 for none.
        review_rank: (n,) int32 from 1, what to look at first; 0 for reviewed labels.
        logits: (n, k) float16, logarithms of the probabilities of the classes; (n, 0) where there are too
            many to be kept.
        class_probabilities: (n, k) float16, that a sample has a class where it may have several; else (n, 0).
        is_given: (n, k) bool, which classes it was given then; else (n, 0).
        failures: Sample id → why it could not be labelled.
        novel_samples: Ids of the most central samples of the clusters that fit no class, at most 20 clusters,
            most novel first.
        examples: Id of a sample → class that a person gave it before the run; see `read_examples`.
        contradictions: Id of a sample whose reviewed label similar images contradict → that label, and the
            class that they speak for.
    """

    classes: tuple[str, ...]
    levels: tuple[str, ...]
    sample_ids: tuple[str, ...]
    labels: np.ndarray
    second_labels: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray
    text_support: np.ndarray
    image_support: np.ndarray
    agreement: np.ndarray
    novelty: np.ndarray
    changed_by: np.ndarray
    micro_cluster: np.ndarray
    meta_cluster: np.ndarray
    review_rank: np.ndarray
    logits: np.ndarray
    class_probabilities: np.ndarray
    is_given: np.ndarray
    failures: dict[str, str]
    novel_samples: tuple[tuple[str, ...], ...]
    examples: dict[str, str] = field(default_factory=dict)
    contradictions: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        refinement: Refinement,
        classes: Sequence[str],
        sample_ids: Sequence[str],
        failures: dict[str, str],
        sets: LabelSets | None = None,
    ) -> "Outcome":
        """Take from a refinement what is written and kept.

        Args:
            refinement: What the engine returned for n images.
            classes: (k,) class names.
            sample_ids: (n,) ids of their samples.
            failures: Sample id → why it could not be labelled.
            sets: The classes of the images where they may have several.
        """
        why, none = refinement.explanation, np.empty((len(sample_ids), 0))
        levels = tuple(why.level_labels)
        changed_by = np.full(len(sample_ids), -1, np.int32)
        for number, level in enumerate(levels[1:], start=1):
            changed_by[why.changed_by(level)] = number
        return cls(
            classes=tuple(classes),
            levels=levels,
            sample_ids=tuple(sample_ids),
            labels=refinement.labels.astype(np.int32),
            second_labels=why.second_labels.astype(np.int32),
            confidence=refinement.confidence,
            margin=why.margin,
            text_support=why.text_support,
            image_support=why.image_support,
            agreement=why.agreement,
            novelty=why.novelty,
            changed_by=changed_by,
            micro_cluster=refinement.clusters["micro"].assignments.astype(np.int32),
            meta_cluster=refinement.clusters["meta"].assignments.astype(np.int32),
            review_rank=review_ranks(refinement).astype(np.int32),
            logits=_logits(refinement.probabilities) if sets is None else none,
            class_probabilities=(sets.probabilities if sets else none).astype(np.float16),
            is_given=(sets.is_given if sets else none).astype(bool),
            failures=dict(failures),
            contradictions={
                sample_ids[row]: (classes[refinement.labels[row]], classes[refinement.contradictions[row]])
                for row in np.flatnonzero(refinement.contradictions >= 0)
            },
            novel_samples=tuple(
                tuple(sample_ids[row] for row in cluster.central_images)
                for cluster in refinement.novel_clusters[:MOST_NOVEL_CLUSTERS]
            ),
        )

    @property
    def written_ids(self) -> set[str]:
        """Samples that the run wrote to, those that it could not label too."""
        return {*self.sample_ids, *self.failures}

    @property
    def is_multilabel(self) -> bool:
        """Whether a sample may have several labels."""
        return self.is_given.shape[1] > 0

    def texts(self, rows: slice | np.ndarray = slice(None)) -> list[str]:
        """The label of each of some samples; of several labels, the set as one text."""
        names = np.array(self.classes, object)
        if self.is_multilabel:
            return [set_text(names[given]) for given in self.is_given[rows]]
        return names[self.labels[rows]].tolist()

    @property
    def counts(self) -> list[int]:
        """(k,) samples with each label."""
        if self.is_multilabel:
            return self.is_given.sum(axis=0).tolist()
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()

    @property
    def expected_accuracy(self) -> float:
        """Mean confidence, in [0, 1]."""
        return float(self.confidence.mean())

    def only(self, ids: Collection[str]) -> "Outcome":
        """The same for some of the samples."""
        rows = np.array([one in ids for one in self.sample_ids], bool)
        arrays = {name: getattr(self, name)[rows] for name in ARRAYS}
        failures = {one: why for one, why in self.failures.items() if one in ids}
        return replace(self, sample_ids=tuple(compress(self.sample_ids, rows)), failures=failures, **arrays)

    def to_dict(self) -> dict:
        """The same in values that go through JSON; arrays are compressed."""
        ids = np.frombuffer(bytes.fromhex("".join(self.sample_ids)), np.uint8).reshape(-1, BYTES_OF_AN_ID)
        arrays = {name: getattr(self, name) for name in ARRAYS} | {"sample_ids": ids}
        return {
            "classes": list(self.classes),
            "levels": list(self.levels),
            "failures": self.failures,
            "examples": self.examples,
            "contradictions": {one: list(pair) for one, pair in self.contradictions.items()},
            "novel_samples": [list(ids) for ids in self.novel_samples],
            **{name: serialize_numpy_array(array, ascii=True) for name, array in arrays.items()},
        }

    @classmethod
    def from_dict(cls, data: dict) -> "Outcome":
        """Read what `to_dict` returned.

        Raises:
            Exception: It is damaged, in one of the many ways that NumPy and zlib report, or its arrays do not
                fit one another.
        """
        ids = deserialize_numpy_array(data["sample_ids"], ascii=True)
        none = {name: np.empty((len(ids), 0), np.float16) for name in WIDE}  # as runs before 0.2.0 have it
        kept = {name: deserialize_numpy_array(data[name], ascii=True) for name in ARRAYS if name in data}
        found = cls(
            classes=tuple(data["classes"]),
            levels=tuple(data["levels"]),
            sample_ids=tuple(row.tobytes().hex() for row in ids),
            failures=dict(data["failures"]),
            examples=dict(data.get("examples", {})),  # runs before 0.2.0 have none
            contradictions={one: tuple(pair) for one, pair in data.get("contradictions", {}).items()},
            novel_samples=tuple(map(tuple, data["novel_samples"])),
            **none | kept,
        )
        shapes = {name: getattr(found, name).shape for name in ARRAYS}
        wide = {shapes.pop(name)[:-1] for name in WIDE}
        if {*shapes.values(), *wide} != {(len(ids),)}:
            raise ValueError("arrays of other shapes")
        return found

    def changes(self, rows: slice) -> dict[str, dict]:
        """What is to be written of some of the samples: id → role of a field → value.

        The label is a dict of class, confidence, `fields.EXPLANATIONS` and, where they are kept, logits; of
        several labels, of the set, its confidence and `fields.SET_ATTRIBUTES`.
        """
        columns = zip(
            self.sample_ids[rows],
            self._sets(rows) if self.is_multilabel else self._labels(rows),
            self.micro_cluster[rows].tolist(),
            self.meta_cluster[rows].tolist(),
            self.review_rank[rows].tolist(),
            strict=True,
        )
        return {
            one: {
                "label": label,
                "micro_cluster": micro,
                "meta_cluster": meta,
                "review_rank": rank or None,
                "error": None,
            }
            for one, label, micro, meta, rank in columns
        }

    def failed_changes(self) -> dict[str, dict]:
        """The same for those that could not be labelled."""
        gone = {"micro_cluster": None, "meta_cluster": None, "review_rank": None}
        return {
            one: {"label": {"label": None, "confidence": None}, "error": error} | gone
            for one, error in self.failures.items()
        }

    def _sets(self, rows: slice) -> Iterator[dict]:
        names = np.array(self.classes, object)
        columns = (self.is_given[rows], self.class_probabilities[rows], self.confidence[rows].tolist())
        for given, probabilities, sure in zip(*columns, strict=True):
            of_class = dict(sorted(zip(names[given], probabilities[given].tolist(), strict=True)))
            text = set_text(of_class)
            kept = {"run_label": text, "run_confidences": [round(each, 4) for each in of_class.values()]}
            yield {"label": text, "confidence": sure, **kept}

    def _labels(self, rows: slice) -> Iterator[dict]:
        classes, changed_by = (*self.classes, None), (*self.levels, "")
        columns = (
            self.labels,
            self.confidence,
            self.second_labels,
            self.changed_by,
            self.margin,
            self.text_support,
            self.image_support,
            self.agreement,
            self.novelty,
        )
        logits = self.logits[rows].astype(np.float32)
        for row, (label, sure, second, level, margin, text, image, agreement, novelty) in enumerate(
            zip(*(column[rows].tolist() for column in columns), strict=True)
        ):
            kept = {"logits": serialize_numpy_array(logits[row])} if logits.shape[1] else {}
            # -1, which stands for none, is the last entry of either tuple.
            yield kept | {
                "label": classes[label],
                "run_label": classes[label],
                "confidence": sure,
                "second_choice": classes[second],
                "changed_by": changed_by[level],
                "margin": margin,
                "text_support": text,
                "image_support": image,
                "agreement": agreement,
                "novelty": novelty,
            }


def _logits(probabilities: Stored) -> np.ndarray:
    """(n, k) float16 logarithms; (n, 0) where there are too many."""
    n, k = probabilities.shape
    if k > MOST_CLASSES_WITH_LOGITS or n * k > MOST_LOGITS:
        return np.empty((n, 0), np.float16)
    return np.log(np.maximum(probabilities[:], LEAST_PROBABILITY)).astype(np.float16)


WIDE = ("logits", "class_probabilities", "is_given")
"""Arrays with one column per class, or none."""

ARRAYS = tuple(each.name for each in fields(Outcome) if each.type is np.ndarray)
