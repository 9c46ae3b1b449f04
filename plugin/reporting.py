"""The report of a run on a dataset, from its record; the samples may have changed since.

Prototypes for new images are not in the record. They are made again from the embeddings, which the cache has,
and left out where that does not give the labels of the run.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .embedding import Progress, embed
from .encoders.descriptions import ClassDescription
from .engine.config import Settings
from .engine.errors import InputError
from .engine.refinement import refine
from .report.images_table import ClusterShares, ImagesTable
from .report.prototypes import Prototypes, make_prototypes
from .report.writing import check_report_folder, write_report
from .sources import Prompts, load_towers
from .summaries import load_summary

if TYPE_CHECKING:
    import fiftyone as fo

    from .dataset.outcome import Outcome
    from .dataset.runs import RunRecord
    from .report.summary import RunSummary

LEAST_AGREEMENT = 0.999
"""Share of the run's labels that must come out again; less than all, because machines round differently."""


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
    png: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Write the report of a run, see `write_report`.

    Args:
        dataset: Dataset of the run.
        folder: Folder to make.
        run_key: Key of the run; that which wrote labels last if None.
        png: Whether to write every figure as a PNG file too.
        overwrite: Whether a report that is there may be replaced.
        progress: Called with (stage, done, total) while prototypes are made.

    Raises:
        InputError: There is no such run, it labelled objects, or the folder cannot be made.
    """
    from .dataset.running import load_outcome
    from .dataset.runs import package_versions

    check_report_folder(folder, overwrite)
    run = _run_to_report(dataset, run_key)
    summary, outcome = load_summary(dataset, run.key), load_outcome(dataset, run.key)
    prototypes, why_not = None, ""
    try:
        prototypes = _prototypes_again(dataset, run, outcome, progress)
    except InputError as error:
        why_not = str(error)
    written = write_report(
        folder,
        summary,
        _table(dataset, summary, outcome),
        prototypes=prototypes,
        versions=package_versions(),
        title=f"{dataset.name}, {run.key}",
        png=png,
        overwrite=overwrite,
    )
    return RunReport(written, run.key, why_not)


def _run_to_report(dataset: "fo.Dataset", key: str | None) -> "RunRecord":
    from .dataset.runs import completed_runs, find_run

    completed = [run for run in completed_runs(dataset) if run.fields.objects is None]
    if key is None and not completed:
        raise InputError("No run has labelled the images of this dataset yet: label them first.")
    run = completed[-1] if key is None else find_run(dataset, key)
    if run.fields.objects is not None:
        raise InputError(f"Run {key!r} labelled objects, and reports are about images: export it instead.")
    return run


def _table(dataset: "fo.Dataset", summary: "RunSummary", outcome: "Outcome") -> ImagesTable:
    """The images by what the record says of them."""
    paths = dict(zip(*dataset.values(["id", "filepath"]), strict=True))
    alignment = {
        each.level: [
            ClusterShares(number, size, dict(zip(classes, shares, strict=True)))
            for number, size, classes, shares in zip(
                each.clusters, each.sizes, each.classes, each.shares, strict=True
            )
        ]
        for each in summary.alignment
    }
    return ImagesTable(
        paths=[paths.get(one, f"sample {one}, deleted since") for one in outcome.sample_ids],
        labels=outcome.labels,
        second_labels=outcome.second_labels,
        confidence=outcome.confidence,
        novelty=outcome.novelty,
        is_known=_is_known(outcome),
        clusters={"meta": outcome.meta_cluster, "micro": outcome.micro_cluster},
        alignment=alignment,
        failures={paths.get(one, one): why for one, why in outcome.failures.items()},
    )


def _prototypes_again(
    dataset: "fo.Dataset", run: "RunRecord", outcome: "Outcome", progress: Progress | None
) -> Prototypes:
    """The prototypes of a run, from the same embeddings.

    Raises:
        InputError: They cannot be made again; the message says why.
    """
    from .dataset.reading import read_images

    if any(not value for value in run.sources.values()):
        raise InputError("It was made from arrays or objects, which no record can keep.")
    images = read_images(dataset.select(list(outcome.sample_ids), ordered=True))
    if images.ids != list(outcome.sample_ids):
        raise InputError("Some of its images are no longer in the dataset.")
    source = run.sources.get
    towers = load_towers(
        images,
        source("encoder", run.encoder),
        source("embeddings"),
        source("text_embeddings"),
        source("visual_encoder"),
        source("visual_embeddings"),
    )
    is_prompted = source("text_embeddings") is None
    classes = [ClassDescription(*pair) for pair in zip(run.classes, run.descriptions, strict=True)]
    prompts = Prompts(classes, list(run.prompt_templates) if is_prompted else None)
    report = progress or (lambda stage, done, total: None)
    embedded = embed(towers, prompts, images.images, report)
    if embedded.errors:
        raise InputError("Some of its images cannot be read any more.")
    refinement = refine(
        embedded.X,
        embedded.T,
        visual_embeddings=embedded.V,
        anchors=np.where(_is_known(outcome), outcome.labels, -1),
        micro_clusters=outcome.micro_cluster if source("clusters") else None,
        settings=Settings(**run.settings),
        progress=report,
    )
    if np.mean(refinement.labels == outcome.labels) < LEAST_AGREEMENT:
        raise InputError(
            "The same steps give other labels now: the images, the vectors or the encoder changed."
        )
    return make_prototypes(
        refinement, run.classes, embedded.X, embedded.T, visual_embeddings=embedded.V, **towers.named()
    )


def _is_known(outcome: "Outcome") -> np.ndarray:
    """(n,) bool, what a person said: nothing else has no place in the order of review."""
    return outcome.review_rank == 0
