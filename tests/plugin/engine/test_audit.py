"""An audit draws every label with the same chance, and its interval holds the truth as often as it says."""

from functools import cache

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.audit import audit_order, audit_weights, estimate_accuracy

ROUNDS = 300
ACCURACIES = [0.5, 0.7, 0.81, 0.9, 0.95, 0.99]


@cache
def population(accuracy, n=1000):
    """(labels, confidence, right) of a run with four classes whose surer labels are right more often."""
    rng = np.random.default_rng(0)
    labels = rng.choice(4, size=n, p=[0.5, 0.3, 0.15, 0.05])
    log_odds = rng.normal(np.log(accuracy / (1 - accuracy)), 1.0, size=n)
    right = np.zeros(n, bool)
    right[np.argsort(-log_odds - rng.logistic(size=n))[: round(accuracy * n)]] = True
    return labels, 1 / (1 + np.exp(-log_odds)), right


@cache
def draws(accuracy, n=1000):
    """(rounds, n) whether the labels of a population are right, in the orders of as many audits."""
    labels, confidence, right = population(accuracy, n)
    return np.stack([right[audit_order(labels, confidence, seed)] for seed in range(ROUNDS)])


def audit(right, n, known=0):
    """The estimate from a sample of equal weights."""
    return estimate_accuracy(np.asarray(right, bool), np.ones(len(right)), n, known)


def coverage(accuracy, audited, n=1000):
    """Share of the audits whose interval holds the accuracy."""
    estimates = [audit(right, n) for right in draws(accuracy, n)[:, :audited]]
    truth = population(accuracy, n)[2].mean()
    return np.mean([each.low <= truth <= each.high for each in estimates])


@pytest.mark.parametrize("audited", [10, 30, 100])
@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_the_interval_holds_the_truth_as_often_as_it_says(accuracy, audited):
    assert coverage(accuracy, audited) >= 0.95


@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_it_does_so_where_the_sample_is_most_of_the_labels(accuracy):
    assert coverage(accuracy, 50, n=60) >= 0.95


@pytest.mark.parametrize("audited", [10, 100])
def test_the_estimate_is_right_on_average(audited):
    means = draws(0.81)[:, :audited].mean(axis=1)
    assert means.mean() == pytest.approx(0.81, abs=3 * means.std() / ROUNDS**0.5)


@pytest.mark.parametrize("audited", [10, 30, 100])
def test_the_strata_make_the_estimate_surer_than_a_simple_random_sample(audited):
    simple = (0.7 * 0.3 / audited * (1000 - audited) / 999) ** 0.5
    assert draws(0.7)[:, :audited].mean(axis=1).std() < simple


def test_every_label_has_the_same_chance_to_be_drawn():
    labels, confidence = np.arange(50) % 3, np.linspace(0, 1, 50)
    drawn = np.concatenate([audit_order(labels, confidence, seed)[:10] for seed in range(2000)])
    chances = np.bincount(drawn, minlength=50) / 2000
    assert chances == pytest.approx(np.full(50, 0.2), abs=0.04)


def test_the_order_has_every_label_once():
    labels, confidence, _ = population(0.9)
    assert sorted(audit_order(labels, confidence, 0)) == list(range(1000))
    assert audit_order(labels[:0], confidence[:0], 0).size == 0


@pytest.mark.parametrize("audited", [20, 40, 80])
def test_every_beginning_of_the_order_has_its_part_of_each_class(audited):
    labels, confidence, _ = population(0.9)
    for seed in range(20):
        counts = np.bincount(labels[audit_order(labels, confidence, seed)[:audited]], minlength=4)
        assert counts == pytest.approx(audited * np.bincount(labels) / 1000, abs=2)


def test_the_same_seed_draws_the_same_labels():
    labels, confidence, _ = population(0.9)
    first, again, other = (audit_order(labels, confidence, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_an_audit_of_everything_leaves_no_doubt():
    estimate = audit([True] * 8 + [False] * 2, 10)
    assert (estimate.accuracy, estimate.low, estimate.high, estimate.more) == (0.8, 0.8, 0.8, 0)


def test_the_interval_is_that_of_clopper_and_pearson_where_labels_are_many():
    estimate = audit([True] * 26 + [False] * 6, 10**6)
    assert (estimate.low, estimate.high) == pytest.approx((0.636, 0.928), abs=1e-3)
    assert estimate.audited == 32


def test_labels_that_a_person_had_given_are_right():
    estimate = audit([True] * 8 + [False] * 2, 10, known=30)
    assert (estimate.accuracy, estimate.low, estimate.high) == (0.95, 0.95, 0.95)


@pytest.mark.parametrize(("audited", "n"), [(30, 10**6), (30, 500), (30, 60)])
def test_as_many_more_as_it_says_halve_the_interval(audited, n):
    def spread(count):
        return (1 / count * (n - count)) ** 0.5

    more = audit([True] * audited, n).more
    assert spread(audited + more) <= spread(audited) / 2 < spread(audited + more - 1)


def test_nothing_audited_is_no_estimate():
    assert audit([], 100) is None


def test_labels_that_wait_for_a_review_are_stood_for_by_the_others_that_were_asked():
    is_asked = np.array([True, True, True, True, False])
    is_reviewed = np.array([True, True, False, False, True])
    assert audit_weights(is_asked, is_reviewed).tolist() == [2, 2, 0, 0, 1]


def test_labels_reviewed_for_their_doubt_count_for_nothing_before_others_are_reviewed():
    weights = audit_weights(np.array([True, True, False]), np.array([False, False, True]))
    assert weights.tolist() == [0, 0, 0]


def test_all_right_is_one_whatever_the_weights():
    weights = np.random.default_rng(0).uniform(1, 2, size=37)
    estimate = estimate_accuracy(np.ones(37, bool), weights, 91, known=11)
    assert (estimate.accuracy, estimate.high) == (1.0, 1.0)


def test_unequal_weights_widen_the_interval():
    right = np.arange(40) % 4 > 0
    equal, unequal = (
        estimate_accuracy(right, weights, 10**5) for weights in (np.ones(40), np.repeat([1.0, 5.0], 20))
    )
    assert unequal.accuracy == equal.accuracy
    assert unequal.high - unequal.low > equal.high - equal.low
