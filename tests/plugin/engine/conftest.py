"""Synthetic features that behave like CLIP's: two narrow cones, one for images and one for texts."""

from dataclasses import dataclass

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.evidence import Evidence, Images, gather_evidence


@dataclass(frozen=True)
class Features:
    """Image rows X, text rows T, and the true class of every image."""

    X: np.ndarray
    T: np.ndarray
    truth: np.ndarray

    @property
    def evidence(self) -> Evidence:
        """What is known of them before the first round."""
        images = Images(X=self.X, V=self.X, anchors=np.full(len(self.X), -1), micro=None)
        return gather_evidence(images, self.T)


def make_features(
    sizes: tuple[int, ...],
    *,
    dimensions: int = 64,
    noise: float = 0.3,
    text_noise: float = 0.6,
    seed: int = 0,
) -> Features:
    """Images around one direction per class, and texts that point there only roughly."""
    rng = np.random.default_rng(seed)

    def unit(rows: np.ndarray) -> np.ndarray:
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    concepts = unit(rng.normal(size=(len(sizes), dimensions)))
    image_cone, text_cone = unit(rng.normal(size=(2, dimensions)))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    scatter = noise * unit(rng.normal(size=(len(truth), dimensions)))
    X = unit(1.5 * image_cone + concepts[truth] + scatter)
    T = unit(1.5 * text_cone + concepts + text_noise * unit(rng.normal(size=concepts.shape)))
    return Features(X, T, truth)


@pytest.fixture(scope="session")
def features() -> Features:
    """Eight classes of 40 images each."""
    return make_features((40,) * 8)
