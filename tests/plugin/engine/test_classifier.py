"""A finished run as a classifier of images that it has not seen."""

from dataclasses import replace

import numpy as np
import pytest
from fiftyone_autolabel import InputError, refine
from fiftyone_autolabel.plugin.engine.classifier import fit_classifier
from fiftyone_autolabel.plugin.engine.metrics import accuracy

from .conftest import make_features


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


@pytest.fixture(scope="module")
def hard():
    """Images that are hard to tell apart by names that fit badly, their run, and its classifier."""
    made = make_features((60,) * 6, noise=2.0, text_noise=2.0)
    refinement = refine(made.X, made.T)
    return made, refinement, fit_classifier(refinement, made.X, made.T)


def test_classes_are_as_frequent_as_the_run_found_them(hard):
    made, refinement, classifier = hard
    labels = classifier.predict(made.X).labels
    frequencies = np.bincount(labels, minlength=6) - np.bincount(refinement.labels, minlength=6)
    assert np.abs(frequencies).max() < 15
    assert classifier.agreement == accuracy(labels, refinement.labels) > 0.9


def test_without_its_bias_a_classifier_would_see_other_frequencies(hard):
    made, refinement, classifier = hard
    unbiased = replace(classifier, bias=np.zeros_like(classifier.bias)).predict(made.X).labels
    assert accuracy(unbiased, refinement.labels) < classifier.agreement - 0.05


def test_the_mean_confidence_on_the_images_of_the_run_is_the_accuracy_that_it_expected(hard):
    made, refinement, classifier = hard
    confidence = classifier.predict(made.X).confidence
    assert confidence.mean() == pytest.approx(refinement.expected_accuracy, abs=1e-3)


def test_a_second_encoder_is_asked_for_where_the_run_had_one_and_refused_where_it_had_not(features):
    X, T, V = features.X, features.T, features.X[:, ::-1]
    one = fit_classifier(refine(X, T), X, T)
    two = fit_classifier(refine(X, T, second_embeddings=V), X, T, V)
    assert accuracy(two.predict(X, V).labels, features.truth) > 0.95
    with pytest.raises(InputError, match="had a second encoder: give the visual embeddings"):
        two.predict(X)
    with pytest.raises(InputError, match="had one encoder only: leave the visual embeddings out"):
        one.predict(X, V)
