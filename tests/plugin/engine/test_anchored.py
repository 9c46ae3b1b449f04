"""The anchored rule: levels, answers, and what every round leaves true."""

from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine import anchored
from fiftyone_autolabel.plugin.engine.anchored import AnchoredRule, soft_labels
from fiftyone_autolabel.plugin.engine.gaussian import HALF_KNOWN
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.sources import Sources
from fiftyone_autolabel.plugin.engine.units import Pool

from .conftest import make_features


def test_levels_run_from_coarse_to_fine(features):
    four_per_class = features.truth * 4 + np.arange(len(features.truth)) % 4
    history = refine(features.X, features.T, micro_clusters=four_per_class).history
    assert [(level.level, level.vectors) for level in history] == [
        ("meta", 16),
        ("micro", 32),
        ("image", 320),
    ]
    assert not any(level.skipped for level in history)


def test_a_level_that_cannot_help_is_skipped_and_says_why(features):
    few = refine(features.X, features.T, micro_clusters=features.truth % 3).history
    assert [level.skipped for level in few] == [
        "there are no clusters",
        "3 clusters are fewer than 8 classes",
        "",
    ]


def test_images_of_a_cluster_share_one_label_on_its_level(features):
    clusters = features.truth * 4 + np.arange(320) % 4
    labels = refine(features.X, features.T, micro_clusters=clusters).explanation.level_labels["micro"]
    assert all(len(np.unique(labels[clusters == cluster])) == 1 for cluster in range(32))


def test_images_in_no_cluster_take_part_on_every_level(features):
    clusters = np.where(np.arange(320) % 2, features.truth * 2 + np.arange(320) // 2 % 2, -1)
    result = refine(features.X, features.T, micro_clusters=clusters)
    assert not result.history[1].skipped
    assert accuracy(result.explanation.level_labels["micro"], features.truth) > 0.9


@pytest.mark.parametrize("clustering", ["hdbscan", "kmeans"])
def test_clusters_cost_no_accuracy(clustering):
    made = make_features((60,) * 8, noise=0.8, text_noise=1.4)
    with_clusters = refine(made.X, made.T, clustering=clustering)
    images_only = refine(made.X, made.T, clustering="none")
    assert accuracy(with_clusters.labels, made.truth) >= accuracy(images_only.labels, made.truth) - 0.01


def test_known_labels_are_certain_after_every_round(features):
    anchors = np.full(320, -1)
    anchors[:3] = [5, 6, 7]
    rule = AnchoredRule(replace(features.evidence, anchors=anchors))
    pool = Pool.of_images(rule.images, features.truth)
    for rounds in (rule.image_rounds(rule.text_view()), rule.cluster_rounds(pool.text, pool)):
        for _ in range(2):
            state = next(rounds)
            assert state.probabilities[:3].argmax(axis=1).tolist() == [5, 6, 7]
            assert (state.probabilities[:3].max(axis=1) == 1).all()


def test_an_answer_pulls_the_prototype_of_its_class(features):
    anchors = np.full(320, -1)
    anchors[40:50] = 0
    evidence = features.evidence
    free, pulled = AnchoredRule(evidence), AnchoredRule(replace(evidence, anchors=anchors))
    towards = features.X[40:50].mean(axis=0)
    before = next(free.image_rounds(free.text_view())).prototypes[0] @ towards
    assert next(pulled.image_rounds(pulled.text_view())).prototypes[0] @ towards > before


def test_soft_labels_come_with_the_likelihood_of_their_logits():
    logits = np.log(np.array([[1.0, 3.0], [2.0, 2.0]], np.float32))
    z, likelihood = soft_labels(logits, np.array([-1, -1]))
    np.testing.assert_allclose(z, [[0.25, 0.75], [0.5, 0.5]], rtol=1e-5)
    assert likelihood == pytest.approx(np.log([4, 4]))


def test_images_count_more_the_worse_the_text_foretells_the_text_of_their_neighbours():
    def needed(text_noise):
        rule = AnchoredRule(make_features((30,) * 6, noise=1.0, text_noise=text_noise).evidence)
        return rule.beliefs @ np.log(HALF_KNOWN)

    assert needed(1.6) < needed(0.3)


def test_a_single_image_or_class_says_nothing_of_how_many_images_a_mean_needs(features):
    for sizes in ((1, 0, 0), (5,)):
        assert AnchoredRule(make_features(sizes).evidence).beliefs.tolist() == [0.25] * 4


def test_few_images_leave_open_how_many_a_mean_needs_and_many_decide():
    def surest(size):
        return AnchoredRule(make_features((size,) * 6, noise=1.5, text_noise=1.6).evidence).beliefs.max()

    assert surest(2) < 0.35 < surest(100)


def test_the_text_weighs_less_the_more_images_make_the_means():
    def text_weight(size):
        rule = AnchoredRule(make_features((size,) * 4).evidence)
        return rule.text_weight(rule.fitted)

    assert 0.25 < text_weight(50) < text_weight(5) < 1


def test_labels_come_from_the_names_where_images_are_few_and_from_images_where_they_are_many():
    def sources(size):
        rule = AnchoredRule(make_features((size,) * 4).evidence)
        z = rule.text_view()
        return rule.sources(rule.fitted, z)

    few, many = sources(2), sources(100)
    assert few.text > many.text
    assert many.images > few.images
    assert sum(vars(many).values()) == pytest.approx(1)


def test_with_one_class_the_name_is_all_there_is():
    rule = AnchoredRule(make_features((5,)).evidence)
    assert rule.sources(rule.fitted, rule.text_view()) == Sources(1.0)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("NEIGHBOR_WEIGHT", (60,) * 6),
        ("TEXT_GIVES_WAY", (60,) * 6),
        ("PRIOR_WEIGHT", (200, 5, 5, 5, 5, 5)),
    ],
)
def test_every_ingredient_improves_labels_where_it_should(monkeypatch, name, sizes):
    runs = [make_features(sizes, noise=2.2, text_noise=1.6, seed=seed) for seed in range(6)]

    def mean_accuracy():
        return np.mean([accuracy(refine(run.X, run.T).labels, run.truth) for run in runs])

    with_it = mean_accuracy()
    monkeypatch.setattr(anchored, name, 0.0)
    assert with_it > mean_accuracy() + 0.01
