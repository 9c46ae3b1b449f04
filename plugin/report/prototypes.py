"""Saved prototypes: what a run has learnt, so that images to come need none of the old ones.

Labels are a linear function of the image vectors, so a folder of a few arrays is all there is to keep.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import linalg

from ..engine.balance import logit_scale
from ..engine.errors import InputError
from ..engine.results import Refinement
from ..engine.validation import check_pair, check_visual
from ..engine.vectors import TRUSTED_IMAGES, principal_projection, row_chunks, softmax
from .target import new_folder

VERSION = 1
PROTOTYPES_NAME = "class_prototypes.npy"
CLASSIFIER_NAME = "classifier.npz"
CLASSES_NAME = "classes.json"

MOST_DIMENSIONS = 256
SEEN_IMAGES = 20.0
"""Images of a class at which its prototype is half known."""

MOST_FITTED = 20_000
"""Images of the run that are looked at for the bias and the temperature; more change neither."""

MOST_ROUNDS = 100
SETTLED = 1e-3
TEMPERATURES = (0.1, 20.0)
HALVINGS = 30


@dataclass(frozen=True)
class Prototypes:
    """Everything that labels new images; k classes.

    Logits are `X @ text_weights.T + V @ image_weights.T + bias`.

    Attributes:
        classes: (k,) class names.
        prototypes: (k, v) float32 unit rows, what the run ended with; in the space of the geometry.
        text_weights: (k, d) float32, the class names, scaled.
        image_weights: (k, v) float32, the linear discriminant of the prototypes.
        bias: (k,) float32.
        encoder: Name of the encoder that made X.
        encoder_version: Its version; new images need the same.
        visual_encoder: Name of the encoder that made V, "" where V is X.
        visual_encoder_version: Its version, "" where V is X.
        images: Number of images that the run labelled.
        agreement: Share of those that get the run's label again, in [0, 1].
    """

    classes: tuple[str, ...]
    prototypes: np.ndarray = field(repr=False)
    text_weights: np.ndarray = field(repr=False)
    image_weights: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)
    encoder: str
    encoder_version: str
    visual_encoder: str
    visual_encoder_version: str
    images: int
    agreement: float


@dataclass(frozen=True)
class Predictions:
    """Labels of new images; n images.

    Attributes:
        labels: (n,) int64 class numbers.
        confidence: (n,) float32 in [0, 1], the largest probability. On the images of the run its mean is the
            accuracy that the run expected; images unlike those are likely to be worse than it says.
        second_labels: (n,) int64 second most likely class, -1 where there is but one class.
    """

    labels: np.ndarray
    confidence: np.ndarray
    second_labels: np.ndarray


def make_prototypes(
    refinement: Refinement,
    classes: Sequence[str],
    embeddings: np.ndarray,
    text_embeddings: np.ndarray,
    *,
    visual_embeddings: np.ndarray | None = None,
    encoder: str = "",
    encoder_version: str = "",
    visual_encoder: str = "",
    visual_encoder_version: str = "",
) -> Prototypes:
    """Turn a finished run into what labels images to come.

    Cosines with the class names, scaled as in the run, plus the linear discriminant (Fisher 1936) of the
    prototypes with the covariance of the images within classes, weighted as far as the images are enough to
    know it. The bias makes the classes as frequent as the run found them, and one temperature makes the
    mean confidence on the run's images the accuracy that the run expected.

    Args:
        refinement: What the engine returned.
        classes: (k,) class names.
        embeddings: (n, d) what it was made from.
        text_embeddings: (k, d) what it was made from.
        visual_embeddings: (n, v) where it was made with them.
        encoder: Name of the encoder of `embeddings`.
        encoder_version: Its version.
        visual_encoder: Name of the encoder of `visual_embeddings`.
        visual_encoder_version: Its version.

    Raises:
        InputError: The arrays do not fit each other or the refinement.
    """
    X, T = check_pair(embeddings, text_embeddings)
    V = X if visual_embeddings is None else check_visual(visual_embeddings, len(X))
    _check_run(refinement, classes, X, T, V)
    text_weights = logit_scale(X @ T.T) * T
    image_weights = _discriminant(refinement, V)
    some = slice(None, None, -(-len(X) // MOST_FITTED))
    logits = X[some] @ text_weights.T + V[some] @ image_weights.T
    bias = _bias_for(logits, refinement.probabilities[some].sum(axis=0))
    temperature = _temperature_for(logits + bias, float(refinement.confidence[some].mean()))
    return Prototypes(
        classes=tuple(classes),
        prototypes=refinement.prototypes,
        text_weights=np.asarray(text_weights / temperature, np.float32),
        image_weights=np.asarray(image_weights / temperature, np.float32),
        bias=np.asarray(bias / temperature, np.float32),
        encoder=encoder,
        encoder_version=encoder_version,
        visual_encoder=visual_encoder,
        visual_encoder_version=visual_encoder_version,
        images=len(X),
        agreement=float(np.mean((logits + bias).argmax(axis=1) == refinement.labels[some])),
    )


def label_by_prototypes(
    embeddings: np.ndarray, prototypes: Prototypes, *, visual_embeddings: np.ndarray | None = None
) -> Predictions:
    """Label new images by saved prototypes.

    Args:
        embeddings: (n, d) vectors by the encoder of the prototypes.
        prototypes: What `load_prototypes` returned.
        visual_embeddings: (n, v) vectors by their second encoder, where they have one.

    Raises:
        InputError: The vectors cannot be of those encoders.
    """
    if prototypes.visual_encoder and visual_embeddings is None:
        raise InputError(
            f"These prototypes were made with a second encoder, {prototypes.visual_encoder}: give its "
            "vectors too."
        )
    X, _ = check_pair(embeddings, prototypes.text_weights)
    V = X if visual_embeddings is None else check_visual(visual_embeddings, len(X))
    if V.shape[1] != prototypes.image_weights.shape[1]:
        raise InputError(
            f"The visual embeddings have {V.shape[1]} dimensions and the prototypes "
            f"{prototypes.image_weights.shape[1]}: embed with the encoder that the prototypes name."
        )
    labels, second = np.empty((2, len(X)), np.int64)
    confidence = np.empty(len(X), np.float32)
    for rows in row_chunks(len(X)):
        p = softmax(
            X[rows] @ prototypes.text_weights.T + V[rows] @ prototypes.image_weights.T + prototypes.bias
        )
        labels[rows], confidence[rows] = p.argmax(axis=1), p.max(axis=1)
        np.put_along_axis(p, labels[rows, None], -1, axis=1)
        second[rows] = p.argmax(axis=1) if p.shape[1] > 1 else -1
    return Predictions(labels, confidence, second)


def save_prototypes(
    folder: str | os.PathLike[str], prototypes: Prototypes, *, overwrite: bool = False
) -> Path:
    """Write `class_prototypes.npy`, `classifier.npz` and `classes.json` into a new folder.

    Returns:
        The folder.

    Raises:
        InputError: The folder exists, or cannot be written.
    """
    target = Path(folder)
    with new_folder(target, overwrite, CLASSES_NAME) as staging:
        write_prototypes(staging, prototypes)
    return target


def write_prototypes(folder: Path, prototypes: Prototypes) -> None:
    """Write the same files into a folder that exists."""
    np.save(folder / PROTOTYPES_NAME, prototypes.prototypes, allow_pickle=False)
    np.savez(
        folder / CLASSIFIER_NAME,
        text_weights=prototypes.text_weights,
        image_weights=prototypes.image_weights,
        bias=prototypes.bias,
    )
    words = {
        "version": VERSION,
        "classes": list(prototypes.classes),
        "encoder": prototypes.encoder,
        "encoder_version": prototypes.encoder_version,
        "visual_encoder": prototypes.visual_encoder,
        "visual_encoder_version": prototypes.visual_encoder_version,
        "images": prototypes.images,
        "agreement": prototypes.agreement,
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
        prototypes = np.load(folder / PROTOTYPES_NAME, allow_pickle=False)
        with np.load(folder / CLASSIFIER_NAME, allow_pickle=False) as arrays:
            loaded = Prototypes(
                **words | {"classes": tuple(words["classes"])}, prototypes=prototypes, **arrays
            )
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no saved prototypes, {Path(error.filename).name} is missing: give the folder of "
            "a report."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError) as error:
        raise InputError(f"The prototypes in {folder} cannot be read: save them again.") from error
    if version != VERSION:
        raise InputError(
            f"The prototypes in {folder} have version {version}, not {VERSION}: save them again."
        )
    _check_shapes(loaded, folder)
    return loaded


def _check_run(
    refinement: Refinement, classes: Sequence[str], X: np.ndarray, T: np.ndarray, V: np.ndarray
) -> None:
    if refinement.probabilities.shape != (len(X), len(T)) or len(classes) != len(T):
        raise InputError(
            f"The run has {refinement.probabilities.shape[0]} images and {refinement.probabilities.shape[1]} "
            f"classes, and given are {len(X)} image vectors, {len(T)} text vectors and {len(classes)} names."
        )
    if refinement.prototypes.shape[1] != V.shape[1]:
        raise InputError(
            f"The run's prototypes have {refinement.prototypes.shape[1]} dimensions and the vectors "
            f"{V.shape[1]}: give the arrays that the run was made from."
        )


def _check_shapes(prototypes: Prototypes, folder: Path) -> None:
    k = len(prototypes.classes)
    arrays = (prototypes.prototypes, prototypes.text_weights, prototypes.image_weights)
    fits = (
        all(array.ndim == 2 and len(array) == k for array in arrays)
        and prototypes.prototypes.shape == prototypes.image_weights.shape
        and prototypes.bias.shape == (k,)
        and all(np.isfinite(array).all() for array in (*arrays, prototypes.bias))
    )
    if not fits:
        raise InputError(f"The arrays in {folder} do not fit its {k} classes: save the prototypes again.")


def _discriminant(refinement: Refinement, V: np.ndarray) -> np.ndarray:
    """(k, v) weights of the linear discriminant of the prototypes, Σ⁻¹ μ_c as far as they are known.

    A constant of each class, which the bias takes up, is left out.
    """
    z = refinement.probabilities
    mass = z.sum(axis=0)
    # Prototypes are of length one; the classes' means lie nearer to the origin.
    along = np.sum((z.T @ V) * refinement.prototypes, axis=1)
    lengths = (along + TRUSTED_IMAGES * along.sum() / mass.sum()) / (mass + TRUSTED_IMAGES)
    projection = principal_projection(V, MOST_DIMENSIONS)
    images, means = projection.of(V), projection.of(refinement.prototypes * lengths[:, None])
    covariance = _covariance_within(images, z, means)
    directions = linalg.solve(covariance, means.T.astype(np.float64), assume_a="pos").T
    known = np.sum(mass**2 / (mass + SEEN_IMAGES)) / mass.sum() * len(z) / sum(z.shape)
    return np.asarray(known * directions @ projection.basis.T, np.float32)


def _covariance_within(images: np.ndarray, z: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(m, m) Σ_ic z_ic (x_i − μ_c)(x_i − μ_c)ᵀ / n, plus its mean variance on the diagonal."""
    cross = means.T @ (z.T @ images)
    within = images.T @ images - cross - cross.T + (means.T * z.sum(axis=0)) @ means
    covariance = within.astype(np.float64) / len(images)
    ridge = max(np.trace(covariance) / len(covariance), np.finfo(np.float32).eps)
    return covariance + ridge * np.eye(len(covariance))


def _bias_for(logits: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """(k,) bias that makes the classes as frequent as `mass` says, one image more for each."""
    bias = np.zeros(len(mass), np.float32)
    likelihood = softmax(logits)
    for _ in range(MOST_ROUNDS):
        weight = np.exp(bias)
        totals = np.maximum(likelihood @ weight, np.finfo(np.float32).tiny)
        frequent = weight * (likelihood.T @ (1 / totals))
        step = np.log((mass + 1) / (frequent + 1))
        bias += step
        if np.abs(step).max() < SETTLED:
            break
    return bias


def _temperature_for(logits: np.ndarray, mean_confidence: float) -> float:
    """Temperature at which the mean confidence is as given, by bisection of its logarithm."""
    low, high = TEMPERATURES
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        if softmax(logits / middle).max(axis=1).mean() > mean_confidence:
            low = middle
        else:
            high = middle
    return middle
