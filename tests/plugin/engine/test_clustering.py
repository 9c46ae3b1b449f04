"""Micro-clusters of images, meta-clusters of micro-clusters."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.clustering import build_hierarchy
from fiftyone_autolabel.plugin.engine.config import Settings

from .conftest import make_features

HDBSCAN = Settings(clustering="hdbscan", min_cluster_size=5)
KMEANS = Settings(clustering="kmeans", min_cluster_size=5)


@pytest.mark.parametrize("clustering", ["hdbscan", "kmeans"])
def test_micro_clusters_are_pure_where_classes_are_compact(clustering):
    made = make_features((60,) * 8, noise=0.4)
    micro = build_hierarchy(made.X, 8, Settings(clustering=clustering).resolved(480, 8)).micro
    majority = sum(np.bincount(made.truth[micro.assignments == c]).max() for c in range(len(micro)))
    assert len(micro) >= 8
    assert majority / micro.sizes.sum() > 0.95


def test_a_meta_cluster_is_a_union_of_micro_clusters(features):
    hierarchy = build_hierarchy(features.X, 3, HDBSCAN)
    for cluster in range(len(hierarchy.micro)):
        assert len(np.unique(hierarchy.meta.assignments[hierarchy.micro.assignments == cluster])) == 1
    assert 2 <= len(hierarchy.meta) < len(hierarchy.micro)


def test_images_in_no_micro_cluster_are_in_no_meta_cluster():
    made = make_features((60,) * 4, noise=2.0)
    hierarchy = build_hierarchy(made.X, 2, HDBSCAN)
    noise = hierarchy.micro.assignments == -1
    assert noise.any()
    assert (hierarchy.meta.assignments[noise] == -1).all()


def test_sizes_and_means_describe_the_assignments(features):
    micro = build_hierarchy(features.X, 8, KMEANS).micro
    assert micro.sizes.sum() == len(features.X)
    np.testing.assert_allclose(np.linalg.norm(micro.means, axis=1), 1, rtol=1e-5)


def test_clusters_of_ones_own_are_used_as_they_are(features):
    own = features.truth - 1
    assert (build_hierarchy(features.X, 8, HDBSCAN, own).micro.assignments == own).all()


@pytest.mark.parametrize("n", [1, 2, 9])
def test_too_few_images_make_no_clusters(features, n):
    hierarchy = build_hierarchy(features.X[:n], 8, HDBSCAN)
    assert len(hierarchy.micro) == len(hierarchy.meta) == 0
    assert (hierarchy.micro.assignments == -1).all()


def test_no_clustering_can_be_asked_for(features):
    assert len(build_hierarchy(features.X, 8, Settings(clustering="none").resolved(320, 8)).micro) == 0


def test_a_cluster_whose_images_cancel_out_is_clustered_all_the_same():
    X = np.array([[1, 0], [-1, 0], [0, 1], [0, 1], [1, 0], [1, 0], [0, -1], [0, -1]], np.float32)
    hierarchy = build_hierarchy(X, 2, HDBSCAN, np.repeat(np.arange(4), 2))
    assert len(hierarchy.meta) == 2
    assert np.isfinite(hierarchy.meta.means).all()
