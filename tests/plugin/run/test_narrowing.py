"""A run is counted again for some of its samples, or beside a ground truth."""

import numpy as np
import pytest
from fiftyone_autolabel import InputError, Settings, refine
from fiftyone_autolabel.plugin.dataset.outcome import Outcome
from fiftyone_autolabel.plugin.report.summarising import summarise
from fiftyone_autolabel.plugin.run.narrowing import narrow

CLASSES = ["red", "green", "blue"]
TRUE = np.arange(60) % 3
IDS = [f"{number:024x}" for number in range(60)]


@pytest.fixture(scope="module")
def refinement():
    X = np.eye(4)[TRUE] + np.random.default_rng(0).normal(scale=0.4, size=(60, 4))
    return refine(X, np.eye(4)[:3], settings=Settings(min_cluster_size=3))


@pytest.fixture(scope="module")
def summary(refinement):
    return summarise(refinement, CLASSES)


@pytest.fixture(scope="module")
def outcome(refinement):
    return Outcome.of(refinement, CLASSES, IDS, {})


def test_counted_again_a_whole_run_is_what_it_was(summary, outcome):
    again = narrow(summary, outcome)
    for name in (
        "images",
        "reviewed",
        "counts",
        "mean_confidence",
        "confidence_counts",
        "alignment",
        "confusable",
        "novel",
    ):
        assert getattr(again, name) == getattr(summary, name)
    assert again.expected_accuracy == pytest.approx(summary.expected_accuracy)


def test_the_alignment_of_the_labels_is_counted_where_the_run_gave_shares(summary, outcome):
    for level in summary.levels:
        alignment = narrow(summary, outcome, sample_ids=IDS).alignment_of(level)
        assert alignment.is_counted
        sizes = dict(zip(alignment.clusters, alignment.sizes, strict=True))
        was = summary.alignment_of(level)
        assert sizes == dict(zip(was.clusters, was.sizes, strict=True))
        clusters = getattr(outcome, f"{level}_cluster")
        for cluster, classes, shares in zip(
            alignment.clusters, alignment.classes, alignment.shares, strict=True
        ):
            labels = outcome.labels[clusters == cluster]
            assert shares[0] == pytest.approx((labels == classes[0]).mean(), abs=1e-3)
            assert list(shares) == sorted(shares, reverse=True)


def test_only_some_samples_are_counted(summary, outcome):
    narrowed = narrow(summary, outcome, sample_ids=IDS[:20])
    assert narrowed.images == 20
    assert narrowed.counts == tuple(np.bincount(outcome.labels[:20], minlength=3).tolist())
    assert narrowed.expected_accuracy == pytest.approx(outcome.confidence[:20].mean())
    assert narrowed.coverage[0].images == 20
    assert sum(narrowed.alignment_of("micro").sizes) == (outcome.micro_cluster[:20] >= 0).sum()


def test_pairs_are_ranked_by_the_probability_of_the_second_choices(summary, outcome):
    pair = narrow(summary, outcome, sample_ids=IDS).confusable[0]
    labels, seconds = outcome.labels, outcome.second_labels
    between = {pair.first, pair.second}
    rows = [row for row in range(60) if {labels[row], seconds[row]} == between]
    assert pair.images == len(rows)
    errors = (outcome.confidence - outcome.margin)[rows].sum()
    assert pair.expected_errors == pytest.approx(errors, abs=0.01)


def test_a_ground_truth_says_how_many_labels_are_right(summary, outcome):
    truth = {one: CLASSES[true] for one, true in zip(IDS, TRUE, strict=True)}
    judged = narrow(summary, outcome, truth=truth).truth
    assert judged.images == 60
    assert judged.accuracy == pytest.approx((outcome.labels == TRUE).mean())
    assert judged.zero_shot_accuracy is None


def test_a_true_class_that_the_run_was_not_given_makes_labels_wrong(summary, outcome):
    truth = dict.fromkeys(IDS[:10], "violet") | dict.fromkeys(IDS[10:15], "red")
    narrowed = narrow(summary, outcome, truth=truth)
    assert narrowed.classes == (*CLASSES, "violet")
    assert narrowed.counts[3] == 0
    assert narrowed.truth.counts == (5, 0, 0, 10)
    assert narrowed.truth.right[3] == 0
    assert narrowed.truth.accuracy == pytest.approx((outcome.labels[10:15] == 0).sum() / 15)


def test_samples_that_the_run_did_not_label_are_refused(summary, outcome):
    with pytest.raises(InputError, match="labelled none of these samples"):
        narrow(summary, outcome, sample_ids=["f" * 24])


def test_a_ground_truth_of_other_classes_is_refused(summary, outcome):
    with pytest.raises(InputError, match="names no class of this run"):
        narrow(summary, outcome, truth=dict.fromkeys(IDS, "violet"))
