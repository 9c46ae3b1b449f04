"""Images in files, labelled without FiftyOne and its database.

The same story as in `pipeline`; what comes out is a report in a folder.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .embedding import Embedded, Progress, embed
from .encoders.base import Encoder, ImageTower
from .encoders.descriptions import Classes
from .encoders.known_names import class_reliability, warn_of_names
from .encoders.precomputed import Vectors
from .engine.config import Settings
from .engine.errors import InputError
from .engine.refinement import refine
from .estimate import Cost, estimate_cost
from .labelling import RefinedRun
from .pipeline import settings_for
from .sources import Prompts, Towers, load_towers, read_prompts
from .suggesting import suggest_names
from .versions import package_versions

if TYPE_CHECKING:
    from .report.images_table import ImagesTable


@dataclass(frozen=True, kw_only=True)
class FileLabelling(RefinedRun):
    """A finished run on files.

    Attributes:
        paths: (n,) paths of the labelled images.
        unreadable: Paths of the others, each as often as it was given.
        embedded: The vectors that it was made from.
        towers: What made them.
    """

    paths: list[str]
    unreadable: list[str]
    embedded: Embedded = field(repr=False)
    towers: Towers = field(repr=False)

    @property
    def n_failed(self) -> int:
        """Number of images that could not be labelled; one that was given twice counts twice."""
        return len(self.unreadable)

    def images_table(self) -> "ImagesTable":
        """What the run says of every image, in the form in which reports list it."""
        from .report.images_table import Failure, ImagesTable

        failures = [Failure(path, self.failures[path]) for path in self.unreadable]
        return ImagesTable.of(self.refinement, self.paths, failures=failures)

    def report(
        self, folder: str | os.PathLike[str], *, title: str = "", png: bool = False, overwrite: bool = False
    ) -> Path:
        """Write labels, metadata, a report to read, and prototypes for new images; see `FinishedRun`."""
        from .report.prototypes import make_prototypes
        from .report.summarising import summarise
        from .report.writing import write_report

        prototypes = make_prototypes(
            self.refinement,
            self.classes,
            self.embedded.X,
            self.embedded.T,
            visual_embeddings=self.embedded.V,
            **self.towers.named(),
        )
        return write_report(
            folder,
            summarise(
                self.refinement,
                self.classes,
                encoder=self.encoder,
                failures=self.n_failed,
                suggestions=self.suggested_names,
            ),
            self.images_table(),
            prototypes=prototypes,
            versions=package_versions(),
            title=title or Path(folder).name,
            png=png,
            overwrite=overwrite,
        )


def label_files(
    paths: Sequence[str],
    classes: Classes,
    *,
    prompt_templates: Sequence[str] | None = None,
    encoder: str | Encoder = "auto",
    embeddings: Vectors | None = None,
    text_embeddings: Vectors | None = None,
    visual_encoder: str | ImageTower | None = None,
    visual_embeddings: Vectors | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> FileLabelling:
    """Label image files; FiftyOne is not needed.

    Args:
        paths: n images; not opened where their vectors are given.
        classes: As for `auto_label`, as is everything below; vectors are arrays or `.npy` files.
        prompt_templates: Texts with one `{}` for the name.
        encoder: Name of an encoder, or one.
        embeddings: (n, d) vectors that exist already.
        text_embeddings: (k, d) vectors, one row per class.
        visual_encoder: A second encoder, of the images alone.
        visual_embeddings: (n, v) vectors in its place.
        settings: How to cluster and refine.
        progress: Called with (stage, done, total), stage "embed", "cluster", "refine" or "suggest".

    Returns:
        The finished run.

    Raises:
        InputError: Something given cannot be used.
    """
    prompts, paths, towers, settings = _checked(
        paths,
        classes,
        prompt_templates=prompt_templates,
        encoder=encoder,
        embeddings=embeddings,
        text_embeddings=text_embeddings,
        visual_encoder=visual_encoder,
        visual_embeddings=visual_embeddings,
        settings=settings,
    )
    warn_of_names(towers.text_encoder, prompts.classes)
    clock = _Clock(progress)
    embedded = embed(towers, prompts, paths, clock)
    refinement = refine(
        embedded.X,
        embedded.T,
        visual_embeddings=embedded.V,
        name_reliability=class_reliability(towers.text_encoder, prompts.classes),
        settings=settings,
        progress=clock,
    )
    return FileLabelling(
        classes=prompts.names,
        paths=[paths[row] for row in embedded.rows],
        unreadable=[paths[row] for row in embedded.errors],
        refinement=refinement,
        suggested_names=suggest_names(towers, prompts, embedded.X, refinement, clock),
        failures={paths[row]: error for row, error in embedded.errors.items()},
        encoder=towers.encoder.name,
        encoder_reason=towers.reason,
        visual_encoder=towers.visual.name if towers.visual else "",
        seconds=clock.seconds,
        embedded=embedded,
        towers=towers,
    )


def estimate_files(paths: Sequence[str], classes: Classes, **inputs: object) -> Cost:
    """What `label_files` would cost with the same arguments; nothing is labelled.

    Args:
        paths: n images.
        classes: k classes.
        **inputs: What else `label_files` takes, but for `progress`.

    Raises:
        InputError: Something given cannot be used.
    """
    prompts, paths, towers, settings = _checked(paths, classes, **inputs)
    return estimate_cost(towers, prompts, paths, settings)


def read_paths(file: Path) -> list[str]:
    """Paths from a text file, one per line, blank lines left out.

    Raises:
        InputError: The file cannot be read, or is empty.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the image paths in {file}: {error}.") from error
    paths = [line.strip() for line in lines if line.strip()]
    if not paths:
        raise InputError(f"There are no image paths in {file}: write one per line.")
    return paths


def check_files(paths: Sequence[str]) -> None:
    """Check that every image of a list is there; one that cannot be read costs only itself later.

    Raises:
        InputError: Some are missing.
    """
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first is {missing[0]}: correct the list."
        )


def _checked(
    paths: Sequence[str],
    classes: Classes,
    *,
    prompt_templates: Sequence[str] | None = None,
    encoder: str | Encoder = "auto",
    embeddings: Vectors | None = None,
    text_embeddings: Vectors | None = None,
    visual_encoder: str | ImageTower | None = None,
    visual_embeddings: Vectors | None = None,
    settings: Settings | None = None,
) -> tuple[Prompts, list[str], Towers, Settings]:
    """What `label_files` was given, checked, with the encoders loaded.

    Raises:
        InputError: Something given cannot be used.
    """
    prompts = read_prompts(classes, prompt_templates, text_embeddings)
    if len(paths) == 0:
        raise InputError("There are no images to label: give at least one path.")
    paths = [os.fspath(path) for path in paths]
    towers = load_towers(
        _Files(paths), prompts, encoder, embeddings, text_embeddings, visual_encoder, visual_embeddings
    )
    return prompts, paths, towers, settings_for(towers.encoder, settings)


@dataclass(frozen=True)
class _Files:
    """Image files, which have nothing but their paths."""

    images: list[str]

    @property
    def ids(self) -> list[str]:
        return self.images

    def vectors(self, source: str) -> np.ndarray:
        raise InputError(f"{source!r} is no .npy file: a field or brain key needs a FiftyOne dataset.")

    def clusters(self, source: str) -> np.ndarray:
        raise InputError(f"The clusters {source!r} are a field, which needs a FiftyOne dataset.")


class _Clock:
    """A `progress` that counts the time of every stage and passes the report on."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._since = time.perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + (now - self._since if done else 0.0)
        self._since = now
        if self._progress:
            self._progress(stage, done, total)
