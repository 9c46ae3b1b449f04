"""The numbers of a summary are those of the refinement, cut to what a person can look at."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.engine.clustering import Clusters
from fiftyone_autolabel.plugin.report.summarising import (
    MOST_CLUSTERS,
    confusable_pairs,
    summarise,
    summarise_alignment,
)

from .conftest import make_run


def clusters_of(sizes):
    """Clusters of these sizes."""
    sizes = np.array(sizes)
    means = np.zeros((len(sizes), 2), np.float32)
    return Clusters("micro", np.repeat(np.arange(len(sizes)), sizes), means, sizes)


def test_counts_and_confidence_are_per_class(run):
    labels, confidence = run.refinement.labels, run.refinement.confidence
    assert run.summary.counts == tuple(np.bincount(labels, minlength=6).tolist())
    assert run.summary.mean_confidence[2] == pytest.approx(confidence[labels == 2].mean(), abs=1e-4)


def test_a_class_without_images_has_no_mean_confidence(run):
    probabilities = np.pad(run.refinement.probabilities, ((0, 0), (0, 1)))
    alignment = {name: np.pad(rows, ((0, 0), (0, 1))) for name, rows in run.refinement.alignment.items()}
    wider = replace(run.refinement, probabilities=probabilities, alignment=alignment)
    assert summarise(wider, [*run.classes, "unicorn"]).mean_confidence[-1] is None


def test_every_image_is_in_one_bin_of_confidence(run):
    assert sum(run.summary.confidence_counts) == 240


def test_the_clusters_with_most_images_in_doubt_come_first():
    alignment = np.array([[0.9, 0.1], [0.5, 0.5], [1.0, 0.0]], np.float32)
    summary = summarise_alignment(clusters_of([10, 8, 50]), alignment)
    assert summary.clusters == (1, 0, 2)
    assert summary.sizes == (8, 10, 50)


def test_classes_with_next_to_no_share_are_left_out_of_a_cluster():
    summary = summarise_alignment(clusters_of([5]), np.array([[0.001, 0.099, 0.9]], np.float32))
    assert summary.classes == ((2, 1),)
    assert summary.shares == ((0.9, 0.099),)


def test_a_cluster_that_is_spread_over_all_classes_keeps_one():
    summary = summarise_alignment(clusters_of([5]), np.full((1, 1000), 0.001, np.float32))
    assert summary.classes == ((0,),)


def test_purity_is_over_all_images_in_clusters():
    alignment = np.array([[0.6, 0.4], [1.0, 0.0]], np.float32)
    assert summarise_alignment(clusters_of([30, 10]), alignment).purity == pytest.approx(0.7)


def test_confusable_pairs_are_ranked_by_the_errors_that_their_probabilities_expect(run):
    p, labels = run.refinement.probabilities, run.refinement.labels
    first = confusable_pairs(run.refinement)[0]
    expected = p[labels == first.first, first.second].sum() + p[labels == first.second, first.first].sum()
    assert first.expected_errors == pytest.approx(expected, abs=0.01)
    errors = [pair.expected_errors for pair in confusable_pairs(run.refinement)]
    assert errors == sorted(errors, reverse=True)


def test_all_expected_errors_belong_to_some_pair(run):
    total = sum(pair.expected_errors for pair in run.summary.confusable)
    assert total == pytest.approx((1 - run.refinement.confidence).sum(), rel=0.05)


def test_one_class_competes_with_none():
    assert make_run(1, 30).judged.confusable == ()


def test_ground_truth_gives_accuracy_counts_and_errors(run):
    truth, labels = run.judged.truth, run.refinement.labels
    assert truth.accuracy == pytest.approx(np.mean(labels == run.truth))
    assert truth.counts == (40,) * 6
    assert sum(images for _, _, images in truth.confusions) == (labels != run.truth).sum()
    assert all(true != label for true, label, _ in truth.confusions)
    assert truth.kept[0] == pytest.approx(truth.accuracy, abs=1e-4)
    assert sum(each.images for each in truth.reliability) == 240


def test_images_whose_class_is_not_known_do_not_count(run):
    truth = np.where(np.arange(240) < 60, run.refinement.labels, -1)
    judged = summarise(run.refinement, run.classes, truth=truth).truth
    assert (judged.images, judged.accuracy) == (60, 1.0)


@pytest.mark.parametrize(
    ("truth", "sentence"),
    [
        ([0, 1], "must be 240 whole numbers"),
        ([0.5] * 240, "must be 240 whole numbers"),
        ([6] * 240, "has class 6, but classes are numbered 0 to 5"),
        ([-1] * 240, "has no class for any of the images"),
    ],
)
def test_a_ground_truth_that_does_not_fit_is_refused(run, truth, sentence):
    with pytest.raises(InputError, match=sentence):
        summarise(run.refinement, run.classes, truth=np.array(truth))


def test_class_names_that_do_not_fit_are_refused(run):
    with pytest.raises(InputError, match="5 class names for 6 classes"):
        summarise(run.refinement, run.classes[:5])


def test_the_clusters_that_fit_no_class_are_kept_in_order(run):
    kept = [cluster.cluster for cluster in run.summary.novel]
    assert kept == [cluster.cluster for cluster in run.refinement.novel_clusters[: len(kept)]]
    assert len(kept) > 0


def test_the_summary_of_many_clusters_and_classes_stays_small():
    rng = np.random.default_rng(0)
    alignment = rng.dirichlet(np.full(1000, 0.002), 5000).astype(np.float32)
    summary = summarise_alignment(clusters_of([20] * 5000), alignment)
    assert len(summary.clusters) == MOST_CLUSTERS
    assert summary.total == 5000
    assert len(json.dumps([summary.clusters, summary.sizes, summary.classes, summary.shares])) < 200_000
