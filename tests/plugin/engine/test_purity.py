"""Purity of clusters is found without a true label, also where the text is often wrong."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.clustering import summarise
from fiftyone_autolabel.plugin.engine.purity import cluster_purity, reason_to_skip
from fiftyone_autolabel.plugin.engine.vectors import softmax

from .conftest import make_features


@pytest.mark.parametrize("text_noise", [0.3, 1.4])
@pytest.mark.parametrize("mixed", [0.0, 0.5, 1.0])
def test_the_estimate_follows_the_true_purity_however_good_the_text(text_noise, mixed):
    made = make_features((60,) * 6, noise=0.6, text_noise=text_noise)
    rng = np.random.default_rng(0)
    clusters = made.truth * 4 + np.arange(360) % 4
    moved = rng.random(360) < mixed
    clusters[moved] = rng.integers(24, size=moved.sum())
    evidence = made.evidence
    purity = cluster_purity(clusters, softmax(evidence.text.logits), evidence.neighbors)
    # A pair is of one kind when neither was moved.
    assert purity == pytest.approx((1 - mixed) ** 2, abs=0.15)


def test_images_in_no_cluster_do_not_count(features):
    evidence = features.evidence
    half = np.where(np.arange(320) % 2, features.truth, -1)
    assert cluster_purity(half, softmax(evidence.text.logits), evidence.neighbors) > 0.9


def test_clusters_of_one_image_tell_nothing(features):
    evidence = features.evidence
    assert cluster_purity(np.arange(320), softmax(evidence.text.logits), evidence.neighbors) == 0


@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        (np.full(320, -1), "there are no clusters"),
        (np.zeros(320, int), "a single cluster tells nothing apart"),
        (np.arange(320) % 7, "7 clusters are fewer than 8 classes"),
        (np.arange(320) // 40, ""),
    ],
)
def test_a_reason_says_why_a_level_cannot_help(features, clusters, reason):
    evidence = features.evidence
    level = summarise("micro", features.X, clusters)
    assert reason_to_skip(level, softmax(evidence.text.logits), evidence.neighbors) == reason
