"""A run on a dataset, read back from its record, and its report.

The samples may have changed since; they are asked for nothing but their paths.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import InputError
from ..engine.progress import ShowProgress
from ..report.images_table import ClusterShares, Failure, ImagesTable
from ..report.prototypes import Prototypes, make_prototypes
from ..report.summary import Alignment, RunSummary
from ..report.writing import check_report_folder
from ..system.progress_bars import shown_progress
from .audit import measured_runs
from .embedding import load_towers
from .inputs import Inputs
from .labelling import label_items
from .pipeline import STAGES
from .results import OBJECTS_HAVE_NO_PROTOTYPES, SETS_HAVE_NO_PROTOTYPES, LabelledRun

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import FieldNames, Outcome, RunRecord

LEAST_AGREEMENT = 0.999
"""Share of the run's labels that must come out again; less than all, because machines round differently."""


@dataclass(frozen=True, kw_only=True, repr=False)
class StoredRun(LabelledRun):
    """A finished run as its record has it.

    Attributes:
        record: State, inputs, settings and fields of the run.
    """

    record: "RunRecord"
    _outcome: dict[str, Any]

    @property
    def run_key(self) -> str:
        """Key of the run on the dataset."""
        return self.record.key

    @property
    def fields(self) -> "FieldNames":
        """Names of the fields that the run wrote."""
        return self.record.label_fields

    @cached_property
    def outcome(self) -> "Outcome":
        """What it said of every sample, or of every object."""
        from ..dataset import Outcome, reading_results

        with reading_results(self.run_key):
            return Outcome.from_dict(self._outcome)

    @property
    def remarks(self) -> list[str]:
        """What an audit has measured, and what the class counts say."""
        measured = self.summary.measured
        return [*(measured.sentences if measured else ()), *super().remarks]

    @property
    def failures(self) -> dict[str, str]:
        """Id of what could not be labelled → why."""
        return self.outcome.failures

    @property
    def is_reviewed(self) -> np.ndarray:
        """(n,) bool, whether a label was reviewed before the run: only those have no review rank."""
        return self.outcome.review_rank == 0

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
            texts=outcome.texts() if outcome.is_multilabel else None,
        )

    def prototypes(self, progress: ShowProgress = None) -> Prototypes:
        """What the run has learnt, made again from the same embeddings, which the cache has.

        Args:
            progress: As for `auto_label`.

        Raises:
            InputError: The steps cannot be repeated or do not give the labels of the run; the message says
                why.
        """
        from ..dataset import audit_probabilities, images_of, stated_classes

        run, outcome = self.record, self.outcome
        if run.label_fields.objects:
            raise InputError(OBJECTS_HAVE_NO_PROTOTYPES)
        if run.label_fields.multilabel:
            raise InputError(SETS_HAVE_NO_PROTOTYPES)
        if any(not name for name in run.inputs.values()):
            raise InputError("It was made from arrays or an encoder object, which its record does not keep.")
        images = images_of(self.dataset, outcome.sample_ids)
        inputs = Inputs.of_run(run, {"encoder": run.inputs.get("encoder", run.encoder)})
        with shown_progress(progress, STAGES) as report:
            towers = load_towers(inputs, images, report)
            found = label_items(
                images,
                inputs,
                towers,
                report,
                clusters=outcome.micro_cluster if inputs.clusters is not None else None,
                anchors_of=lambda _: np.where(self.is_reviewed, outcome.labels, -1),
                drawn=audit_probabilities(self.dataset, run.label_fields, before=run),
                stated=stated_classes(self.dataset, run.label_fields, before=run),
            )
        if found.embedded.errors:
            raise InputError("Some of its images cannot be read any more.")
        if np.mean(found.refinement.labels == outcome.labels) < LEAST_AGREEMENT:
            raise InputError(
                "The same steps give other labels now: the images, the vectors or the encoder changed."
            )
        return make_prototypes(
            found.refinement,
            run.classes,
            found.embedded.X,
            found.embedded.T,
            second_embeddings=found.embedded.V,
            **towers.named(),
        )


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


def load_run(dataset: "fo.Dataset", key: str | None = None) -> StoredRun:
    """Read a finished run of a dataset.

    Args:
        dataset: Dataset of the run.
        key: Key of the run; that which wrote labels last if None.

    Raises:
        InputError: There is no such run, or it wrote no labels.
    """
    from ..dataset import (
        complete_interrupted,
        completed_runs,
        find_run,
        open_contradictions,
        read_results,
        reading_results,
    )

    complete_interrupted(dataset)
    completed = completed_runs(dataset)
    if key is None and not completed:
        raise InputError("No run has labelled anything in this dataset yet: label it first.")
    record = completed[-1] if key is None else find_run(dataset, key)
    results = read_results(dataset, record.key)
    with reading_results(record.key):
        summary, outcome = RunSummary.from_dict(results["summary"]), dict(results["outcome"])
        found = {one: tuple(pair) for one, pair in outcome.get("contradictions", {}).items()}
    measured = measured_runs(dataset, [record]).get(record.key)
    return StoredRun(
        record=record,
        classes=list(record.classes),
        encoder=record.encoder,
        second_encoder=record.second_encoder,
        seconds=record.seconds,
        summary=replace(summary, measured=measured),
        _outcome=outcome,
        contradictions=open_contradictions(dataset, record.label_fields, found),
        dataset=dataset,
    )


def report_run(
    dataset: "fo.Dataset",
    folder: str | os.PathLike[str],
    run_key: str | None = None,
    *,
    title: str = "",
    png: bool = False,
    overwrite: bool = False,
    progress: ShowProgress = None,
) -> RunReport:
    """Write the report of a run, see `write_report`, and say what it lacks.

    Args:
        dataset: Dataset of the run.
        folder: Folder to make.
        run_key: Key of the run; that which wrote labels last if None.
        title: Heading of the page; the dataset and the run by default.
        png: Whether to write every figure as a PNG file too.
        overwrite: Whether an earlier report may be replaced.
        progress: As for `auto_label`, while prototypes are made.

    Raises:
        InputError: There is no such run, or the folder cannot be made.
    """
    check_report_folder(folder, overwrite)
    run = load_run(dataset, run_key)
    prototypes, why_not = None, ""
    try:
        prototypes = run.prototypes(progress)
    except InputError as error:
        why_not = str(error)
    written = run.write_report(folder, prototypes, title=title, png=png, overwrite=overwrite)
    return RunReport(written, run.run_key, why_not)


def _paths(dataset: "fo.Dataset", record: "RunRecord") -> dict[str, str]:
    """Sample or object id → path of the image, of those that are still there."""
    from ..dataset import flat_samples, read_objects

    samples = flat_samples(dataset)
    if record.label_fields.objects is None:
        return dict(zip(*samples.values(["id", "filepath"]), strict=True))
    try:
        objects = read_objects(samples, record.label_fields.objects)
    except InputError:  # none of them is left
        return {}
    return {one: crop.path for one, crop in zip(objects.ids, objects.images, strict=True)}


def _shares(alignment: Alignment) -> Iterator[ClusterShares]:
    columns = (alignment.clusters, alignment.sizes, alignment.classes, alignment.shares)
    for number, size, classes, shares in zip(*columns, strict=True):
        yield ClusterShares(number, size, dict(zip(classes, shares, strict=True)))
