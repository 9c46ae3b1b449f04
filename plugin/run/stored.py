"""A run on a dataset, read back from its record, and its report.

The samples may have changed since; they are asked for nothing but their paths.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..encoders.descriptions import ClassDescription
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.refinement import refine
from ..engine.results import LevelHistory
from ..report.images_table import ClusterShares, Failure, ImagesTable
from ..report.prototypes import Prototypes, make_prototypes
from ..report.summary import Alignment, RunSummary
from ..report.writing import check_report_folder, write_report
from ..system.versions import package_versions
from .embedding import Progress, embed
from .inputs import Prompts, load_towers
from .results import FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset.outcome import Outcome
    from ..dataset.record import RunRecord

LEAST_AGREEMENT = 0.999
"""Share of the run's labels that must come out again; less than all, because machines round differently."""


@dataclass(frozen=True, kw_only=True)
class StoredRun(FinishedRun):
    """A finished run as its record has it.

    Attributes:
        record: State, inputs, settings and fields of the run.
        summary: What figures are drawn from.
        outcome: What it said of every sample, or of every object.
        dataset: Its dataset.
    """

    record: "RunRecord"
    summary: RunSummary = field(repr=False)
    outcome: "Outcome" = field(repr=False)
    dataset: "fo.Dataset" = field(repr=False)

    @property
    def run_key(self) -> str:
        """Key of the run on the dataset."""
        return self.record.key

    @property
    def is_reviewed(self) -> np.ndarray:
        """(n,) bool, what a person said: nothing else has no place in the order of review."""
        return self.outcome.review_rank == 0

    @property
    def counts(self) -> dict[str, int]:
        """Class → number of images with that label."""
        return dict(zip(self.classes, self.summary.counts, strict=True))

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, in [0, 1]."""
        return self.summary.expected_accuracy

    @property
    def alignment(self) -> dict[str, np.ndarray]:
        """Level, "meta" or "micro" → (clusters, k) share of each cluster that went to each class.

        The record keeps the four largest shares of a cluster, and on a level with more than 2,500 clusters
        only those with most doubt: all else is 0 here.
        """
        matrices = {}
        for each in self.summary.alignment:
            matrix = np.zeros((each.total, len(self.classes)), np.float32)
            for cluster, classes, shares in zip(each.clusters, each.classes, each.shares, strict=True):
                matrix[cluster, list(classes)] = shares
            matrices[each.level] = matrix
        return matrices

    @property
    def suggested_names(self) -> dict[int, tuple[str, ...]]:
        """Number of a micro-cluster → names of ImageNet that suit it better than any class, best first."""
        return {each.cluster: each.suggestions for each in self.summary.novel if each.suggestions}

    @property
    def _levels(self) -> tuple[LevelHistory, ...]:
        return self.summary.history

    def images_table(self) -> ImagesTable:
        """What the run says of every image, in the form in which reports list it."""
        outcome, paths = self.outcome, _paths(self.dataset, self.record)

        def path_of(one: str) -> str:
            return paths.get(one, f"{one}, deleted since")

        return ImagesTable(
            paths=[path_of(one) for one in outcome.sample_ids],
            labels=outcome.labels,
            second_labels=outcome.second_labels,
            confidence=outcome.confidence,
            margin=outcome.margin,
            novelty=outcome.novelty,
            is_reviewed=self.is_reviewed,
            clusters={"meta": outcome.meta_cluster, "micro": outcome.micro_cluster},
            alignment={each.level: list(_shares(each)) for each in self.summary.alignment},
            failures=[Failure(path_of(one), why, one) for one, why in self.failures.items()],
            ids=outcome.sample_ids,
        )

    def report(
        self, folder: str | os.PathLike[str], *, title: str = "", png: bool = False, overwrite: bool = False
    ) -> Path:
        """Write labels, metadata, a report to read, and prototypes for new images; see `FinishedRun`."""
        return report_run(
            self.dataset, folder, self.run_key, title=title, png=png, overwrite=overwrite
        ).folder


def load_run(dataset: "fo.Dataset", key: str | None = None) -> StoredRun:
    """Read a finished run of a dataset.

    Args:
        dataset: Dataset of the run.
        key: Key of the run; that which wrote labels last if None.

    Raises:
        InputError: There is no such run, or it wrote no labels.
    """
    from ..dataset.outcome import Outcome
    from ..dataset.record import completed_runs, find_run, read_results

    completed = completed_runs(dataset)
    if key is None and not completed:
        raise InputError("No run has labelled anything in this dataset yet: label it first.")
    record = completed[-1] if key is None else find_run(dataset, key)
    results = read_results(dataset, record.key)
    outcome = Outcome.from_dict(results["outcome"])
    return StoredRun(
        record=record,
        classes=list(record.classes),
        encoder=record.encoder,
        second_encoder=record.second_encoder,
        failures=outcome.failures,
        seconds=record.seconds,
        summary=RunSummary.from_dict(results["summary"]),
        outcome=outcome,
        dataset=dataset,
    )


def load_summary(dataset: "fo.Dataset", key: str) -> RunSummary:
    """What a run came to.

    Args:
        dataset: Dataset of the run.
        key: Key of a run that wrote labels.

    Raises:
        InputError: There is no such run, or it has no labels.
    """
    from ..dataset.record import read_results

    return RunSummary.from_dict(read_results(dataset, key)["summary"])


@dataclass(frozen=True)
class RunReport:
    """A report of a run.

    Attributes:
        folder: Where it is.
        run_key: Key of the run.
        why_no_prototypes: Why `predict` cannot use it, one sentence; "" if it can.
    """

    folder: Path
    run_key: str
    why_no_prototypes: str


def report_run(
    dataset: "fo.Dataset",
    folder: str | os.PathLike[str],
    run_key: str | None = None,
    *,
    title: str = "",
    png: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Write the report of a run, see `write_report`.

    Args:
        dataset: Dataset of the run.
        folder: Folder to make.
        run_key: Key of the run; that which wrote labels last if None.
        title: Heading of the page; the dataset and the run by default.
        png: Whether to write every figure as a PNG file too.
        overwrite: Whether a report that is there may be replaced.
        progress: Called with (stage, done, total) while prototypes are made.

    Raises:
        InputError: There is no such run, or the folder cannot be made.
    """
    check_report_folder(folder, overwrite)
    run = load_run(dataset, run_key)
    prototypes, why_not = None, ""
    try:
        prototypes = _prototypes_again(run, progress)
    except InputError as error:
        why_not = str(error)
    written = write_report(
        folder,
        run.summary,
        run.images_table(),
        prototypes=prototypes,
        versions=package_versions("fiftyone"),
        title=title or f"{dataset.name}, {run.run_key}",
        png=png,
        overwrite=overwrite,
    )
    return RunReport(written, run.run_key, why_not)


def _prototypes_again(stored: StoredRun, progress: Progress | None) -> Prototypes:
    """The prototypes of a run, from the same embeddings.

    Raises:
        InputError: They cannot be made again; the message says why.
    """
    from ..dataset.reading import flat_samples, read_images

    run, outcome = stored.record, stored.outcome
    if run.fields.objects:
        raise InputError("It labelled objects, and new images are labelled as a whole.")
    if any(not value for value in run.inputs.values()):
        raise InputError("It was made from arrays or an encoder object, which no record can keep.")
    samples = flat_samples(stored.dataset)
    images = read_images(samples.select(list(outcome.sample_ids), ordered=True))
    if images.ids != list(outcome.sample_ids):
        raise InputError("Some of its images are no longer in the dataset.")
    source = run.inputs.get
    is_prompted = source("text_embeddings") is None
    classes = [ClassDescription(*pair) for pair in zip(run.classes, run.descriptions, strict=True)]
    prompts = Prompts(classes, list(run.prompt_templates) if is_prompted else None)
    towers = load_towers(
        images,
        prompts,
        source("encoder", run.encoder),
        source("embeddings"),
        source("text_embeddings"),
        source("second_encoder"),
        source("second_embeddings"),
    )
    report = progress or (lambda stage, done, total: None)
    embedded = embed(towers, prompts, images.images, report)
    if embedded.errors:
        raise InputError("Some of its images cannot be read any more.")
    refinement = refine(
        embedded.X,
        embedded.T,
        second_embeddings=embedded.V,
        anchors=np.where(stored.is_reviewed, outcome.labels, -1),
        micro_clusters=outcome.micro_cluster if source("clusters") else None,
        settings=Settings(**run.settings),
        progress=report,
    )
    if np.mean(refinement.labels == outcome.labels) < LEAST_AGREEMENT:
        raise InputError(
            "The same steps give other labels now: the images, the vectors or the encoder changed."
        )
    return make_prototypes(
        refinement, run.classes, embedded.X, embedded.T, second_embeddings=embedded.V, **towers.named()
    )


def _paths(dataset: "fo.Dataset", record: "RunRecord") -> dict[str, str]:
    """Sample or object id → path of the image, of those that are still there."""
    from ..dataset.patches import read_objects
    from ..dataset.reading import flat_samples

    samples = flat_samples(dataset)
    if record.fields.objects is None:
        return dict(zip(*samples.values(["id", "filepath"]), strict=True))
    try:
        objects = read_objects(samples, record.fields.objects)
    except InputError:  # none of them is left
        return {}
    return {one: crop.path for one, crop in zip(objects.ids, objects.images, strict=True)}


def _shares(alignment: Alignment) -> Iterator[ClusterShares]:
    columns = (alignment.clusters, alignment.sizes, alignment.classes, alignment.shares)
    for number, size, classes, shares in zip(*columns, strict=True):
        yield ClusterShares(number, size, dict(zip(classes, shares, strict=True)))
