"""Images and class names in one place, also where the images come from a second encoder."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine import geometry
from fiftyone_autolabel.plugin.engine.geometry import geometry_of, principal_directions
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.vectors import principal_projection, unit_rows

from .conftest import make_features


def rotated(X: np.ndarray, dimensions: int) -> np.ndarray:
    """The same images as another encoder sees them."""
    turn = np.random.default_rng(7).normal(size=(X.shape[1], dimensions))
    return unit_rows(X @ turn)


def test_with_one_encoder_names_and_images_share_the_projection(features):
    place = geometry_of(features.X, features.T, features.X)
    np.testing.assert_allclose(place.texts, place.projection.of(features.T))


def test_names_come_along_to_where_their_images_are(features):
    V = rotated(features.X, 96)
    place = geometry_of(features.X, features.T, V)
    assert place.images.shape[0] == 320
    assert place.texts.shape == (8, place.images.shape[1])
    means = np.stack([place.images[features.truth == c].mean(axis=0) for c in range(8)])
    centred = place.texts - place.texts.mean(axis=0)
    assert (unit_rows(means) @ unit_rows(centred).T).argmax(axis=1).tolist() == list(range(8))


@pytest.mark.parametrize("method", ["anchored", "prototype"])
def test_a_second_encoder_that_sees_classes_better_gives_better_labels(method):
    blurred = make_features((40,) * 6, noise=2.0, text_noise=0.8)
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(6, 48))
    V = unit_rows(centres[blurred.truth] + 0.5 * rng.normal(size=(240, 48)))
    alone = accuracy(refine(blurred.X, blurred.T, method=method).labels, blurred.truth)
    both = refine(blurred.X, blurred.T, second_embeddings=V, method=method)
    assert accuracy(both.labels, blurred.truth) > alone
    assert both.prototypes.shape == (6, 48)


def test_the_same_encoder_twice_changes_nothing(features):
    once = refine(features.X, features.T)
    twice = refine(features.X, features.T, second_embeddings=features.X.copy())
    assert (once.labels == twice.labels).all()


def test_of_many_images_a_sample_gives_the_directions_and_squares_of_all(features, monkeypatch):
    monkeypatch.setattr(geometry, "MOST_PROJECTED", 160)
    sampled, whole = principal_directions(features.X, 5), principal_projection(features.X, 5)
    cosines = np.linalg.svd(sampled.basis.T @ whole.basis)[1]
    assert cosines.min() > 0.8
    assert sampled.squares.sum() == pytest.approx(whole.squares.sum(), rel=0.05)
