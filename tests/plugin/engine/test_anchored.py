"""The pieces of the anchored rule."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.anchored import text_anchors, within_class_covariance


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
