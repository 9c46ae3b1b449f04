"""Gaussian classes: anchors, covariance, and densities with the image left out."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.gaussian import (
    GaussianClasses,
    fit_gaussians,
    knowledge_of_means,
    text_anchors,
    within_class_covariance,
)


def test_anchors_find_the_step_from_text_to_image_differences():
    texts = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    means = 5 + 0.3 * texts
    np.testing.assert_allclose(text_anchors(means, texts, np.array([1.0, 2.0, 3.0])), means, rtol=1e-5)


def test_anchors_stay_at_the_mean_when_texts_point_the_wrong_way():
    texts = np.array([[0, 0], [1, 0]], np.float32)
    anchors = text_anchors(-texts, texts, np.ones(2))
    np.testing.assert_allclose(anchors, [[-0.5, 0], [-0.5, 0]])


def test_one_class_is_anchored_at_its_mean():
    means = np.array([[2.0, 3.0]], np.float32)
    assert text_anchors(means, np.ones((1, 2), np.float32), np.ones(1)).tolist() == means.tolist()


@pytest.mark.parametrize("shift", [0.0, 10.0])
def test_anchors_do_not_depend_on_where_the_text_cone_lies(shift):
    rng = np.random.default_rng(1)
    texts, means = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    shifted = text_anchors(means, texts + shift, np.ones(4))
    np.testing.assert_allclose(shifted, text_anchors(means, texts, np.ones(4)))


def test_the_covariance_equals_its_definition():
    rng = np.random.default_rng(0)
    images, prototypes = rng.normal(size=(30, 4)), rng.normal(size=(3, 4))
    z = rng.dirichlet(np.ones(3), size=30)
    difference = images[:, None] - prototypes
    expected = np.einsum("nk,nki,nkj->ij", z, difference, difference) / 30
    got = within_class_covariance(images.T @ images, z.T @ images, z.sum(axis=0), prototypes)
    np.testing.assert_allclose(got, expected + np.trace(expected) / 4 * np.eye(4))


def test_identical_images_have_an_invertible_covariance():
    nothing = np.zeros((3, 3), np.float32)
    got = within_class_covariance(nothing, nothing[:1], np.array([5.0]), nothing[:1])
    assert np.linalg.eigvalsh(got).min() > 0


def test_a_mean_lies_halfway_to_the_text_at_ten_images():
    means, texts = np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    mass = np.array([10.0, 10.0])
    anchors = text_anchors(means, texts, mass)
    fitted = fit_gaussians(means * mass[:, None], mass, texts, 50 * np.eye(2))
    np.testing.assert_allclose(fitted.means, (means + anchors) / 2)


def test_densities_of_images_that_made_no_mean_are_those_of_the_gaussian():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    images, means = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(2, 3))
    covariance = np.diag([1.0, 2.0, 4.0])
    gaussians = GaussianClasses(
        means, np.ones(2), np.diag(1 / np.sqrt(np.diag(covariance))).astype(np.float32), np.log(8)
    )
    expected = [multivariate_normal(mean, covariance).logpdf(images) for mean in means]
    constant = -1.5 * np.log(2 * np.pi)
    got = gaussians.log_densities(images, np.zeros((5, 2), np.float32)) + constant
    np.testing.assert_allclose(got, np.transpose(expected), rtol=1e-4)


def test_densities_without_a_pair_are_those_of_means_made_without_both():
    rng = np.random.default_rng(0)
    X, texts = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(2, 3))
    z = rng.dirichlet(np.ones(2), size=6).astype(np.float32)
    mass, sums = z.sum(axis=0), z.T @ X
    whitening = np.diag([1.0, 2.0, 0.5]).astype(np.float32)
    fitted = GaussianClasses((sums + 10 * texts) / (mass + 10)[:, None], mass, whitening, 0.0)
    left = (sums - z[0][:, None] * X[0] - z[1][:, None] * X[1] + 10 * texts) / (mass + 10 - z[0] - z[1])[
        :, None
    ]
    got = fitted.log_densities_without(X[:1], z[:1], X[1:2], z[1:2])
    expected = -0.5 * np.sum(((X[0] - left) @ whitening) ** 2, axis=1)
    np.testing.assert_allclose(got[0], expected, rtol=1e-4)


def test_an_image_alone_in_its_class_is_judged_by_the_anchor_more_than_by_itself():
    images = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    z, means, whitening = np.eye(2, dtype=np.float32), 0.9 * images, np.eye(2, dtype=np.float32)
    alone = GaussianClasses(means, np.array([1.0, 1.0]), whitening, 0.0).log_densities(images, z)
    crowded = GaussianClasses(means, np.array([1e3, 1e3]), whitening, 0.0).log_densities(images, z)
    assert (np.diag(alone) < np.diag(crowded)).all()
    assert alone.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("mass", "known"),
    [([20, 20], 20 / (20 + 10 * np.log(2))), ([2000], 1), ([0.0, 30.0], 30 / (30 + 10 * np.log(2)))],
)
def test_means_are_known_better_the_more_images_a_class_has_and_the_fewer_classes_there_are(mass, known):
    assert knowledge_of_means(np.array(mass, float), 10.0) == pytest.approx(known)
