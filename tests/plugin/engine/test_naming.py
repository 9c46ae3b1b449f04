"""Names that a text tower does not know: what their labels are worth, and what refinement may do."""

from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import InputError, refine
from fiftyone_autolabel.plugin.engine.naming import (
    chance_of_right_name,
    doubted,
    held_to_names,
    name_trust,
)
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from .conftest import make_features

reliabilities = arrays(np.float64, st.integers(2, 6), elements=st.floats(0, 1))


@given(reliabilities)
def test_a_name_is_right_by_chance_at_least_and_at_most_for_certain(reliability):
    right = chance_of_right_name(reliability)
    assert (right >= 1 / len(reliability) - 1e-9).all()
    assert (right <= 1 + 1e-9).all()


@given(reliabilities, st.integers(0, 5), st.floats(0, 1))
def test_no_name_gets_worse_where_one_is_better_known(reliability, place, better):
    place %= len(reliability)
    improved = reliability.copy()
    improved[place] = max(better, improved[place])
    assert (chance_of_right_name(improved) >= chance_of_right_name(reliability) - 1e-9).all()


@pytest.mark.parametrize(("reliability", "expected"), [(1.0, 1.0), (0.0, 0.25)])
def test_names_are_right_if_all_are_known_and_by_chance_if_none_is(reliability, expected):
    np.testing.assert_allclose(chance_of_right_name(np.full(4, reliability)), expected)


def test_a_known_name_is_doubtful_among_unknown_ones():
    right = chance_of_right_name(np.array([1.0, 0.0, 0.0, 0.0]))
    assert right[0] == pytest.approx(1 / (1 + 3 / 4))


def test_names_that_are_all_known_change_nothing(features):
    plain = refine(features.X, features.T)
    known = refine(features.X, features.T, name_reliability=np.ones(8))
    assert known.probabilities.tobytes() == plain.probabilities.tobytes()


def test_where_no_name_is_known_labels_are_the_nearest_names_and_right_by_chance(features):
    unknown = refine(features.X, features.T, name_reliability=np.zeros(8))
    assert (unknown.labels == unknown.zero_shot_labels).all()
    assert unknown.expected_accuracy == pytest.approx(1 / 8, abs=0.01)


def test_compact_clusters_do_not_make_up_for_unknown_names():
    tight = make_features((60,) * 4, noise=0.05)
    assert refine(tight.X, tight.T).expected_accuracy > 0.9
    assert refine(tight.X, tight.T, name_reliability=np.full(4, 0.1)).expected_accuracy < 0.4


@pytest.mark.parametrize("method", ["anchored", "prototype"])
def test_the_expectation_falls_with_the_reliability_of_names(features, method):
    expected = [
        refine(features.X, features.T, method=method, name_reliability=np.full(8, r)).expected_accuracy
        for r in (0.0, 0.3, 0.6, 1.0)
    ]
    assert expected == sorted(expected)


def test_labels_of_an_unknown_name_are_less_certain_than_those_of_a_known_one(features):
    reliability = np.ones(8)
    reliability[3] = 0.1
    found = refine(features.X, features.T, name_reliability=reliability)
    unknown = found.labels == 3
    assert found.confidence[unknown].max() < found.confidence[~unknown].mean()


def test_the_textbook_rule_gives_the_same_labels_whatever_is_known_of_names(features):
    plain = refine(features.X, features.T, method="prototype")
    doubtful = refine(features.X, features.T, method="prototype", name_reliability=np.full(8, 0.2))
    assert (doubtful.labels == plain.labels).all()


def test_doubt_keeps_every_label_and_rows_that_sum_to_one(features):
    evidence = replace(features.evidence, name_reliability=np.linspace(0, 1, 8))
    P = np.random.default_rng(0).dirichlet(np.ones(8), size=len(features.X)).astype(np.float32)
    doubtful = doubted(P, evidence)
    assert (doubtful.argmax(axis=1) == P.argmax(axis=1)).all()
    np.testing.assert_allclose(doubtful.sum(axis=1), 1, rtol=1e-4)


def test_soft_labels_of_known_classes_are_left_as_they_are(features):
    evidence = replace(features.evidence, name_reliability=np.ones(8))
    z = np.random.default_rng(0).dirichlet(np.ones(8), size=len(features.X))
    assert held_to_names(z, evidence) is z


def test_each_reviewed_label_takes_its_share_of_what_the_name_leaves_open():
    trust = name_trust(np.array([0.2, 0.2, 0.2]), np.array([0, 1, 1, 1, -1]))
    np.testing.assert_allclose(trust, [0.6, 0.8, 0.2])


def test_reviewed_labels_make_a_class_known_in_spite_of_its_name(features):
    anchors = np.full(len(features.X), -1)
    reviewed = np.arange(0, len(features.X), 4)
    anchors[reviewed] = features.truth[reviewed]
    found = refine(features.X, features.T, anchors=anchors, name_reliability=np.zeros(8))
    assert np.mean(found.labels == features.truth) > 0.9
    assert found.expected_accuracy > 0.8


def test_one_class_is_certain_whatever_its_name():
    single = make_features((20,))
    assert refine(single.X, single.T, name_reliability=[0.0]).expected_accuracy == 1


@pytest.mark.parametrize(
    ("reliability", "message"),
    [
        ([0.5, 0.5], "one number per class"),
        ([0.5] * 7 + [1.5], "from 0"),
        ([0.5] * 7 + [np.nan], "from 0"),
        (["known"] * 8, "from 0"),
    ],
)
def test_reliabilities_that_cannot_be_are_refused(features, reliability, message):
    with pytest.raises(InputError, match=message):
        refine(features.X, features.T, name_reliability=reliability)
