"""`AutoLabeler` behaves as an estimator of scikit-learn's, with -1 for what is not known."""

import inspect
from dataclasses import fields

import numpy as np
import pytest
from fiftyone_autolabel import AutoLabeler, InputError, Settings, refine
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

DOES_NOT_APPLY = {
    "check_classifiers_classes": "uses -1 as the name of a class, which here marks what is not known",
    "check_estimators_dtypes": "has rows of zeros, which have no direction",
    "check_methods_subset_invariance": "float32 products of fewer rows round otherwise in the sixth digit",
}
"""Check of scikit-learn's → why the estimator need not pass it."""


@pytest.fixture(scope="module")
def data():
    """Images, class vectors and true classes."""
    rng = np.random.default_rng(0)
    T = rng.normal(size=(4, 16))
    truth = np.arange(200) % 4
    return T[truth] + rng.normal(size=(200, 16)), T, truth


def test_it_passes_the_checks_of_scikit_learn_that_apply():
    results = check_estimator(
        AutoLabeler(), expected_failed_checks=DOES_NOT_APPLY, on_skip=None, on_fail="raise"
    )
    assert len([result for result in results if result["status"] == "passed"]) > 45


def test_its_parameters_are_the_settings():
    parameters = inspect.signature(AutoLabeler).parameters
    settings = {
        name: each.default for name, each in parameters.items() if name not in ("text_embeddings", "classes")
    }
    assert settings == {field.name: field.default for field in fields(Settings)}


def test_images_are_labelled_from_class_vectors_as_by_refine(data):
    X, T, _ = data
    labeler, refinement = AutoLabeler(T).fit(X), refine(X, T)
    assert (labeler.labels_ == refinement.labels).all()
    assert (labeler.confidence_ == refinement.confidence).all()
    assert (labeler.probabilities_ == refinement.probabilities).all()
    assert (labeler.prototypes_ == refinement.prototypes).all()


def test_classes_have_the_names_that_were_given(data):
    X, T, truth = data
    names = np.array(["cat", "dog", "fox", "owl"])
    y = np.array([name if row < 8 else -1 for row, name in enumerate(names[truth])], object)
    labeler = AutoLabeler(T, classes=names).fit(X, y)
    assert set(labeler.labels_) <= set(names)
    assert (labeler.labels_[:8] == names[truth[:8]]).all()


def test_some_known_labels_are_enough(data):
    X, _, truth = data
    labeler = AutoLabeler().fit(X, np.where(np.arange(200) < 40, truth, -1))
    assert labeler.classes_.tolist() == [0, 1, 2, 3]
    assert (labeler.labels_[:40] == truth[:40]).all()
    assert np.mean(labeler.labels_[40:] == truth[40:]) > 0.9


def test_new_images_are_predicted_with_probabilities(data):
    X, T, truth = data
    labeler = AutoLabeler(T).fit(X[:150])
    probabilities = labeler.predict_proba(X[150:])
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (labeler.predict(X[150:]) == probabilities.argmax(axis=1)).all()
    assert labeler.score(X[150:], truth[150:]) > 0.9


def test_it_works_in_pipelines_and_cross_validation(data):
    X, T, truth = data
    pipeline = make_pipeline(FunctionTransformer(), AutoLabeler(T))
    assert cross_val_score(pipeline, X, truth, cv=3).mean() > 0.9


@pytest.mark.parametrize(
    ("parameters", "y", "sentence"),
    [
        ({}, None, "requires y to be passed"),
        ({}, [-1] * 200, "No label is known"),
        ({"text_embeddings": np.eye(4, 16)}, [7] * 200, "7 in y is none of the classes"),
        ({"text_embeddings": np.eye(4, 16), "classes": ["a"]}, None, "There are 1 classes for 4 text"),
        ({"text_embeddings": np.eye(4, 16), "iterations": 0}, None, "Setting iterations is 0"),
    ],
)
def test_bad_input_is_refused_by_fit(data, parameters, y, sentence):
    with pytest.raises(InputError, match=sentence):
        AutoLabeler(**parameters).fit(data[0], y)
