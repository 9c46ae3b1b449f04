"""Classes of images that may have several: calibrated probabilities, and which classes are given."""

import numpy as np
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.engine.metrics import expected_calibration_error
from fiftyone_autolabel.plugin.engine.multilabel import MOST_NUMBERS, best_threshold, check_size, label_sets
from fiftyone_autolabel.plugin.engine.refinement import refine

N, K, DIMENSIONS, NOISE = 600, 8, 64, 0.12


def mixtures(n=N, present=K):
    """Images that are sums of up to three of the first `present` of K classes, and of noise."""
    rng = np.random.default_rng(51)
    T = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0][:K]
    has = np.zeros((n, K), bool)
    for row in has:
        row[rng.choice(present, rng.integers(1, 4), replace=False)] = True
    return has @ T + rng.normal(scale=NOISE, size=(n, DIMENSIONS)), T, has


def f1(given, has):
    return 2 * (given & has).sum() / (given.sum() + has.sum())


@pytest.fixture(scope="module")
def refined():
    X, T, has = mixtures()
    return refine(X, T), X, has


def test_several_classes_are_found_where_there_are_several(refined):
    refinement, X, has = refined
    sets = label_sets(refinement, X)
    single = np.eye(K, dtype=bool)[refinement.labels]
    assert f1(sets.is_given, has) > max(0.75, f1(single, has))


def test_every_image_has_at_least_its_most_likely_class(refined):
    refinement, X, _ = refined
    assert label_sets(refinement, X).is_given.any(axis=1).all()


def test_absent_classes_are_given_to_few_images():
    X, T, _ = mixtures(present=5)
    given = label_sets(refine(X, T), X).is_given
    assert given[:, 5:].mean() < 0.1 * given[:, :5].mean()


def test_reviews_improve_calibration_and_f1_of_the_other_images(refined):
    refinement, X, has = refined
    answers, drawn = np.full((N, K), -1, np.int8), np.zeros(N)
    answers[:50], drawn[:50] = has[:50], 50 / N
    before, after = label_sets(refinement, X), label_sets(refinement, X, answers, drawn)

    def error(sets):
        return expected_calibration_error(sets.probabilities[50:].ravel(), has[50:].ravel())

    assert error(after) < min(0.05, error(before))
    assert f1(after.is_given[50:], has[50:]) >= f1(before.is_given[50:], has[50:])


def test_reviewed_images_keep_their_classes_none_included(refined):
    refinement, X, _ = refined
    answers = np.full((N, K), -1, np.int8)
    answers[0], answers[1] = np.arange(K) < 4, 0
    sets = label_sets(refinement, X, answers)
    assert (sets.is_given[:2] == answers[:2]).all()
    assert (sets.confidence[:2] == 1).all()


def test_a_handful_of_images_gets_finite_probabilities():
    X, T, _ = mixtures(n=5)
    sets = label_sets(refine(X, T), X)
    assert np.isfinite(sets.probabilities).all()
    assert ((sets.confidence > 0) & (sets.confidence <= 1)).all()


def test_the_threshold_is_half_of_the_largest_expected_f1():
    p = np.random.default_rng(0).beta(0.5, 1, size=(500, 4))
    threshold = best_threshold(p)
    expected = 2 * p[p >= threshold].sum() / ((p >= threshold).sum() + p.sum())
    assert threshold == pytest.approx(expected / 2, abs=0.01)


def test_more_probabilities_than_there_is_room_for_are_refused():
    with pytest.raises(InputError, match="label views of the dataset one by one"):
        check_size(MOST_NUMBERS, 2)
