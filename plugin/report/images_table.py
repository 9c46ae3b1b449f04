"""The images of a run as reports list them, and `labels.csv`, which a spreadsheet opens.

They come from a refinement that is at hand, or from what was kept of one.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.results import Refinement

SMALLEST_SHARE = 0.001
"""Share of a cluster below which a class is left out of its line."""

COLUMNS = (
    "path",
    "id",
    "label",
    "confidence",
    "second_choice",
    "margin",
    "novelty",
    "meta_cluster",
    "micro_cluster",
    "label_by",
    "split",
    "error",
)


@dataclass(frozen=True)
class ClusterShares:
    """Where the images of one cluster went.

    Attributes:
        cluster: Number of the cluster.
        size: Images in it.
        shares: Class number → share of the cluster, in (0, 1], largest first.
    """

    cluster: int
    size: int
    shares: dict[int, float]


@dataclass(frozen=True)
class Failure:
    """An image, or an object in one, that could not be labelled.

    Attributes:
        path: The image.
        why: One sentence.
        id: Id of the sample or object in the dataset, None without one.
    """

    path: str
    why: str
    id: str | None = None

    def row(self) -> dict[str, str]:
        """The same as a line of a report."""
        return {"path": self.path, **({"id": self.id} if self.id else {}), "error": self.why}


@dataclass(frozen=True, repr=False)
class ImagesTable(Displayed):
    """What a run says of every image, or of every object in images; n of them were labelled.

    Attributes:
        paths: (n,) path of each.
        labels: (n,) class numbers.
        second_labels: (n,) second most likely class, -1 where there is but one class.
        confidence: (n,) in [0, 1].
        margin: (n,) in [0, 1], confidence less the probability of the second choice.
        novelty: (n,) in (0, 1).
        is_reviewed: (n,) bool, whether the label was approved or corrected.
        clusters: Level → (n,) number of the cluster, -1 for none.
        alignment: Level → its clusters.
        failures: Those that could not be labelled.
        splits: (n,) name of the split of each, "" for none; None where there are none.
        ids: (n,) id of the sample or object in the dataset; None without a dataset.
        texts: (n,) labels of each as one text where an image may have several, which have no margin and no
            second choice; None otherwise.
    """

    paths: Sequence[str]
    labels: np.ndarray
    second_labels: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray
    novelty: np.ndarray
    is_reviewed: np.ndarray
    clusters: dict[str, np.ndarray]
    alignment: dict[str, list[ClusterShares]]
    failures: Sequence[Failure] = ()
    splits: Sequence[str] | None = None
    ids: Sequence[str] | None = None
    texts: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check that there is one of everything for every image.

        Raises:
            InputError: There is not.
        """
        n = len(self.labels)
        for name, values in {"paths": self.paths, "splits": self.splits, "ids": self.ids}.items():
            if values is not None and len(values) != n:
                raise InputError(f"There are {len(values)} {name} for {n} images: give one for each.")

    @classmethod
    def of(
        cls,
        refinement: Refinement,
        paths: Sequence[str],
        *,
        failures: Sequence[Failure] = (),
        splits: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
    ) -> "ImagesTable":
        """Take from a refinement what reports list.

        Args:
            refinement: What the engine returned for n images.
            paths: (n,) path of each.
            failures: Those that could not be labelled.
            splits: (n,) name of the split of each, "" for none.
            ids: (n,) id of each in the dataset.

        Raises:
            InputError: There is not one path, split or id per image.
        """
        return cls(
            paths,
            refinement.labels,
            refinement.explanation.second_labels,
            refinement.confidence,
            refinement.explanation.margin,
            refinement.explanation.novelty,
            refinement.is_known,
            {level: clusters.assignments for level, clusters in refinement.clusters.items()},
            {level: list(_shares(refinement, level)) for level in refinement.clusters},
            failures,
            splits,
            ids,
        )

    @property
    def columns(self) -> list[str]:
        """The columns that may hold anything."""
        is_empty = {"id": self.ids is None, "split": self.splits is None}
        return [name for name in COLUMNS if not is_empty.get(name)]

    def lines(self, classes: Sequence[str]) -> Iterator[dict]:
        """The labelled images, see `rows`, and then those that could not be labelled, with the reason."""
        yield from self.rows(classes)
        yield from (failure.row() for failure in self.failures)

    def rows(self, classes: Sequence[str]) -> Iterator[dict]:
        """Every labelled image with what is known of it, names for numbers and None for what is not there."""
        columns = {
            "label": self.labels.tolist(),
            "second": self.second_labels.tolist(),
            "confidence": self.confidence.tolist(),
            "margin": self.margin.tolist(),
            "novelty": self.novelty.tolist(),
            "reviewed": self.is_reviewed.tolist(),
            **{level: numbers.tolist() for level, numbers in self.clusters.items()},
        }
        for row, path in enumerate(self.paths):
            second = columns["second"][row]
            image = {
                "path": path,
                **({} if self.ids is None else {"id": self.ids[row]}),
                "label": classes[columns["label"][row]],
                "confidence": round(columns["confidence"][row], 4),
                "second_choice": classes[second] if second >= 0 else None,
                "margin": round(columns["margin"][row], 4),
                "novelty": round(columns["novelty"][row], 4),
            }
            if self.texts is not None:
                image |= {"label": self.texts[row], "second_choice": None, "margin": None}
            for level in self.clusters:
                number = columns[level][row]
                image[f"{level}_cluster"] = number if number >= 0 else None
            if columns["reviewed"][row]:
                image["label_by"] = "person"
            if self.splits is not None:
                image["split"] = self.splits[row] or None
            yield image


def write_labels(path: Path, images: ImagesTable, classes: Sequence[str]) -> None:
    """Write one line per image, with those that could not be labelled at the end.

    Args:
        path: File to make.
        images: The images.
        classes: (k,) class names.
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(images.lines(classes))


def _shares(refinement: Refinement, level: str) -> Iterator[ClusterShares]:
    sizes = refinement.clusters[level].sizes.tolist()
    for number, shares in enumerate(refinement.alignment[level]):
        order = [column for column in (-shares).argsort(kind="stable") if shares[column] >= SMALLEST_SHARE]
        yield ClusterShares(
            number, sizes[number], {int(column): round(float(shares[column]), 4) for column in order}
        )
