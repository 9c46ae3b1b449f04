"""Clusters of clusters take the images together as clusters of images do."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.clustering import Clusters
from fiftyone_autolabel.plugin.engine.units import Pool, Units, pools_of

N, N_MICRO = 60, 9


@pytest.fixture
def images():
    """Images of three directions and four classes, two of them answered."""
    rng = np.random.default_rng(3)
    anchors = np.full(N, -1)
    anchors[[4, 17]] = [2, 0]
    vectors, logits = (rng.normal(size=(N, width)).astype(np.float32) for width in (3, 4))
    return Units(vectors, logits, np.ones((N, 1), np.float32), anchors)


@pytest.fixture
def levels():
    """Nine micro-clusters in three meta-clusters; every tenth image is in none."""
    micro = np.arange(N) % N_MICRO
    micro[::10] = -1
    meta = np.where(micro < 0, -1, micro // 3)
    return [
        Clusters(name, each, np.empty(0), np.empty(0)) for name, each in (("meta", meta), ("micro", micro))
    ]


def test_a_unit_is_the_mean_of_its_images(images, levels):
    pool = Pool.of_images(images, levels[1].assignments)
    members = pool.unit == pool.unit[1]
    assert members.sum() == pool.units.sizes[pool.unit[1], 0] > 1
    np.testing.assert_allclose(
        pool.units.vectors[pool.unit[1]], images.vectors[members].mean(axis=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        pool.units.logits[pool.unit[1]], images.logits[members].mean(axis=0), rtol=1e-5
    )


def test_answered_images_and_those_in_no_cluster_are_units_of_one(images, levels):
    pool = Pool.of_images(images, levels[1].assignments)
    alone = [0, 4, 10, 17, 20]
    assert (pool.units.sizes[pool.unit[alone]] == 1).all()
    assert pool.first[pool.unit[alone]].tolist() == alone
    assert pool.units.anchors[pool.unit[alone]].tolist() == [-1, 2, -1, 0, -1]
    assert pool.text[pool.unit[4]].tolist() == [0, 0, 1, 0]


def test_units_of_units_are_those_of_the_images(images, levels):
    pools = pools_of(images, levels)
    direct = Pool.of_images(images, levels[0].assignments)
    assert list(pools) == ["micro", "meta"]
    assert pools["meta"].unit.tolist() == direct.unit.tolist()
    for name in ("vectors", "logits", "sizes", "anchors"):
        found, expected = (getattr(pool.units, name) for pool in (pools["meta"], direct))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(pools["meta"].text, direct.text, rtol=1e-4)
