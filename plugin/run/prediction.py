"""New images labelled by the saved prototypes of a run, without the images of that run.

The encoders are those that the prototypes name; others are refused.
"""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..encoders.base import ImageTower
from ..encoders.image_files import images_at
from ..encoders.opening import ImageLike, name_of
from ..encoders.precomputed import PrecomputedImages, Vectors
from ..encoders.registry import load_encoder
from ..engine.errors import InputError
from ..engine.progress import ShowProgress
from ..report.prototypes import Prototypes, label_by_prototypes
from ..system.progress_bars import shown_progress
from ..wording import readable
from .embedding import EmbeddedImages, embed_images
from .files import read_paths
from .pipeline import STAGES

COLUMNS = ("path", "label", "confidence", "second_choice", "error")


@dataclass(frozen=True)
class Prediction:
    """What was found for one image.

    Attributes:
        path: The image.
        label: Its class; None if it could not be labelled.
        confidence: In [0, 1]; None if it could not be labelled.
        second_choice: Second most likely class; None if there is none.
        error: Why it could not be labelled; None if it was.
    """

    path: str
    label: str | None = None
    confidence: float | None = None
    second_choice: str | None = None
    error: str | None = None


def predict_files(
    prototypes: Prototypes,
    paths: Sequence[str],
    *,
    embeddings: Vectors | None = None,
    second_embeddings: Vectors | None = None,
    progress: ShowProgress = None,
) -> list[Prediction]:
    """Label images by saved prototypes.

    Args:
        prototypes: What `load_prototypes` returned.
        paths: n images; not opened where their vectors are given.
        embeddings: (n, d) vectors by the encoder of the prototypes, an array or a `.npy` file.
        second_embeddings: (n, v) vectors by their second encoder.
        progress: As for `auto_label`.

    Returns:
        One prediction per path, in order.

    Raises:
        InputError: The encoder of the prototypes is not to be had, or the vectors cannot be of it.
    """
    towers = load_towers(prototypes, embeddings, second_embeddings)
    return predict_with(prototypes, towers, paths, progress)


def load_towers(
    prototypes: Prototypes, embeddings: Vectors | None = None, second_embeddings: Vectors | None = None
) -> list[ImageTower]:
    """The encoders of saved prototypes, or given vectors; the arguments of `predict_files`.

    Raises:
        InputError: An encoder is not to be had, or it is not known which it was.
    """
    towers = [_tower(prototypes.encoder, prototypes.encoder_version, embeddings, "vectors")]
    if prototypes.second_encoder:
        version = prototypes.second_encoder_version
        towers.append(_tower(prototypes.second_encoder, version, second_embeddings, "--second-embeddings"))
    return towers


def predict_with(
    prototypes: Prototypes,
    towers: Sequence[ImageTower],
    images: Sequence[ImageLike],
    progress: ShowProgress = False,
) -> list[Prediction]:
    """Label images by encoders that are loaded.

    Args:
        prototypes: What `load_prototypes` returned.
        towers: What `load_towers` returned.
        images: n paths or arrays of pixels.
        progress: As for `auto_label`.
    """
    with shown_progress(progress, STAGES) as report:
        found = embed_images(towers, images, report)
    return list(_predictions(prototypes, [name_of(image) for image in images], found))


def write_predictions(file: TextIO, predictions: Sequence[Prediction], as_json: bool) -> None:
    """Write predictions as CSV with a header, or as a JSON list with one image per line."""
    if as_json:
        lines = ",\n".join(json.dumps(vars(each), ensure_ascii=False) for each in predictions)
        file.write(f"[\n{lines}\n]\n")
        return
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(map(vars, predictions))


def _tower(name: str, version: str, vectors: Vectors | None, what: str) -> ImageTower:
    if vectors is not None:
        return PrecomputedImages(vectors)
    if name in ("", PrecomputedImages.name):
        raise InputError(
            f"These prototypes were made from vectors of your own: give {what} of the new images by the same "
            "model, as a .npy file."
        )
    tower = load_encoder(name)
    if version and tower.version != version:
        raise InputError(
            f"These prototypes were made with version {version} of the encoder {name}, and here it has "
            f"version {tower.version}: label again to make new ones."
        )
    return tower


def _predictions(
    prototypes: Prototypes, paths: Sequence[str], embedded: EmbeddedImages
) -> Iterator[Prediction]:
    found, errors = {}, embedded.errors
    if len(embedded.rows):
        X, *others = embedded.views
        predictions = label_by_prototypes(X, prototypes, second_embeddings=others[0] if others else None)
        columns = (predictions.labels, predictions.confidence, predictions.second_labels)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        found = dict(zip(embedded.rows.tolist(), rows, strict=True))
    names = (*prototypes.classes, None)  # -1, which stands for none, is the last
    for row, path in enumerate(map(readable, paths)):
        if row in errors:
            yield Prediction(path, error=errors[row])
            continue
        label, confidence, second = found[row]
        yield Prediction(path, names[label], round(confidence, 4), names[second])


def paths_of(images: str, image_paths: Path | None) -> tuple[list[str], str | None]:
    """Paths of new images, and the file of their vectors if that is what was given.

    Args:
        images: A folder of images, an image, or a `.npy` file of vectors.
        image_paths: Text file with the path of every row of the vectors; they are numbered without it.

    Raises:
        InputError: There is no such thing.
    """
    path = Path(os.path.expanduser(images))
    if path.suffix == ".npy":
        rows = PrecomputedImages(str(path)).count
        paths = read_paths(image_paths) if image_paths else [f"row {row}" for row in range(rows)]
        return paths, str(path)
    if image_paths is not None:
        raise InputError("--image-paths names the rows of a .npy file: leave it out for images.")
    return images_at(images), None
