"""The pieces of the anchored rule."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.anchored import (
    gaussian_weight,
    held_out_distances,
    neighbor_message,
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


@pytest.mark.parametrize("shift", [0.0, 10.0])
def test_anchors_do_not_depend_on_where_the_text_cone_lies(shift):
    rng = np.random.default_rng(1)
    texts, means = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    shifted = text_anchors(means, texts + shift, np.ones(4))
    np.testing.assert_allclose(shifted, text_anchors(means, texts, np.ones(4)))


def test_an_image_alone_in_its_class_is_judged_by_the_anchor_more_than_by_itself():
    images = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    z = np.eye(2, dtype=np.float32)
    prototypes = np.array([[0.9, 0.0], [-0.9, 0.0]], np.float32)
    alone = held_out_distances(images, z, np.array([1.0, 1.0]), prototypes, np.eye(2))
    crowded = held_out_distances(images, z, np.array([1000.0, 1000.0]), prototypes, np.eye(2))
    assert alone[0, 1] < crowded[0, 1]
    assert alone.argmin(axis=1).tolist() == [0, 1]


def test_distances_without_a_share_are_mahalanobis():
    rng = np.random.default_rng(0)
    images, prototypes = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(2, 3))
    covariance = np.diag([1.0, 2.0, 4.0])
    difference = images[:, None] - prototypes
    expected = np.einsum("nki,ij,nkj->nk", difference, np.linalg.inv(covariance), difference)
    got = held_out_distances(images, np.zeros((5, 2)), np.ones(2), prototypes, covariance)
    np.testing.assert_allclose(got, expected - expected.min(axis=1, keepdims=True), rtol=1e-4, atol=1e-4)


def test_the_gaussian_weighs_more_the_more_images_there_are():
    assert gaussian_weight(np.array([20.0, 20.0])) == pytest.approx(0.5)
    assert gaussian_weight(np.array([2000.0])) > 0.98
    assert gaussian_weight(np.array([0.5, 0.5])) < 0.05


def test_neighbors_that_always_agree_speak_up_and_random_ones_keep_quiet():
    z = np.eye(2, dtype=np.float32)[np.arange(400) % 2]
    same = ((np.arange(400) + 2) % 400)[:, None]
    random = np.random.default_rng(0).integers(400, size=(400, 3))
    loud, quiet = neighbor_message(z, same), neighbor_message(z, random)
    assert (loud[np.arange(400), np.arange(400) % 2] > 0.6).all()
    assert np.abs(quiet).max() < 0.2


def test_no_neighbors_say_nothing():
    assert not neighbor_message(np.full((3, 2), 0.5), np.empty((3, 0), int)).any()
