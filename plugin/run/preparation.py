"""Embeddings and clusters on their own, kept in fields, so that several runs can start from them.

`auto_label` computes what it is not given; this is for whoever wants to look at them, or to use them twice.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..encoders.base import ImageTower
from ..encoders.precomputed import PrecomputedImages, Vectors
from ..engine.clustering import micro_cluster_assignments
from ..engine.config import Settings
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.progress import Progress, ShowProgress
from ..engine.rows import Matrix
from ..system.progress_bars import shown_progress
from .embedding import embed_images, given_vectors, load_tower
from .inputs import read_settings, recorded_name
from .pipeline import STAGES

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import Column, Run


@dataclass(frozen=True, repr=False)
class Computed(Displayed):
    """What was written to a field.

    Attributes:
        run_key: Key of the run.
        field: Name of the field.
        n_written: Samples that have a value now.
        failures: Sample id → why it has none.
        encoder: Name of the encoder.
        n_clusters: Number of clusters; None where there are only embeddings.
        n_unclustered: Samples in no cluster, -1 in the field; None where there are only embeddings.
    """

    run_key: str
    field: str
    n_written: int
    failures: dict[str, str]
    encoder: str
    n_clusters: int | None = None
    n_unclustered: int | None = None


def compute_embeddings(
    samples: "fo.Dataset | fo.DatasetView",
    field: str = "embeddings",
    *,
    encoder: str | ImageTower = "auto",
    progress: ShowProgress = None,
) -> Computed:
    """Embed images and keep the vectors in a field, for `auto_label(..., embeddings=field)`.

    The call is a run with a record of its own: it can be cancelled, and leaves either all values or the field
    as it was. Vectors that the cache has are not computed again, so one that was stopped goes on from there.

    Args:
        samples: Images.
        field: Field for the (d,) unit vectors.
        encoder: As for `auto_label`; one that embeds only images will do.
        progress: As for `auto_label`.

    Raises:
        InputError: The samples, the field or the encoder cannot be used, or no image can be read.
        RunCancelledError: Somebody cancelled the run; nothing was written.
    """
    from ..dataset import Column

    column = Column(field, "embeddings")
    _check(samples, column)
    with shown_progress(progress, STAGES) as report:
        tower = _tower(encoder, report)
        _check_others(samples, column, _origin(tower))
        with _under_way(samples, column, tower, {"encoder": recorded_name(encoder)}, report) as run:
            images = embed_readable(samples, tower, run.report)
            run.fill(images.values(images.vectors[:]), _origin(tower), None)
    return Computed(run.key, field, len(images.readable), images.failures, tower.name)


def compute_clusters(
    samples: "fo.Dataset | fo.DatasetView",
    field: str = "cluster",
    *,
    encoder: str | ImageTower = "auto",
    embeddings: Vectors | None = None,
    settings: Settings | Mapping[str, object] | None = None,
    progress: ShowProgress = None,
) -> Computed:
    """Group images that look alike and keep the numbers in a field, for `auto_label(..., clusters=field)`.

    As with `compute_embeddings`, the call is a run with a record of its own.

    Args:
        samples: Images.
        field: Field for the whole numbers, -1 for an image in no cluster.
        encoder: As for `auto_label`; one that embeds only images will do.
        embeddings: Vector field, brain key, `.npy` file or (n, d) array to use in its place.
        settings: How to cluster; by default by the number of images.
        progress: As for `auto_label`.

    Raises:
        InputError: Something given cannot be used, or no image can be read.
        RunCancelledError: Somebody cancelled the run; nothing was written.
    """
    from ..dataset import Column

    column, chosen = Column(field, "clusters"), read_settings(settings)
    _check(samples, column)
    _check_others(samples, column)
    with shown_progress(progress, STAGES) as report:
        tower = load_images_tower(samples, encoder, embeddings, report)
        given = {"encoder": encoder} if embeddings is None else {"embeddings": embeddings}
        names = {name: recorded_name(value) for name, value in given.items()}
        with _under_way(samples, column, tower, names, report) as run:
            images = embed_readable(samples, tower, run.report)
            run.report("cluster", 0, 1)
            resolved = chosen.resolved(len(images.readable), 1)
            assignments = micro_cluster_assignments(images.vectors, resolved)
            run.report("cluster", 1, 1)
            run.fill(images.values(assignments.tolist()), _origin(tower), resolved)
    return Computed(
        run.key,
        field,
        len(images.readable),
        images.failures,
        tower.name,
        n_clusters=int(assignments.max(initial=-1)) + 1,
        n_unclustered=int((assignments < 0).sum()),
    )


@dataclass(frozen=True)
class EmbeddedSamples:
    """The images of samples, embedded.

    Attributes:
        ids: (n,) sample ids.
        readable: (m,) those of the images that could be read.
        vectors: (m, d) unit rows.
        failures: Sample id → why the image could not be used.
    """

    ids: list[str]
    readable: list[str]
    vectors: Matrix
    failures: dict[str, str]

    def values(self, found: Sequence | np.ndarray) -> dict[str, object]:
        """Sample id → value of the m that were found, None for the others."""
        return dict.fromkeys(self.ids) | dict(zip(self.readable, found, strict=True))


def _check(samples: "fo.Dataset | fo.DatasetView", column: "Column") -> None:
    from ..dataset import check_column, check_samples, dataset_of

    check_samples(samples)
    check_column(dataset_of(samples), column)


def _check_others(
    samples: "fo.Dataset | fo.DatasetView", column: "Column", origin: dict[str, str] | None = None
) -> None:
    """Refuse to mix: cluster numbers mean something within one clustering, and vectors within one encoder.

    Args:
        samples: What gets new values.
        column: The field of the values.
        origin: What its other values must come from to stay; None if they cannot stay.
    """
    from ..dataset import dataset_of, flat_samples

    dataset, name = dataset_of(samples), column.name
    field = dataset.get_field(name)
    if field is None or (origin is not None and origin.items() <= (field.info or {}).items()):
        return
    if len(flat_samples(dataset).exists(name)) > len(samples.exists(name)):
        raise InputError(
            f"Field {name!r} holds {column.role} of samples outside this view, which would not fit: "
            "choose another field, or compute all."
        )


def _under_way(
    samples: "fo.Dataset | fo.DatasetView",
    column: "Column",
    tower: ImageTower,
    names: dict[str, str],
    report: Progress,
) -> "AbstractContextManager[Run]":
    """Start a run that names no classes."""
    from ..dataset import run_under_way

    described: dict[str, object] = {"encoder": tower.name, "encoder_version": tower.version, "inputs": names}
    return run_under_way(samples, described, None, column, n_images=len(samples), progress=report)


def _origin(tower: ImageTower) -> dict[str, str]:
    return {"encoder": tower.name, "encoder_version": tower.version}


def _tower(encoder: str | ImageTower, report: Progress) -> ImageTower:
    report("load", 0, 1)
    tower, _ = load_tower(encoder, "embed_images")
    report("load", 1, 1)
    return tower


def load_images_tower(
    samples: "fo.Dataset | fo.DatasetView",
    encoder: str | ImageTower,
    embeddings: Vectors | None,
    report: Progress,
) -> ImageTower:
    """What embeds the images of samples: an encoder, or vectors that exist already in its place.

    Raises:
        InputError: The encoder or the vectors cannot be used.
    """
    return _tower(encoder, report) if embeddings is None else _given(samples, embeddings)


def _given(samples: "fo.Dataset | fo.DatasetView", embeddings: Vectors) -> PrecomputedImages:
    """Vectors that exist already, in the place of an encoder."""
    from ..dataset import read_images

    given = PrecomputedImages(given_vectors(read_images(samples), embeddings))
    given.check_count(len(samples))
    return given


def embed_readable(
    samples: "fo.Dataset | fo.DatasetView", tower: ImageTower, report: Progress
) -> EmbeddedSamples:
    """Embed the images of samples; those that cannot be read are told.

    Raises:
        InputError: No image can be read.
    """
    ids, paths = samples.values(["id", "filepath"])
    found = embed_images([tower], paths, report)
    found.require_some()
    failures = {ids[row]: error for row, error in found.errors.items()}
    return EmbeddedSamples(ids, [ids[row] for row in found.rows], found.views[0], failures)
