"""Text logits: their scale, and how far classes are balanced."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine import balance
from fiftyone_autolabel.plugin.engine.balance import (
    class_offset,
    divergence,
    logit_scale,
    neighbor_information,
    text_view,
)
from fiftyone_autolabel.plugin.engine.neighbors import nearest_neighbors
from fiftyone_autolabel.plugin.engine.vectors import softmax

from .conftest import make_features


def test_logits_have_the_same_spread_whatever_the_spread_of_the_cosines():
    cosines = np.random.default_rng(0).normal(size=(50, 5))
    assert logit_scale(0.01 * cosines) == pytest.approx(100 * logit_scale(cosines))


def test_equal_cosines_have_a_scale_all_the_same():
    assert logit_scale(np.ones((3, 1))) == 1


EQUAL = np.full(4, 0.25)


def favouring(favour):
    """(400, 4) logits that favour some of the classes."""
    return np.random.default_rng(0).normal(size=(400, 4)) + np.array(favour)


def test_full_balancing_makes_the_classes_equally_frequent():
    logits = favouring([2, 0, 0, -2])
    offset = class_offset(np.exp(logits), EQUAL)
    np.testing.assert_allclose(softmax(logits + offset).mean(axis=0), 0.25, atol=0.01)


def test_a_bound_undoes_what_is_little_and_keeps_the_rest():
    little, much = favouring([0.2, -0.2, 0, 0]), favouring([4, 0.2, -0.2, 0])
    np.testing.assert_allclose(
        class_offset(np.exp(little), EQUAL, bound=1.0), class_offset(np.exp(little), EQUAL), atol=0.01
    )
    bounded = class_offset(np.exp(much), EQUAL, bound=1.0)
    frequencies = softmax(much + bounded).mean(axis=0)
    np.testing.assert_allclose(frequencies[1:], frequencies[1:].mean(), atol=0.01)
    assert bounded[1:].mean() - bounded[0] < 1.5
    assert frequencies[0] > 0.5


def test_a_class_that_no_image_resembles_at_all_has_a_finite_offset():
    likelihood = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    likelihood[:, 2] = 0
    assert np.isfinite(class_offset(likelihood, np.full(3, 1 / 3))).all()


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_a_strength_undoes_the_same_share_of_what_is_little_and_much(strength):
    certain = 20 * np.eye(3, dtype=np.float32)[np.repeat(np.arange(3), (60, 30, 10))]
    offset = class_offset(np.exp(certain), np.full(3, 1 / 3), strength)
    lacking = -np.log([0.6, 0.3, 0.1])
    expected = strength / (1 - strength) * (lacking - np.median(lacking))
    np.testing.assert_allclose(offset, expected, atol=0.02)


def test_neighbors_with_equal_labels_share_all_information():
    labels = np.eye(4, dtype=np.float32)[np.repeat(np.arange(4), 2)]
    neighbor = np.array([1, 0, 3, 2, 5, 4, 7, 6])
    assert neighbor_information(labels, neighbor) == pytest.approx(np.log(4), abs=1e-5)


def test_one_label_for_all_carries_no_information():
    same = np.tile(np.array([[1.0, 0.0]], np.float32), (6, 1))
    assert neighbor_information(same, np.roll(np.arange(6), 1)) == pytest.approx(0, abs=1e-6)


def test_absent_classes_are_balanced_less_than_present_ones():
    def strength(sizes):
        made = make_features(sizes, text_noise=1.2)
        return text_view(made.X @ made.T.T, nearest_neighbors(made.X, 1)[:, 0]).strength

    assert strength((100, 100, 0, 0, 0, 0, 0, 0)) < strength((40,) * 8)


def test_the_price_of_changed_frequencies_keeps_absent_classes_from_being_filled(monkeypatch):
    made = make_features((100, 100, 0, 0, 0, 0, 0, 0), noise=1.5, text_noise=2.0)
    neighbor = nearest_neighbors(made.X, 1)[:, 0]

    def strength(price):
        monkeypatch.setattr(balance, "PRICE", price)
        return text_view(made.X @ made.T.T, neighbor).strength

    assert strength(0.0) >= strength(balance.PRICE) > strength(1.0) > strength(9.0)
    assert strength(9.0) < 0.1


def test_the_text_view_is_of_float32():
    made = make_features((20,) * 4)
    view = text_view(made.X @ made.T.T, nearest_neighbors(made.X, 1)[:, 0])
    assert view.logits.dtype == view.offset.dtype == np.float32


def test_equal_frequencies_have_no_divergence_and_others_have():
    assert divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    assert divergence(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(np.log(2))


def test_few_images_leave_the_balancing_open_and_many_decide(monkeypatch):
    def undecided(size):
        made = make_features((size,) * 6, noise=1.5, text_noise=1.6)
        cosines, neighbor = made.X @ made.T.T, nearest_neighbors(made.X, 1)[:, 0]
        with monkeypatch.context() as only:
            only.setattr(balance, "STRENGTHS", ())
            only.setattr(balance, "BOUNDS", ())
            offset = text_view(cosines, neighbor).offset
        full = class_offset(np.exp(logit_scale(cosines) * cosines), np.full(6, 1 / 6))
        share = np.ptp(offset) / np.ptp(full)
        return min(share, 1 - share)

    assert undecided(3) > 0.02 > undecided(200)


def test_an_offset_brings_the_classes_to_given_frequencies():
    logits, frequencies = favouring([0, 0, 0, 0]), np.array([0.4, 0.3, 0.2, 0.1])
    offset = class_offset(np.exp(logits), frequencies)
    np.testing.assert_allclose(softmax(logits + offset).mean(axis=0), frequencies, atol=0.01)


SIZES = (40, 20, 13, 10, 8, 6, 5, 5, 0, 0)
"""Images of ten classes, in a long tail of which two are absent."""


def mean_accuracy(idea):
    """Mean accuracy over eight sets under an idea of the frequencies, a function of the true ones."""
    found = []
    for seed in range(8):
        tail = make_features(SIZES, noise=0.9, text_noise=1.5, seed=seed)
        frequencies = idea(np.array(SIZES) / sum(SIZES), np.random.default_rng(seed))
        found.append(np.mean(refine(tail.X, tail.T, frequencies=frequencies).labels == tail.truth))
    return np.mean(found)


def test_the_right_idea_of_the_frequencies_helps_and_a_wrong_one_costs_at_most_a_point():
    none = mean_accuracy(lambda true, rng: None)
    assert mean_accuracy(lambda true, rng: true) > none
    assert mean_accuracy(lambda true, rng: true * np.exp(rng.choice([-1, 1], size=10))) >= none - 0.01
