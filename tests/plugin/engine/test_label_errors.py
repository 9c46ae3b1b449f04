"""Wrong labels stand out against the labels of the other images, however many of them there are."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.label_errors import find_label_errors
from fiftyone_autolabel.plugin.engine.vectors import unit_rows

K = 6


def made(swapped: float, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors in six heaps, their labels, and which of them are swapped."""
    rng, truth = np.random.default_rng(0), np.arange(n) % K
    X = unit_rows(np.eye(32)[truth] + 0.25 * rng.normal(size=(n, 32)))
    is_wrong = rng.random(n) < swapped
    return X, np.where(is_wrong, (truth + rng.integers(1, K, n)) % K, truth), is_wrong


@pytest.mark.parametrize("swapped", [0.05, 0.2])
def test_swapped_labels_rank_first_and_get_their_class_back(swapped):
    X, labels, is_wrong = made(swapped)
    found = find_label_errors(X, labels)
    worst = np.argsort(-found.mistakenness)[: is_wrong.sum()]
    assert is_wrong[worst].mean() > 0.9
    assert (found.suggested == np.arange(300) % K)[is_wrong].mean() > 0.9


def test_most_suspects_are_wrong_and_most_wrong_labels_are_suspects():
    X, labels, is_wrong = made(0.2)
    found = find_label_errors(X, labels)
    assert is_wrong[found.is_suspect].mean() > 0.9
    assert found.is_suspect[is_wrong].mean() > 0.7


def test_of_right_labels_in_clear_heaps_none_is_suspect():
    X, labels, _ = made(0.0)
    assert not find_label_errors(X, labels).is_suspect.any()


def test_a_suspect_is_never_given_its_own_class():
    X, labels, _ = made(0.2)
    found = find_label_errors(X, labels)
    assert (found.suggested != labels)[found.is_suspect].all()


def test_a_copy_does_not_vouch_for_a_wrong_label():
    X, labels, _ = made(0.0)
    X, labels = np.vstack([X, np.repeat(X[:1], 4, axis=0)]), np.append(labels, [3] * 4)
    labels[0] = 3
    found = find_label_errors(X, labels)
    assert found.is_suspect[[0, 300, 301, 302, 303]].all()


def test_a_class_with_a_single_label_is_judged_too():
    X, labels, _ = made(0.0)
    found = find_label_errors(X, np.append(labels[:-1], K))
    assert np.isfinite(found.mistakenness).all()
    assert found.suggested[-1] == 299 % K
