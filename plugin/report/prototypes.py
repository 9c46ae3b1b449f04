"""Saved prototypes: what a run has learnt, so that images to come need none of the old ones.

A classifier of a few arrays in a folder, with the names of the classes and of the encoders.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from ..engine.classifier import Classifier, Predictions, fit_classifier
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.results import Refinement
from ..engine.rows import Matrix
from ..system.arrays import read_array, read_arrays
from ..system.targets import check_target, new_folder
from ..wording import is_readable

KIND = "classifier"
VERSION = 1
PROTOTYPES_NAME = "class_prototypes.npy"
CLASSIFIER_NAME = "classifier.npz"
CLASSES_NAME = "classes.json"
WEIGHTS = ("text_weights", "image_weights", "bias")
FACTS = ("has_second_encoder", "images", "agreement")


@dataclass(frozen=True, repr=False)
class Prototypes(Displayed):
    """Everything that labels new images; k classes.

    Attributes:
        classes: (k,) class names.
        classifier: From vectors to classes.
        encoder: Name of the encoder that made the vectors, "" where it is not known.
        encoder_version: Its version, which new images need too; "" where it is not known.
        second_encoder: Name of the second encoder, "" without one.
        second_encoder_version: Its version, "" without one.
    """

    classes: tuple[str, ...]
    classifier: Classifier
    encoder: str = ""
    encoder_version: str = ""
    second_encoder: str = ""
    second_encoder_version: str = ""


def make_prototypes(
    refinement: Refinement,
    classes: Sequence[str],
    embeddings: Matrix,
    text_embeddings: np.ndarray,
    *,
    second_embeddings: Matrix | None = None,
    encoder: str = "",
    encoder_version: str = "",
    second_encoder: str = "",
    second_encoder_version: str = "",
) -> Prototypes:
    """Turn a finished run into what labels images to come, see `fit_classifier`.

    Args:
        refinement: What the engine returned.
        classes: (k,) class names.
        embeddings: (n, d) what it was made from.
        text_embeddings: (k, d) what it was made from.
        second_embeddings: (n, v) where it was made with them.
        encoder: Name of the encoder of `embeddings`.
        encoder_version: Its version.
        second_encoder: Name of the encoder of `second_embeddings`.
        second_encoder_version: Its version.

    Raises:
        InputError: The arrays do not fit each other or the refinement.
    """
    k = refinement.probabilities.shape[1]
    if len(classes) != k:
        raise InputError(f"There are {len(classes)} class names for {k} classes: give one for each.")
    classifier = fit_classifier(refinement, embeddings, text_embeddings, second_embeddings)
    return Prototypes(
        tuple(classes), classifier, encoder, encoder_version, second_encoder, second_encoder_version
    )


def label_by_prototypes(
    embeddings: Matrix, prototypes: Prototypes, *, second_embeddings: Matrix | None = None
) -> Predictions:
    """Label new images by saved prototypes.

    Args:
        embeddings: (n, d) vectors by the encoder of the prototypes.
        prototypes: What `load_prototypes` returned.
        second_embeddings: (n, v) vectors by their second encoder, where they have one.

    Raises:
        InputError: The vectors cannot be of those encoders.
    """
    if prototypes.second_encoder and second_embeddings is None:
        raise InputError(
            f"These prototypes were made with a second encoder, {prototypes.second_encoder}: give its "
            "vectors too."
        )
    return prototypes.classifier.predict(embeddings, second_embeddings)


def save_prototypes(
    folder: str | os.PathLike[str], prototypes: Prototypes, *, overwrite: bool = False
) -> Path:
    """Write `class_prototypes.npy`, `classifier.npz` and `classes.json` into a new folder.

    Returns:
        The folder.

    Raises:
        InputError: The folder exists, or cannot be written.
    """
    target = check_target(folder, overwrite, KIND)
    with new_folder(target, KIND, overwrite=overwrite) as staging:
        write_prototypes(staging, prototypes)
    return target


def write_prototypes(folder: Path, prototypes: Prototypes) -> None:
    """Write the same files into a folder that exists."""
    classifier = prototypes.classifier
    np.save(folder / PROTOTYPES_NAME, classifier.prototypes, allow_pickle=False)
    np.savez(folder / CLASSIFIER_NAME, **{name: getattr(classifier, name) for name in WEIGHTS})
    words = {
        "version": VERSION,
        "classes": list(prototypes.classes),
        "encoder": prototypes.encoder,
        "encoder_version": prototypes.encoder_version,
        "second_encoder": prototypes.second_encoder,
        "second_encoder_version": prototypes.second_encoder_version,
        **{name: getattr(classifier, name) for name in FACTS},
    }
    text = json.dumps(words, ensure_ascii=False, allow_nan=False, indent=2)
    (folder / CLASSES_NAME).write_text(text + "\n", encoding="utf-8")


def load_prototypes(folder: str | os.PathLike[str]) -> Prototypes:
    """Read what `save_prototypes` or a report wrote; numbers and words only, nothing in it is executed.

    Raises:
        InputError: The folder holds no prototypes, or damaged ones.
    """
    folder = Path(folder).expanduser()
    try:
        words = json.loads((folder / CLASSES_NAME).read_text(encoding="utf-8"))
        version = words.pop("version")
        # Folders from before arrays alone could be labelled do not say it; all their runs named the encoder.
        words.setdefault("has_second_encoder", bool(words["second_encoder"]))
        facts = {name: words.pop(name) for name in FACTS}
        arrays = read_arrays(folder / CLASSIFIER_NAME, WEIGHTS)
        classifier = Classifier(read_array(folder / PROTOTYPES_NAME), **arrays, **facts)
        loaded = Prototypes(classifier=classifier, **words)
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no saved prototypes, {Path(error.filename).name} is missing: give the folder of "
            "a report."
        ) from error
    except Exception as error:  # every kind of damage raises its own
        raise InputError(f"The prototypes in {folder} cannot be read: save them again.") from error
    if version != VERSION:
        raise InputError(
            f"The prototypes in {folder} have version {version}, not {VERSION}: save them again."
        )
    if not _are_of_their_kinds(loaded):
        raise InputError(f"The prototypes in {folder} cannot be read: save them again.")
    _check_shapes(loaded, folder)
    return replace(loaded, classes=tuple(loaded.classes))


def _are_of_their_kinds(prototypes: Prototypes) -> bool:
    """Whether everything but the shapes is what its name says."""
    classifier = prototypes.classifier
    arrays = [classifier.prototypes, *(getattr(classifier, name) for name in WEIGHTS)]
    texts = [getattr(prototypes, field.name) for field in fields(prototypes) if field.type is str]
    return (
        isinstance(prototypes.classes, list)
        and all(isinstance(text, str) and is_readable(text) for text in (*prototypes.classes, *texts))
        and all(array.dtype.kind == "f" for array in arrays)
        and isinstance(classifier.has_second_encoder, bool)
        and isinstance(classifier.images, int)
        and isinstance(classifier.agreement, float | int)
    )


def _check_shapes(prototypes: Prototypes, folder: Path) -> None:
    k, classifier = len(prototypes.classes), prototypes.classifier
    arrays = (classifier.prototypes, classifier.text_weights, classifier.image_weights)
    fits = (
        all(array.ndim == 2 and len(array) == k for array in arrays)
        and classifier.prototypes.shape == classifier.image_weights.shape
        and classifier.bias.shape == (k,)
        and all(np.isfinite(array).all() for array in (*arrays, classifier.bias))
    )
    if not fits:
        raise InputError(f"The arrays in {folder} do not fit its {k} classes: save the prototypes again.")
