"""The robust rule over shards: sums that do not depend on the division, and labels near those of one run."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.classifier import fit_classifier
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.engine.refinement import refine
from fiftyone_autolabel.plugin.engine.shards import Shard, Shared

from .conftest import make_features

ROUNDS = 3


@pytest.fixture(scope="module")
def hard():
    """Images of overlapping classes, in random order."""
    return make_features((40, *(200,) * 9), noise=1.3, text_noise=1.0, dimensions=32)


@pytest.fixture(scope="module")
def order(hard):
    return np.random.default_rng(0).permutation(len(hard.X))


@pytest.fixture(scope="module")
def sampled(hard, order):
    """A run on a third of the images, and what it tells the shards."""
    X = hard.X[order[::3]]
    found = refine(X, hard.T)
    return found, X, Shared.of(found, X, hard.T)


def over_shards(parts, X, shared):
    """Labels of all images, and the number that the last round changed."""
    shards = [Shard(X[rows], shared) for rows in parts]
    states = [shard.start() for shard in shards]
    for _ in range(ROUNDS):
        sums = reduce(add, [own for _, own in states])
        states = [shard.judge(z, sums) for shard, (z, _) in zip(shards, states, strict=True)]
    labels = np.empty(len(X), int)
    for rows, shard, (z, _) in zip(parts, shards, states, strict=True):
        labels[rows] = shard.predictions(z).labels
    return labels, int(sum(own.changed for _, own in states))


def test_sums_do_not_depend_on_how_the_images_are_divided(hard, order, sampled):
    shared = sampled[2]
    whole = Shard(hard.X, shared).start()[1]
    parts = reduce(add, [Shard(hard.X[rows], shared).start()[1] for rows in np.array_split(order, 4)])
    assert parts.images == whole.images == len(hard.X)
    for name in ("mass", "sums", "scatter"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-3, atol=1e-2)


def test_labels_over_shards_are_nearer_to_one_run_than_those_of_its_classifier(hard, order, sampled):
    found, X, shared = sampled
    labels, changed = over_shards(np.array_split(order, 4), hard.X, shared)
    of_one_run = refine(hard.X, hard.T).labels
    by_classifier = fit_classifier(found, X, hard.T).predict(hard.X).labels
    assert changed <= 0.01 * len(labels)
    assert np.mean(labels != of_one_run) < 0.05
    assert np.mean(labels != of_one_run) < np.mean(by_classifier != of_one_run)
    assert accuracy(labels, hard.truth) > accuracy(found.zero_shot_labels, hard.truth[order[::3]]) + 0.05


def test_shards_that_each_hold_few_classes_are_labelled_about_as_well(hard, order, sampled):
    """As when every folder is a shard: what a class is comes from all of them."""
    of_folders = np.array_split(np.argsort(hard.truth, kind="stable"), 4)
    mixed, sorted_ = (
        accuracy(over_shards(parts, hard.X, sampled[2])[0], hard.truth)
        for parts in (np.array_split(order, 4), of_folders)
    )
    assert sorted_ > mixed - 0.02


def test_an_image_alone_in_its_shard_gets_a_label(hard, order, sampled):
    shared = sampled[2]
    sums = Shard(hard.X, shared).start()[1]
    alone = Shard(hard.X[:1], shared)
    z, _ = alone.judge(alone.start()[0], sums)
    assert alone.predictions(z).labels[0] in range(len(hard.T))
