"""Two runs are compared by what they said, whatever was written since."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label
from fiftyone_autolabel.plugin.dataset.comparing import compare_runs

X = np.eye(4)[[0, 0, 1, 1, 0, 1]] + np.random.default_rng(0).normal(scale=0.01, size=(6, 4))


def run(samples, classes=("red", "green"), rows=slice(None), **arguments) -> str:
    T = np.eye(4)[: len(classes)]
    return auto_label(samples, classes, embeddings=X[rows], text_embeddings=T, **arguments).run_key


@pytest.fixture
def runs(dataset):
    """Two runs into the same fields; to the second, what was red is blue."""
    return run(dataset), run(dataset, ["blue", "green"])


def test_the_labels_that_differ_are_counted_by_pair(dataset, runs):
    comparison = compare_runs(dataset, *runs)
    assert comparison.changes == (("red", "blue", 3),)
    assert (comparison.n_common, comparison.n_differing, comparison.agreement) == (6, 3, 0.5)


def test_the_view_shows_the_samples_that_differ_the_surest_first(dataset, runs):
    comparison = compare_runs(dataset, *runs)
    ids = dataset.values("id")
    assert set(comparison.view.values("id")) == {ids[0], ids[1], ids[4]}
    sureness = comparison.view.values("confidence")
    assert sureness == sorted(sureness, reverse=True)


def test_two_runs_that_agree_have_no_differences(dataset):
    comparison = compare_runs(dataset, run(dataset), run(dataset, run_key="again"))
    assert (comparison.n_differing, comparison.agreement, len(comparison.view)) == (0, 1.0, 0)


def test_only_samples_that_both_labelled_are_compared(dataset):
    first = run(dataset[:4], rows=slice(4))
    second = run(dataset[1:], rows=slice(1, None))
    comparison = compare_runs(dataset, first, second)
    assert (comparison.n_common, comparison.n_only_first, comparison.n_only_second) == (3, 1, 2)


def test_runs_without_a_common_sample_cannot_be_compared(dataset):
    first = run(dataset[:3], rows=slice(3))
    second = run(dataset[3:], rows=slice(3, None))
    with pytest.raises(InputError, match="labelled different samples"):
        compare_runs(dataset, first, second)


def test_a_run_is_not_compared_with_itself_or_one_without_labels(dataset):
    key = run(dataset)
    with pytest.raises(InputError, match="Choose two different runs"):
        compare_runs(dataset, key, key)
    with pytest.raises(InputError, match="None of the 6 images"):
        auto_label(dataset, ["a"], embeddings=np.full((6, 4), np.nan), text_embeddings=np.ones((1, 4)))
    with pytest.raises(InputError, match="is failed and has no labels"):
        compare_runs(dataset, key, "auto_label_2")


def test_samples_that_were_deleted_are_not_in_the_view(dataset, runs):
    dataset.delete_samples(dataset.first().id)
    view = compare_runs(dataset, *runs).view
    assert isinstance(view, fo.DatasetView)
    assert len(view) == 2
