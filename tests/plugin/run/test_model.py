"""A finished run as a FiftyOne model: `apply_model` gives the labels of `predict`."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import RunModel, label_files
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes, save_prototypes
from fiftyone_autolabel.plugin.run.prediction import predict_files
from PIL import Image

CLASSES = ["cat", "rocket"]


@pytest.fixture(scope="module")
def photos() -> list[str]:
    """Paths of the demo's cats and rockets."""
    photos = demo_photos(default_cache_folder() / "demo")
    return [str(each.path) for each in photos if each.label in CLASSES]


@pytest.fixture(scope="module")
def folder(photos, tmp_path_factory):
    """What a run on every other of them has learnt."""
    folder = tmp_path_factory.mktemp("model") / "prototypes"
    run = label_files(photos[::2], CLASSES, encoder="offline", progress=False)
    save_prototypes(folder, run.prototypes())
    return folder


@pytest.fixture
def new_images(photos):
    """A dataset of those that the run did not see."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in photos[1::2]])
    yield dataset
    dataset.delete()


def test_apply_model_gives_the_labels_of_predict(folder, new_images):
    new_images.apply_model(RunModel(folder), "found", batch_size=8)

    expected = predict_files(load_prototypes(folder), new_images.values("filepath"), progress=False)
    assert new_images.values("found.label") == [each.label for each in expected]
    assert new_images.values("found.confidence") == [each.confidence for each in expected]


def test_pixels_are_labelled_without_a_sample(folder, photos):
    pixels = np.asarray(Image.open(photos[1]).convert("RGB"))

    found = RunModel(folder).predict(pixels)

    (expected,) = predict_files(load_prototypes(folder), [photos[1]], progress=False)
    assert found.label == expected.label


def test_an_image_that_cannot_be_read_is_said_to_be(folder, tmp_path):
    (tmp_path / "damaged.jpg").write_text("no image")
    sample = fo.Sample(filepath=str(tmp_path / "damaged.jpg"))

    with pytest.raises(InputError, match=r"Cannot read .*damaged\.jpg"):
        RunModel(folder).predict(np.zeros((8, 8, 3), np.uint8), sample)


def test_a_folder_without_prototypes_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.$"):
        RunModel(tmp_path)
