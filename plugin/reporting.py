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
from .encoders.known_names import class_reliability
from .engine.config import Settings
from .engine.errors import InputError
from .engine.refinement import refine
from .report.prototypes import Prototypes, make_prototypes
from .report.writing import check_report_folder, write_report
from .sources import Prompts, load_towers
from .stored import StoredRun, load_run
from .versions import package_versions

if TYPE_CHECKING:
    import fiftyone as fo

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
    from .dataset.reading import flat_samples, read_images

    run, outcome = stored.record, stored.outcome
    if run.fields.objects:
        raise InputError("It labelled objects, and new images are labelled as a whole.")
    if any(not value for value in run.sources.values()):
        raise InputError("It was made from arrays or an encoder object, which no record can keep.")
    samples = flat_samples(stored.dataset)
    images = read_images(samples.select(list(outcome.sample_ids), ordered=True))
    if images.ids != list(outcome.sample_ids):
        raise InputError("Some of its images are no longer in the dataset.")
    source = run.sources.get
    is_prompted = source("text_embeddings") is None
    classes = [ClassDescription(*pair) for pair in zip(run.classes, run.descriptions, strict=True)]
    prompts = Prompts(classes, list(run.prompt_templates) if is_prompted else None)
    towers = load_towers(
        images,
        prompts,
        source("encoder", run.encoder),
        source("embeddings"),
        source("text_embeddings"),
        source("visual_encoder"),
        source("visual_embeddings"),
    )
    report = progress or (lambda stage, done, total: None)
    embedded = embed(towers, prompts, images.images, report)
    if embedded.errors:
        raise InputError("Some of its images cannot be read any more.")
    refinement = refine(
        embedded.X,
        embedded.T,
        visual_embeddings=embedded.V,
        anchors=np.where(stored.is_known, outcome.labels, -1),
        micro_clusters=outcome.micro_cluster if source("clusters") else None,
        name_reliability=class_reliability(towers.text_encoder, prompts.classes),
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
