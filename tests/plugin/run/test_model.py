"""A finished run as a FiftyOne model: `apply_model` gives the labels of `predict`."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import RunModel
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes
from fiftyone_autolabel.plugin.run.prediction import predict_files
from PIL import Image


def test_apply_model_gives_the_labels_of_predict(learnt, new_images):
    new_images.apply_model(RunModel(learnt), "found", batch_size=8)

    expected = predict_files(load_prototypes(learnt), new_images.values("filepath"), progress=False)
    assert new_images.values("found.label") == [each.label for each in expected]
    assert new_images.values("found.confidence") == [each.confidence for each in expected]


def test_pixels_are_labelled_without_a_sample(learnt, photos_of_two):
    pixels = np.asarray(Image.open(photos_of_two[1]).convert("RGB"))

    found = RunModel(learnt).predict(pixels)

    (expected,) = predict_files(load_prototypes(learnt), [photos_of_two[1]], progress=False)
    assert found.label == expected.label


def test_an_image_that_cannot_be_read_is_said_to_be(learnt, tmp_path):
    (tmp_path / "damaged.jpg").write_text("no image")
    sample = fo.Sample(filepath=str(tmp_path / "damaged.jpg"))

    with pytest.raises(InputError, match=r"Cannot read .*damaged\.jpg"):
        RunModel(learnt).predict(np.zeros((8, 8, 3), np.uint8), sample)


def test_a_folder_without_prototypes_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.$"):
        RunModel(tmp_path)
