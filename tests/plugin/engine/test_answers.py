"""What people say is kept, learnt from, and not taken for a fair sample."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine import answers, refinement
from fiftyone_autolabel.plugin.engine.answers import (
    TextCorrection,
    clamped,
    even_sample,
    fit_correction,
    held_out_likelihood,
    is_sure_gain,
    log_likelihoods,
    release_folds,
)
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.recalibration import Recalibration
from fiftyone_autolabel.plugin.engine.vectors import softmax

from .conftest import make_features

both_methods = pytest.mark.parametrize("method", ["anchored", "prototype"])


def answered(truth: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Anchors that are right on some rows."""
    anchors = np.full(len(truth), -1)
    anchors[rows] = truth[rows]
    return anchors


@both_methods
def test_answers_are_kept_and_certain_even_when_they_are_odd(features, method):
    anchors = np.full(320, -1)
    anchors[[0, 100, 319]] = [7, 0, 3]
    result = refine(features.X, features.T, anchors=anchors, method=method)
    assert result.labels[[0, 100, 319]].tolist() == [7, 0, 3]
    assert (result.confidence[[0, 100, 319]] == 1).all()
    assert np.flatnonzero(result.is_known).tolist() == [0, 100, 319]


@pytest.mark.parametrize("first", ["random", "doubtful"])
def test_answers_improve_the_labels_of_the_other_images(first):
    made = make_features((40,) * 8, noise=1.5, text_noise=3.0)
    before = refine(made.X, made.T)
    order = np.random.default_rng(0).permutation(320) if first == "random" else before.confidence.argsort()
    after = refine(made.X, made.T, anchors=answered(made.truth, order[:60]))
    rest = order[60:]
    assert accuracy(after.labels[rest], made.truth[rest]) > accuracy(before.labels[rest], made.truth[rest])


def test_answers_bring_expected_accuracy_nearer_to_accuracy():
    made = make_features((40,) * 8, noise=1.5, text_noise=3.0)
    order = np.random.default_rng(0).permutation(320)
    before, after = refine(made.X, made.T), refine(made.X, made.T, anchors=answered(made.truth, order[:60]))

    def gap(result):
        rest = order[60:]
        return abs(result.confidence[rest].mean() - accuracy(result.labels[rest], made.truth[rest]))

    assert gap(after) < gap(before)


def mean_accuracy_and_gap(noise: float, text_noise: float, count: int) -> tuple[float, float]:
    """Accuracy without answered images, and how far expected accuracy is from it; means of three draws."""
    found = []
    for seed in range(3):
        made = make_features((40,) * 8, noise=noise, text_noise=text_noise, seed=seed)
        rows = np.random.default_rng(seed).permutation(320)
        result, rest = refine(made.X, made.T, anchors=answered(made.truth, rows[:count])), rows[count:]
        right = accuracy(result.labels[rest], made.truth[rest])
        found.append((right, abs(result.confidence[rest].mean() - right)))
    return tuple(np.mean(found, axis=0))


def test_guesses_improve_labels_where_names_mislead(monkeypatch):
    with_guesses, _ = mean_accuracy_and_gap(2.0, 2.0, 15)
    monkeypatch.setattr(answers, "GUESS_WEIGHT", 0.0)
    assert with_guesses > mean_accuracy_and_gap(2.0, 2.0, 15)[0] + 0.015


def test_answers_held_out_correct_the_confidence_of_all_images(monkeypatch):
    _, gap = mean_accuracy_and_gap(1.5, 2.0, 30)
    monkeypatch.setattr(refinement, "fit_recalibration", lambda *_: Recalibration())
    assert gap < mean_accuracy_and_gap(1.5, 2.0, 30)[1] / 2


def test_a_random_sample_among_the_answers_changes_confidence_and_no_label(features):
    anchors = answered(features.truth, np.arange(0, 320, 8))
    drawn = np.where(np.arange(320) % 16 == 0, 0.0625, 0.0)
    plain, audited = (refine(features.X, features.T, anchors=anchors, drawn=each) for each in (None, drawn))
    assert (plain.labels == audited.labels).all()
    assert (plain.confidence != audited.confidence).any()


def test_an_answer_leaves_no_second_choice(features):
    result = refine(features.X, features.T, anchors=answered(features.truth, np.arange(5)))
    assert (result.explanation.second_labels[:5] == -1).all()
    assert (result.explanation.second_labels[5:] >= 0).all()


def test_no_answers_are_the_same_as_none(features):
    free, none = refine(features.X, features.T), refine(features.X, features.T, anchors=np.full(320, -1))
    assert free.probabilities.tobytes() == none.probabilities.tobytes()


@pytest.mark.parametrize("count", [1, 2, 320])
def test_any_number_of_answers_will_do(features, count):
    result = refine(features.X, features.T, anchors=answered(features.truth, np.arange(count)))
    assert np.isfinite(result.probabilities).all()
    assert (result.labels[:count] == features.truth[:count]).all()


def test_a_copy_of_an_answered_image_may_have_an_answer_of_its_own(features):
    twice = np.repeat(features.X, 2, axis=0)
    anchors = np.full(640, -1)
    anchors[:2] = [1, 2]
    assert refine(twice, features.T, anchors=anchors).labels[:2].tolist() == [1, 2]


def test_clamping_touches_answered_rows_only():
    z = np.full((2, 2), 0.5)
    assert clamped(z, np.array([-1, 1])).tolist() == [[0.5, 0.5], [0, 1]]


def test_a_correction_moves_the_text_towards_the_answers():
    rng = np.random.default_rng(0)
    features = np.hstack([rng.normal(size=(40, 3)), np.ones((40, 1))])
    labels = (features[:, 0] > 0).astype(int)
    start = np.zeros((40, 2), np.float32)
    W = fit_correction(start, features, labels, np.ones(40), spread=4.0)
    assert accuracy(softmax(start + features @ W).argmax(axis=1), labels) > 0.95


@pytest.mark.parametrize("rows", [6, 40])
def test_few_and_many_rows_solve_the_same_problem(rows):
    from scipy import optimize

    rng = np.random.default_rng(0)
    features, start = rng.normal(size=(rows, 10)), rng.normal(size=(rows, 3))
    labels, weights = rng.integers(3, size=rows), rng.random(rows)

    def loss(flat):
        p = softmax(start + features @ flat.reshape(10, 3))
        return -weights @ np.log(p[np.arange(rows), labels]) + flat @ flat / 2

    best = optimize.minimize(loss, np.zeros(30)).fun
    got = loss(fit_correction(start, features, labels, weights, spread=1.0).ravel().astype(float))
    assert got == pytest.approx(best, rel=1e-2)


def test_held_out_labels_are_less_likely_under_a_correction_that_fits_noise():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(60, 40)), rng.integers(2, size=60)
    start, weights, fold = np.zeros((60, 2), np.float32), np.ones(60), np.arange(60) % 3
    free, tight = (
        held_out_likelihood(start, features, labels, weights, fold, spread).sum() for spread in (8.0, 0.0)
    )
    assert free < tight == pytest.approx(60 * np.log(0.5))


def test_a_correction_that_is_no_surer_than_chance_changes_nothing():
    texts = TextCorrection(
        np.zeros((60, 3), np.float32),
        np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32),
        np.zeros(60, int),
        np.full(60, 0.5),
    )
    anchors = np.where(np.arange(60) % 3 == 0, np.random.default_rng(1).integers(3, size=60), -1)
    assert texts.spread(anchors) == 0.0


def test_a_class_without_an_answer_keeps_its_images():
    truth, classes = np.repeat(np.arange(20), 20), np.eye(20, dtype=np.float32)
    # Names mistake the first class for the third, and the second is like the first.
    means = classes.copy()
    means[1] = means[0] + 0.6 * means[1]
    images = means[truth] + 0.1 * np.random.default_rng(0).normal(size=(400, 20)).astype(np.float32)
    logits = 3 * classes[np.where(truth == 0, 2, truth)]
    correction = TextCorrection(
        logits, images - images.mean(axis=0), logits.argmax(axis=1), np.full(400, 0.8)
    )
    anchors = answered(truth, np.array([0, 1, *range(60, 180, 20)]))
    corrected = correction.apply(anchors, 2.0).argmax(axis=1)
    assert (corrected[truth < 2] == truth[truth < 2]).all()


def test_guesses_are_spread_over_all_confidences():
    confidence = np.linspace(0, 1, 1000)
    rows = even_sample(confidence, np.arange(1000) >= 500, 300)
    assert len(rows) == 300
    assert rows.min() == 500
    assert np.diff(confidence[rows]).max() < 0.005


def test_every_answer_is_released_once():
    anchors = np.where(np.arange(20) % 2, 0, -1)
    folds = release_folds(anchors, np.linspace(0, 1, 20))
    assert sorted(np.concatenate(folds).tolist()) == list(range(1, 20, 2))


@pytest.mark.parametrize("is_sure", [False, True])
def test_the_text_is_corrected_only_where_whole_runs_foretell_the_answers_surely_better(monkeypatch, is_sure):
    made = make_features((40,) * 8, noise=1.5, text_noise=3.0)
    anchors, compared = answered(made.truth, np.random.default_rng(0).permutation(320)[:40]), []
    monkeypatch.setattr(refinement, "is_sure_gain", lambda gains: compared.append(gains) or is_sure)
    monkeypatch.setattr(TextCorrection, "spread", lambda *_: 2.0)
    judged = refine(made.X, made.T, anchors=anchors)
    monkeypatch.setattr(TextCorrection, "spread", lambda *_: 0.0)
    uncorrected = refine(made.X, made.T, anchors=anchors)
    assert [gains.shape for gains in compared] == [(40,)]
    assert (judged.probabilities.tobytes() != uncorrected.probabilities.tobytes()) == is_sure


def test_a_gain_is_sure_beyond_its_standard_error():
    assert is_sure_gain(np.array([1.0, 1.1, 0.9]))
    assert not is_sure_gain(np.array([3.0, -1.0, -1.0]))
    assert not is_sure_gain(np.zeros(5))


def test_one_surprise_costs_no_more_than_a_chance_of_a_thousandth():
    p = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert log_likelihoods(p, np.array([0, 1])) == pytest.approx(np.log([0.5, 0.001]))
