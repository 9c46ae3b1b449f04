"""Which labels can be compared with which true classes."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.dataset.reviewing import correct
from fiftyone_autolabel.plugin.dataset.truth import evaluable_fields, truth_choices

FIELD = "auto_label_boxes"


@pytest.fixture
def labelled(dataset):
    """Six images with a box each, whose classes a run has found, and a person's answer."""
    for sample in dataset.iter_samples(autosave=True):
        for name in ("boxes", "others"):
            box = fo.Detection(label="red", bounding_box=[0, 0, 1, 1])
            sample[name] = fo.Detections(detections=[box])
    X, T = np.random.default_rng(0).normal(size=(6, 4)), np.eye(4)[:2]
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T, objects="boxes")
    correct(dataset.limit(1), "green", FIELD)
    return dataset


def test_objects_are_compared_with_the_field_that_they_are_from(labelled):
    assert evaluable_fields(labelled) == [FIELD]
    assert truth_choices(labelled, FIELD) == ["boxes"]


@pytest.mark.parametrize("field", ["boxes", FIELD])
def test_so_they_are_in_patches_of_either(labelled, field):
    assert evaluable_fields(labelled.to_patches(field)) == [FIELD]


def test_objects_that_no_run_labelled_have_no_truth_here(labelled):
    assert truth_choices(labelled, "others") == []
    assert evaluable_fields(labelled.to_patches("others")) == []


def test_classes_of_images_are_compared_with_one_another_and_not_with_answers(labelled):
    labelled.set_values("truth", [fo.Classification(label="red")] * 6)
    assert evaluable_fields(labelled) == [FIELD]
    X, T = np.random.default_rng(0).normal(size=(6, 4)), np.eye(4)[:2]
    auto_label(labelled, ["red", "green"], embeddings=X, text_embeddings=T)
    correct(labelled.limit(1), "green")
    assert set(evaluable_fields(labelled)) == {"truth", "auto_label", FIELD}
    assert truth_choices(labelled, "auto_label") == ["truth"]
