"""The story in one place: embed, cluster, refine, label.

Operators, the command line and Python all call `auto_label`.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .encoders.base import Encoder
from .encoders.precomputed import PrecomputedEncoder, Vectors
from .encoders.prompts import class_prototypes
from .encoders.registry import choose_encoder, load_encoder
from .engine.config import Settings
from .engine.errors import InputError
from .engine.refinement import refine
from .engine.results import Refinement
from .engine.validation import check_class_names

if TYPE_CHECKING:
    import fiftyone as fo

    from .dataset.fields import FieldNames
    from .dataset.reading import Images

logger = logging.getLogger("fiftyone_autolabel")

Progress = Callable[[str, int, int], None]
STAGES = {
    "embed": "Embedding images",
    "cluster": "Clustering",
    "refine": "Refining labels",
    "write": "Writing labels",
}
"""Stage of a run, in order → what to call it where its progress is shown."""


@dataclass(frozen=True)
class Labelling:
    """A finished run: what was labelled, how, and how long it took.

    Attributes:
        run_key: Key of the run on the dataset, e.g. for `dataset.load_run_results`.
        classes: (k,) class names.
        encoder: Name of the encoder.
        encoder_reason: Why that encoder was taken, one sentence; "" when it was asked for by name.
        sample_ids: (n,) ids of the labelled samples.
        refinement: Labels, confidence and what explains them, in the order of `sample_ids`.
        failures: Sample id → why it could not be labelled.
        fields: Names of the fields that were written.
        seconds: Stage ("embed", "cluster", "refine", "write") → duration.
    """

    run_key: str
    classes: list[str]
    encoder: str
    encoder_reason: str
    sample_ids: list[str]
    refinement: Refinement
    failures: dict[str, str]
    fields: "FieldNames"
    seconds: dict[str, float] = field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Class → number of images with that label."""
        counts = np.bincount(self.refinement.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    @property
    def expected_accuracy(self) -> float:
        """Share of labels that are expected to be right, in [0, 1]."""
        return self.refinement.expected_accuracy


def auto_label(
    samples: "fo.Dataset | fo.DatasetView",
    classes: Sequence[str],
    *,
    encoder: str | Encoder = "auto",
    embeddings: Vectors | None = None,
    text_embeddings: Vectors | None = None,
    settings: Settings | None = None,
    fields: "FieldNames | None" = None,
    progress: Progress | None = None,
) -> Labelling:
    """Label every image of a dataset or view and write the labels to its samples.

    Nothing is written before every image has a label, so a run that is stopped earlier leaves the
    samples as they were; its embeddings stay in the cache. Of two runs on one dataset, the second waits
    with its writing until the first is done.

    Args:
        samples: Images; ground truth and other fields are left alone.
        classes: (k,) distinct class names.
        encoder: "auto", "offline", "openclip[:MODEL[/PRETRAINED]]", "sentence-transformers:MODEL" or
            an encoder object.
        embeddings: Vectors that exist already: a vector field, a brain key, a `.npy` file or an (n, d)
            array in the order of `samples`. They must come from `encoder`'s model unless
            `text_embeddings` are given too.
        text_embeddings: (k, d) array or `.npy` file, one row per class, instead of the encoder's.
        settings: How to cluster and refine; the defaults suit most data.
        fields: Names of the fields to write.
        progress: Called with (stage, done, total), stage one of `STAGES`.

    Returns:
        The finished run.

    Raises:
        InputError: Something given cannot be used; the message says what, and nothing was written.
    """
    from .dataset.fields import FieldNames, check_fields
    from .dataset.lock import WriteLock
    from .dataset.reading import dataset_of, read_images
    from .dataset.runs import record_run
    from .dataset.writing import write_labels

    clock = _Clock(progress)
    fields = fields or FieldNames()
    names = check_class_names(classes)
    images = read_images(samples)
    check_fields(dataset_of(samples), fields)
    tower, reason = _load_encoder(samples, encoder, embeddings, text_embeddings)

    vectors, T, failures = _embed(tower, images, names, clock.report)
    sample_ids = [sample_id for sample_id in images.ids if sample_id not in failures]
    refinement = refine(vectors, T, settings=_settings_for(tower, settings), progress=clock.report)

    clock.report("write", 0, len(sample_ids))
    with WriteLock(dataset_of(samples)) as lock:

        def written(done: int, total: int) -> None:
            lock.renew()
            clock.report("write", done, total)

        write_labels(dataset_of(samples), sample_ids, names, refinement, failures, fields, written)
        clock.stop()
        run_key = record_run(
            samples,
            classes=names,
            encoder=tower,
            refinement=refinement,
            failures=len(failures),
            fields=fields,
            seconds=clock.seconds,
        )
    return Labelling(
        run_key, names, tower.name, reason, sample_ids, refinement, failures, fields, clock.seconds
    )


def _embed(
    tower: Encoder, images: "Images", classes: list[str], report: Progress
) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Vectors of the images that can be read and of the classes, and why the other images have none.

    Raises:
        InputError: No image can be read.
    """
    report("embed", 0, len(images.ids))
    T = class_prototypes(tower, classes)
    embedded = tower.embed_images(images.paths, partial(report, "embed"))
    if not embedded.errors:
        return embedded.vectors, T, {}
    if len(embedded.errors) == len(images.ids):
        first = next(iter(embedded.errors.values()))
        raise InputError(f"None of the {len(images.ids)} images can be used. The first: {first}")
    readable = [row for row in range(len(images.ids)) if row not in embedded.errors]
    failures = {images.ids[row]: error for row, error in embedded.errors.items()}
    return embedded.vectors[readable], T, failures


def _load_encoder(
    samples: "fo.Dataset | fo.DatasetView",
    encoder: str | Encoder,
    embeddings: Vectors | None,
    text_embeddings: Vectors | None,
) -> tuple[Encoder, str]:
    """The encoder that gives both kinds of vectors, and why it was chosen."""
    if text_embeddings is not None and embeddings is None:
        raise InputError("Text embeddings need image embeddings from the same model: give embeddings too.")
    if embeddings is None:
        return _load_tower(encoder)
    if isinstance(embeddings, str) and not embeddings.endswith(".npy"):
        from .dataset.reading import read_vectors

        embeddings = read_vectors(samples, embeddings)
    if text_embeddings is not None:
        return PrecomputedEncoder(embeddings, text_embeddings), ""
    tower, reason = _load_tower(encoder)
    return PrecomputedEncoder(embeddings, tower), reason


def _load_tower(encoder: str | Encoder) -> tuple[Encoder, str]:
    if hasattr(encoder, "embed_images"):
        return encoder, ""
    if not isinstance(encoder, str):
        raise InputError(f"Give the name of an encoder or an encoder object, not {encoder!r}.")
    choice = choose_encoder(encoder)
    if choice.reason:
        logger.warning(choice.reason)
    return load_encoder(choice.spec), choice.reason


def _settings_for(tower: Encoder, settings: Settings | None) -> Settings:
    """The settings, with what is left to the encoder taken from it."""
    settings = settings or Settings()
    if settings.confidence_temperature is not None:
        return settings
    return settings.with_overrides(confidence_temperature=tower.confidence_temperature)


class _Clock:
    """Passes progress on and keeps the seconds of every stage."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage, self._since = "", time.perf_counter()

    def report(self, stage: str, done: int, total: int) -> None:
        """Count the time since the last report for its stage, and tell whoever listens."""
        self.stop()
        self._stage = stage
        if self._progress:
            self._progress(stage, done, total)

    def stop(self) -> None:
        """Count the time since the last report."""
        now = time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._since = now
