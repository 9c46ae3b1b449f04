"""What `refine` promises, whatever the data and the method."""

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.config import METHODS
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from hypothesis import given, settings, strategies as st

from .conftest import make_features

both_methods = pytest.mark.parametrize("method", METHODS)
sizes = st.lists(st.integers(0, 12), min_size=1, max_size=6).filter(any)


def test_refined_labels_beat_zero_shot_where_images_are_clearer_than_texts():
    made = make_features((60,) * 8, text_noise=1.4)
    result = refine(made.X, made.T)
    zero_shot = accuracy(result.zero_shot_labels, made.truth)
    assert zero_shot < 0.9
    assert accuracy(result.labels, made.truth) > zero_shot + 0.1


@both_methods
def test_every_image_gets_a_label_and_a_confidence(features, method):
    result = refine(features.X, features.T, method=method)
    assert result.labels.shape == result.confidence.shape == (320,)
    assert result.probabilities.shape == (320, 8)
    assert (result.labels == result.probabilities.argmax(axis=1)).all()
    assert (result.confidence == result.probabilities.max(axis=1)).all()
    np.testing.assert_allclose(np.linalg.norm(result.prototypes, axis=1), 1, rtol=1e-5)


@both_methods
def test_the_same_input_gives_the_same_bytes(features, method):
    first = refine(features.X, features.T, method=method)
    second = refine(features.X, features.T, method=method)
    assert first.probabilities.tobytes() == second.probabilities.tobytes()
    assert first.prototypes.tobytes() == second.prototypes.tobytes()


@both_methods
@settings(max_examples=25)
@given(sizes, st.integers(0, 5))
def test_any_number_of_images_and_classes_gives_finite_probabilities(method, sizes, seed):
    made = make_features(tuple(sizes), noise=0.8, seed=seed)
    result = refine(made.X, made.T, method=method)
    assert np.isfinite(result.probabilities).all()
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, rtol=1e-4)
    assert result.labels.max() < len(sizes)


@both_methods
@settings(max_examples=25)
@given(st.data())
def test_any_input_that_is_accepted_gives_finite_numbers_and_keeps_what_people_said(method, data):
    n, k, d = (data.draw(st.integers(1, most)) for most in (30, 8, 6))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    X, T = rng.normal(size=(n, d)), rng.normal(size=(k, d))
    anchors = np.where(rng.random(n) < data.draw(st.floats(0, 1)), rng.integers(k, size=n), -1)
    given_too = {
        "second_embeddings": rng.normal(size=(n, data.draw(st.integers(1, 5)))),
        "micro_clusters": rng.integers(-1, 4, size=n),
    }
    chosen = data.draw(st.sets(st.sampled_from(sorted(given_too))))
    result = refine(X, T, anchors=anchors, method=method, **{name: given_too[name] for name in chosen})
    for numbers in (result.probabilities, result.prototypes, result.explanation.novelty):
        assert np.isfinite(numbers).all()
    assert (result.labels[anchors >= 0] == anchors[anchors >= 0]).all()


@settings(max_examples=15)
@given(st.permutations(range(120)))
def test_the_order_of_the_images_does_not_matter(order):
    made = make_features((30,) * 4)
    order = np.array(order)
    shuffled = refine(made.X[order], made.T)
    assert (shuffled.labels == refine(made.X, made.T).labels[order]).all()


@settings(max_examples=15)
@given(st.permutations(range(5)))
def test_the_order_of_the_classes_does_not_matter(order):
    made = make_features((20,) * 5)
    order = np.array(order)
    assert (order[refine(made.X, made.T[order]).labels] == refine(made.X, made.T).labels).all()


@settings(max_examples=15)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_length_of_the_rows_does_not_matter(image_scale, text_scale):
    made = make_features((20,) * 5)
    scaled = refine(image_scale * made.X, text_scale * made.T)
    assert (scaled.labels == refine(made.X, made.T).labels).all()


@both_methods
@settings(max_examples=10)
@given(st.lists(st.integers(1, 3), min_size=60, max_size=60))
def test_copies_of_images_change_no_label(method, copies):
    made = make_features((20,) * 3, noise=0.8)
    copied = refine(np.repeat(made.X, copies, axis=0), made.T, method=method)
    assert (copied.labels == np.repeat(refine(made.X, made.T, method=method).labels, copies)).all()


def test_every_copy_counts_in_its_cluster(features):
    twice = refine(np.repeat(features.X, 2, axis=0), features.T, micro_clusters=np.repeat(features.truth, 2))
    assert twice.clusters["micro"].sizes.tolist() == [80] * 8
    assert {entry.size for entry in twice.novel_clusters} == {80}


def test_central_images_are_rows_of_all_images_copies_or_not(features):
    result = refine(np.repeat(features.X, 2, axis=0), features.T, micro_clusters=np.repeat(features.truth, 2))
    for entry in result.novel_clusters:
        assert (result.clusters["micro"].assignments[entry.central_images] == entry.cluster).all()


@both_methods
def test_identical_images_get_the_same_label(method):
    made = make_features((1, 1, 1))
    same = np.repeat(made.X[:1], 30, axis=0)
    result = refine(same, made.T, method=method)
    assert len(np.unique(result.labels)) == 1


def test_one_class_takes_every_image(features):
    result = refine(features.X, features.T[:1])
    assert not result.labels.any()
    np.testing.assert_allclose(result.confidence, 1)


def test_history_ends_with_the_images_and_shrinks_its_changes(features):
    last = refine(features.X, features.T, method="anchored").history[-1]
    assert (last.level, last.vectors) == ("image", 320)
    assert last.iterations[-1].changed <= 0.001
    assert [entry.iteration for entry in last.iterations] == list(range(1, len(last.iterations) + 1))


def test_alignment_says_what_share_of_a_cluster_went_to_which_class(features):
    result = refine(features.X, features.T, micro_clusters=features.truth)
    np.testing.assert_allclose(result.alignment["micro"].sum(axis=1), 1, rtol=1e-5)
    majority = [np.bincount(result.labels[features.truth == c]).argmax() for c in range(8)]
    assert result.alignment["micro"].argmax(axis=1).tolist() == majority


def test_coverage_says_what_to_expect_of_the_most_confident_labels(features):
    result = refine(features.X, features.T)
    assert [kept.share for kept in result.coverage] == [1.0, 0.9, 0.8, 0.5]
    assert result.coverage[0].expected_accuracy == pytest.approx(result.expected_accuracy, rel=1e-5)
    half = result.coverage[-1]
    assert half.images == 160
    assert half.expected_accuracy == pytest.approx(np.sort(result.confidence)[-160:].mean(), rel=1e-5)


def test_history_tells_how_far_every_round_went(features):
    for level in refine(features.X, features.T, method="prototype", micro_clusters=features.truth).history:
        for entry in level.iterations:
            assert 0 <= entry.changed <= 1
            assert 0 <= entry.agreement <= 1
            assert np.isfinite(entry.objective)


def test_expected_accuracy_is_the_mean_confidence(features):
    result = refine(features.X, features.T)
    assert result.expected_accuracy == pytest.approx(result.confidence.mean())


def test_progress_names_both_stages(features):
    seen = []
    refine(features.X, features.T, progress=lambda stage, done, total: seen.append((stage, done, total)))
    assert seen == [("cluster", 0, 1), ("cluster", 1, 1), ("refine", 0, 1), ("refine", 1, 1)]


@both_methods
@pytest.mark.parametrize("answers", [0, 5], ids=["no answers", "answers"])
def test_every_round_that_history_will_hold_is_told_as_it_comes(features, method, answers):
    seen = []
    result = refine(
        features.X,
        features.T,
        method=method,
        anchors=np.where(np.arange(320) < answers, 0, -1),
        on_iteration=seen.append,
    )
    rounds = [sum(len(level.iterations) for level in history) for history in seen]
    assert rounds == list(range(1, len(seen) + 1))
    assert seen[-1] == result.history


def test_what_is_raised_when_a_round_is_told_ends_the_run(features):
    seen = []

    def interrupt(history):
        seen.append(history)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refine(features.X, features.T, on_iteration=interrupt)
    assert len(seen) == 1


def test_an_unknown_setting_is_refused_before_any_work(features):
    with pytest.raises(InputError, match="Unknown setting 'methd'"):
        refine(features.X, features.T, methd="anchored")
