"""What is kept of every image to explain its label."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.explanation import explain, image_view
from fiftyone_autolabel.plugin.engine.iteration import Outcome

P = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], np.float32)
TEXT = np.array([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], np.float32)
IMAGE = np.array([[0.9, 0.1, 0.0], [0.2, 0.2, 0.6]], np.float32)
NOVELTY = np.array([0.25, 0.75])
LEVELS = {"text": np.array([1, 2]), "micro": np.array([0, 2]), "image": np.array([0, 2])}


def outcome(z: np.ndarray, text_weight: float = 0.0) -> Outcome:
    """What a rule ends with, as far as it explains labels."""
    return Outcome(z, text_weight, None, np.eye(3), (), LEVELS, {})


def test_the_second_choice_and_its_distance_are_kept():
    explanation = explain(P, outcome(IMAGE), np.log(TEXT), NOVELTY)
    assert explanation.second_labels.tolist() == [1, 0]
    np.testing.assert_allclose(explanation.margin, [0.5, 0.1], rtol=1e-5)


def test_each_view_says_how_far_it_supports_the_label():
    explanation = explain(P, outcome(IMAGE), np.log(TEXT), NOVELTY)
    np.testing.assert_allclose(explanation.text_support, [0.1, 0.6])
    np.testing.assert_allclose(explanation.image_support, [0.9, 0.6])
    np.testing.assert_allclose(explanation.agreement, [0.2, 1.0], rtol=1e-5)


def test_the_images_alone_say_what_is_left_without_the_text():
    both = IMAGE * TEXT**0.5
    left = image_view(both / both.sum(axis=1, keepdims=True), np.log(TEXT), text_weight=0.5)
    np.testing.assert_allclose(left, IMAGE, atol=1e-6)


def test_the_level_that_changed_a_label_is_known():
    explanation = explain(P, outcome(IMAGE), np.log(TEXT), NOVELTY)
    assert explanation.changed_by("micro").tolist() == [True, False]
    assert not explanation.changed_by("image").any()


def test_one_class_has_no_second_choice():
    only = np.ones((2, 1), np.float32)
    explanation = explain(only, outcome(only), only, NOVELTY)
    assert explanation.second_labels.tolist() == [-1, -1]
    np.testing.assert_allclose(explanation.margin, 1)


@pytest.mark.parametrize("method", ["anchored", "prototype"])
def test_a_refinement_explains_every_label(features, method):
    result = refine(features.X, features.T, method=method)
    explanation = result.explanation
    assert (explanation.second_labels != result.labels).all()
    assert (explanation.second_labels >= 0).all()
    assert (explanation.level_labels["image"] == result.labels).all()
    for support in (explanation.text_support, explanation.image_support, explanation.agreement):
        assert support.shape == (320,)
        assert (support >= 0).all()
        assert (support <= 1 + 1e-5).all()


def test_the_text_is_the_one_that_answers_have_corrected(features):
    names_swapped = features.T[[1, 0, 2, 3, 4, 5, 6, 7]]
    anchors = np.where(np.arange(len(features.X)) % 4 == 0, features.truth, -1)
    result = refine(features.X, names_swapped, anchors=anchors)
    text_is_for_label = result.explanation.level_labels["text"] == result.labels
    assert result.explanation.text_support[text_is_for_label].min() > 1 / len(features.T)
