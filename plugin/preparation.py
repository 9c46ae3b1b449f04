"""Embeddings and clusters on their own, kept in fields, so that several runs can start from them.

`auto_label` computes what it is not given; this is for whoever wants to look at them, or to use them twice.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .embedding import Progress
from .encoders.base import ImageEmbeddings, ImageTower
from .encoders.precomputed import PrecomputedImages, Vectors
from .encoders.registry import choose_encoder, load_encoder
from .engine.clustering import micro_cluster_assignments
from .engine.config import Settings
from .engine.errors import InputError

if TYPE_CHECKING:
    import fiftyone as fo


@dataclass(frozen=True)
class Computed:
    """What was written to a field.

    Attributes:
        field: Name of the field.
        n_written: Samples that have a value now.
        failures: Sample id → why it has none.
        encoder: Name of the encoder.
        n_clusters: Number of clusters; None where there are only embeddings.
        n_unclustered: Samples in no cluster, -1 in the field; None where there are only embeddings.
    """

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
    progress: Progress | None = None,
) -> Computed:
    """Embed images and keep the vectors in a field, for `auto_label(..., embeddings=field)`.

    Vectors that the cache has are not computed again, so a call that was stopped goes on from there.

    Args:
        samples: Images.
        field: Field for the (d,) unit vectors.
        encoder: As for `auto_label`; one that embeds only images will do.
        progress: Called with (stage, done, total), stage "embed" or "write".

    Raises:
        InputError: The samples, the field or the encoder cannot be used, or no image can be read.
    """
    import fiftyone as fo

    from .dataset.columns import check_column, write_column
    from .dataset.reading import check_samples, dataset_of

    report = progress or _silent
    check_samples(samples)
    check_column(dataset_of(samples), field, fo.VectorField, "embeddings")
    tower = _tower(encoder)
    ids, found = _embedded(samples, tower, report)
    errors = found.errors
    values = [None if row in errors else vector for row, vector in enumerate(found.vectors)]
    info = {"role": "embeddings", "encoder": tower.name, "encoder_version": tower.version}

    write_column(dataset_of(samples), field, fo.VectorField, info, ids, values, partial(report, "write"))
    failures = {ids[row]: errors[row] for row in sorted(errors)}
    return Computed(field, len(ids) - len(failures), failures, tower.name)


def compute_clusters(
    samples: "fo.Dataset | fo.DatasetView",
    field: str = "cluster",
    *,
    encoder: str | ImageTower = "auto",
    embeddings: Vectors | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Computed:
    """Group images that look alike and keep the numbers in a field, for `auto_label(..., clusters=field)`.

    Args:
        samples: Images.
        field: Field for the whole numbers, -1 for an image in no cluster.
        encoder: As for `auto_label`; one that embeds only images will do.
        embeddings: Vector field, brain key, `.npy` file or (n, d) array to use in its place.
        settings: How to cluster; by default by the number of images.
        progress: Called with (stage, done, total), stage "embed", "cluster" or "write".

    Raises:
        InputError: Something given cannot be used, or no image can be read.
    """
    import fiftyone as fo

    from .dataset.columns import check_column, write_column
    from .dataset.reading import check_samples, dataset_of

    report = progress or _silent
    check_samples(samples)
    check_column(dataset_of(samples), field, fo.IntField, "clusters")
    tower = _tower(encoder) if embeddings is None else _given(samples, embeddings)
    ids, found = _embedded(samples, tower, report)
    errors = found.errors
    readable = np.array([row for row in range(len(ids)) if row not in errors])
    report("cluster", 0, 1)
    settings = (settings or Settings()).resolved(len(readable), 1)
    assignments = micro_cluster_assignments(found.vectors[readable], settings)
    report("cluster", 1, 1)
    values: list[int | None] = [None] * len(ids)
    for row, cluster in zip(readable.tolist(), assignments.tolist(), strict=True):
        values[row] = cluster
    info = {"role": "clusters", "encoder": tower.name, "encoder_version": tower.version}

    write_column(dataset_of(samples), field, fo.IntField, info, ids, values, partial(report, "write"))
    return Computed(
        field,
        len(readable),
        {ids[row]: errors[row] for row in sorted(errors)},
        tower.name,
        n_clusters=int(assignments.max(initial=-1)) + 1,
        n_unclustered=int((assignments < 0).sum()),
    )


def _tower(encoder: str | ImageTower) -> ImageTower:
    return load_encoder(choose_encoder(encoder).spec) if isinstance(encoder, str) else encoder


def _given(samples: "fo.Dataset | fo.DatasetView", embeddings: Vectors) -> PrecomputedImages:
    """Vectors that exist already, in the place of an encoder."""
    from .dataset.reading import read_vectors

    is_named = isinstance(embeddings, str) and not embeddings.endswith(".npy")
    given = PrecomputedImages(read_vectors(samples, embeddings) if is_named else embeddings)
    given.check_count(len(samples))
    return given


def _embedded(
    samples: "fo.Dataset | fo.DatasetView", tower: ImageTower, report: Progress
) -> tuple[list[str], ImageEmbeddings]:
    """The sample ids and their vectors.

    Raises:
        InputError: No image can be read.
    """
    ids, paths = samples.values(["id", "filepath"])
    report("embed", 0, len(ids))
    found = tower.embed_images(paths, partial(report, "embed"))
    if len(found.errors) == len(ids):
        first = found.errors[min(found.errors)]
        raise InputError(f"None of the {len(ids)} images can be used. The first: {first}")
    return ids, found


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
