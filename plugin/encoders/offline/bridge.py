"""The bridge of the offline encoder: from the embedding of a text to a direction of the image space.

It is learnt from the ImageNet classes, whose texts and whose classifier weights are both known.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ...engine.vectors import unit_rows
from ...system.arrays import read_arrays

# Best on ImageNet classes left out of the fit, as benchmarks/offline_encoder.py leaves them out; values near
# these do as well.
RIDGE = 0.3
SHARPNESS = 3.0

# How often names are recognised, by the length of their direction: ImageNet classes left out together with
# their relatives, as benchmarks/offline_encoder.py prints it for 25 families. Names of ImageNet itself are
# 0.7 or more.
LENGTHS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7)
RELIABILITIES = (0.0, 0.23, 0.65, 0.71, 0.71, 0.85, 1.0)


@dataclass(frozen=True)
class Bridge:
    """Kernel ridge regression with the kernel exp(SHARPNESS (cos - 1)) on centred text embeddings.

    Attributes:
        mean: (d,) float32, the mean embedding of the training texts.
        anchors: (n, d) float32 unit rows, the training texts after centring.
        coefficients: (n, D) float32, what each anchor adds to an image-space direction.
    """

    mean: np.ndarray
    anchors: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def fit(cls, embeddings: np.ndarray, directions: np.ndarray) -> "Bridge":
        """Learn from (n, d) embeddings of texts and the (n, D) image-space direction of each."""
        mean = embeddings.mean(axis=0)
        anchors = unit_rows(embeddings - mean)
        regularised = _kernel(anchors, anchors).astype(np.float64) + RIDGE * np.eye(len(anchors))
        coefficients = np.linalg.solve(regularised, directions)
        return cls(mean, anchors, coefficients.astype(np.float32))

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Map (k, d) embeddings of texts to (k, D) float32 image-space directions of any length."""
        return _kernel(unit_rows(embeddings - self.mean), self.anchors) @ self.coefficients

    def reliability(self, embeddings: np.ndarray) -> np.ndarray:
        """Chance that images of a class are recognised by the embedding of its name.

        The bridge is the mean of a Gaussian process, which falls back to nothing where no training text is
        near: the length of a direction says how much of it was learnt.

        Args:
            embeddings: (k, d) embeddings of texts.

        Returns:
            (k,) float32 in [0, 1]. Of k classes that are equally frequent, one with the reliability ρ is
            recognised in ρ + (1 − ρ)/k of the cases: the chance of a guess is left out.
        """
        lengths = np.linalg.norm(self(embeddings), axis=1)
        return np.interp(lengths, LENGTHS, RELIABILITIES).astype(np.float32)

    def nearest(self, embeddings: np.ndarray) -> np.ndarray:
        """Row of the training text that is most like each of k texts, (k,) int64."""
        return (unit_rows(embeddings - self.mean) @ self.anchors.T).argmax(axis=1)

    def save(self, path: Path) -> None:
        """Write the bridge as an .npz file."""
        with path.open("wb") as file:  # `savez` would add a suffix to a path.
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Bridge":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: It is damaged.
        """
        return cls(**read_arrays(path, [field.name for field in fields(cls)]))


def _kernel(rows: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    return np.exp(SHARPNESS * (rows @ anchors.T - 1))
