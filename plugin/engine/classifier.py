"""A finished run as a linear classifier of images to come, which needs none of the old ones.

Cosines with the class names, plus the linear discriminant of the prototypes.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy import linalg

from .balance import SETTLED, logit_scale
from .display import Displayed
from .errors import InputError
from .gaussian import HALF_KNOWN, knowledge_of_means, within_class_covariance
from .geometry import principal_directions, projected
from .results import Refinement
from .rows import ComputedRows, Matrix, Rows, column_sums, is_large, product
from .validation import check_pair, check_second
from .vectors import TRUSTED_IMAGES, row_chunks, softmax

MOST_FITTED = 20_000
"""Images of the run that are looked at for the bias and the temperature; more change neither."""

MOST_ROUNDS = 100
TEMPERATURES = (0.1, 20.0)
HALVINGS = 30


@dataclass(frozen=True, repr=False)
class Predictions(Displayed):
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

    @classmethod
    def of(cls, probabilities: Matrix) -> "Predictions":
        """The likeliest classes by (n, k) probabilities, which are overwritten."""
        n, k = probabilities.shape
        labels, second = np.empty((2, n), np.int64)
        confidence = np.empty(n, np.float32)
        for rows in row_chunks(n):
            p = probabilities[rows]
            labels[rows], confidence[rows] = p.argmax(axis=1), p.max(axis=1)
            np.put_along_axis(p, labels[rows, None], -1, axis=1)
            second[rows] = p.argmax(axis=1) if k > 1 else -1
        return cls(labels, confidence, second)


@dataclass(frozen=True, repr=False)
class Classifier(Displayed):
    """Labels for new images; k classes.

    Logits are `X @ text_weights.T + V @ image_weights.T + bias`.

    Attributes:
        prototypes: (k, v) float32 unit rows, what the run ended with; in the space of the geometry.
        text_weights: (k, d) float32, the class names, scaled.
        image_weights: (k, v) float32, the linear discriminant of the prototypes.
        bias: (k,) float32.
        has_second_encoder: Whether the geometry was that of a second encoder.
        images: Number of images that the run labelled.
        agreement: Share of those that get the run's label again, in [0, 1].
    """

    prototypes: np.ndarray = field(repr=False)
    text_weights: np.ndarray = field(repr=False)
    image_weights: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)
    has_second_encoder: bool
    images: int
    agreement: float

    def probabilities(self, embeddings: Matrix, second_embeddings: Matrix | None = None) -> np.ndarray:
        """How likely each class is for new images.

        On the images of the run the mean of the largest is the accuracy that the run expected; images unlike
        those are likely to be worse than it says.

        Args:
            embeddings: (n, d) images, by the encoder of the run.
            second_embeddings: (n, v) the same by its second encoder, where it had one.

        Returns:
            (n, k) float32, rows sum to 1.

        Raises:
            InputError: The vectors cannot be of those encoders.
        """
        X, V = self._checked(embeddings, second_embeddings)
        return np.concatenate([self._likely(X, V, rows) for rows in row_chunks(len(X))])

    def predict(self, embeddings: Matrix, second_embeddings: Matrix | None = None) -> Predictions:
        """Label new images; the arguments of `probabilities`, but nothing of n times k is kept.

        Raises:
            InputError: The vectors cannot be of those encoders.
        """
        X, V = self._checked(embeddings, second_embeddings)
        return Predictions.of(ComputedRows((len(X), len(self.bias)), partial(self._likely, X, V)))

    def _checked(self, embeddings: Matrix, second_embeddings: Matrix | None) -> tuple[Matrix, Matrix]:
        """Unit rows of the images in the space of the class names and in that of the prototypes."""
        if self.has_second_encoder and second_embeddings is None:
            raise InputError("The run had a second encoder: give the visual embeddings of the images too.")
        if second_embeddings is not None and not self.has_second_encoder:
            raise InputError("The run had one encoder only: leave the visual embeddings out.")
        X, _ = check_pair(embeddings, self.text_weights)
        V = X if second_embeddings is None else check_second(second_embeddings, len(X))
        if V.shape[1] != self.image_weights.shape[1]:
            raise InputError(
                f"The visual embeddings have {V.shape[1]} dimensions and the prototypes "
                f"{self.image_weights.shape[1]}: embed with the encoder that the prototypes name."
            )
        return X, V

    def _likely(self, X: Matrix, V: Matrix, rows: Rows) -> np.ndarray:
        """(m, k) probabilities of some rows."""
        return softmax(X[rows] @ self.text_weights.T + V[rows] @ self.image_weights.T + self.bias)


def fit_classifier(
    refinement: Refinement,
    embeddings: Matrix,
    text_embeddings: Matrix,
    second_embeddings: Matrix | None = None,
) -> Classifier:
    """Turn a finished run into what labels images to come.

    Cosines with the class names, scaled as in the run, plus the linear discriminant (Fisher 1936) of the
    prototypes with the covariance of the images within classes, weighted as far as the images are enough to
    know it. The bias makes the classes as frequent as the run found them, and one temperature makes the
    mean confidence on the run's images the accuracy that the run expected.

    Args:
        refinement: What the engine returned.
        embeddings: (n, d) what it was made from.
        text_embeddings: (k, d) what it was made from.
        second_embeddings: (n, v) where it was made with them.

    Raises:
        InputError: The arrays do not fit each other or the refinement.
    """
    X, T = check_pair(embeddings, text_embeddings)
    V = X if second_embeddings is None else check_second(second_embeddings, len(X))
    _check_run(refinement, X, T, V)
    some = slice(None, None, -(-len(X) // MOST_FITTED))
    compared = X[some] if is_large(len(X), len(T)) else X[:]
    text_weights = logit_scale(compared @ T.T) * T
    image_weights = _discriminant(refinement, V)
    logits = X[some] @ text_weights.T + V[some] @ image_weights.T
    bias = _bias_for(logits, refinement.probabilities[some].sum(axis=0))
    temperature = _temperature_for(logits + bias, float(refinement.confidence[some].mean()))
    return Classifier(
        prototypes=refinement.prototypes,
        text_weights=np.asarray(text_weights / temperature, np.float32),
        image_weights=np.asarray(image_weights / temperature, np.float32),
        bias=np.asarray(bias / temperature, np.float32),
        has_second_encoder=second_embeddings is not None,
        images=len(X),
        agreement=float(np.mean((logits + bias).argmax(axis=1) == refinement.labels[some])),
    )


def _check_run(refinement: Refinement, X: Matrix, T: np.ndarray, V: Matrix) -> None:
    if refinement.probabilities.shape != (len(X), len(T)):
        raise InputError(
            f"The run has {refinement.probabilities.shape[0]} images and {refinement.probabilities.shape[1]} "
            f"classes, and given are {len(X)} image vectors and {len(T)} text vectors."
        )
    if refinement.prototypes.shape[1] != V.shape[1]:
        raise InputError(
            f"The run's prototypes have {refinement.prototypes.shape[1]} dimensions and the vectors "
            f"{V.shape[1]}: give the arrays that the run was made from."
        )


def _discriminant(refinement: Refinement, V: Matrix) -> np.ndarray:
    """(k, v) weights of the linear discriminant of the prototypes, Σ⁻¹ μ_c as far as they are known.

    A constant of each class, which the bias takes up, is left out.
    """
    z = refinement.probabilities
    mass = column_sums(z)
    # Prototypes are of length one; the classes' means lie nearer to the origin.
    along = np.sum(product(z, V) * refinement.prototypes, axis=1)
    lengths = (along + TRUSTED_IMAGES * along.sum() / mass.sum()) / (mass + TRUSTED_IMAGES)
    projection = principal_directions(V)
    images, means = projected(V, projection), projection.of(refinement.prototypes * lengths[:, None])
    scatter = np.diag(projection.squares)
    covariance = within_class_covariance(scatter, product(z, images), mass, means)
    directions = linalg.solve(covariance, means.T.astype(np.float64), assume_a="pos").T
    known = knowledge_of_means(mass, float(np.median(HALF_KNOWN)))
    return np.asarray(known * directions @ projection.basis.T, np.float32)


def _bias_for(logits: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """(k,) bias that makes the classes as frequent as `mass` says, counting one image more for each.

    Counted on both sides, unlike `balance.class_offset`, so that no image is pulled to a class that has none.
    """
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
