"""A finished run as a classifier of images that it has not seen."""

import numpy as np
import pytest
from fiftyone_autolabel import InputError, refine
from fiftyone_autolabel.plugin.engine.classifier import fit_classifier


@pytest.fixture(scope="module")
def run():
    """Images and class vectors of a run, its classifier, and images that it has not seen."""
    rng = np.random.default_rng(0)
    T = rng.normal(size=(5, 24))
    images = T[np.arange(400) % 5] + 1.5 * rng.normal(size=(400, 24))
    X, new = images[:300], images[300:]
    return X, T, fit_classifier(refine(X, T), X, T), new


def test_a_second_choice_is_never_the_label(run):
    _, _, classifier, new = run
    predictions = classifier.predict(new)
    assert (predictions.second_labels != predictions.labels).all()


def test_one_image_can_be_labelled_alone(run):
    _, _, classifier, new = run
    together = classifier.predict(new)
    alone = classifier.predict(new[:1])
    assert alone.labels[0] == together.labels[0]
    assert alone.confidence[0] == pytest.approx(together.confidence[0], abs=1e-5)


def test_the_length_of_vectors_does_not_matter(run):
    _, _, classifier, new = run
    once, thrice = (classifier.predict(factor * new) for factor in (1, 3))
    assert (once.labels == thrice.labels).all()


def test_probabilities_sum_to_one_and_their_largest_is_the_confidence(run):
    _, _, classifier, new = run
    probabilities = classifier.probabilities(new)
    predictions = classifier.predict(new)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (probabilities.argmax(axis=1) == predictions.labels).all()
    assert (probabilities.max(axis=1) == predictions.confidence).all()


def test_vectors_of_another_model_are_refused(run):
    with pytest.raises(InputError, match="23 dimensions"):
        run[2].predict(run[3][:, :23])
