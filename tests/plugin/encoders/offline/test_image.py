"""The ONNX file that the image tower is exported to."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fiftyone_autolabel.plugin.encoders.offline.image import (
    IMAGE_SIZE,
    ImageTower,
    classifier_rows,
    pooled_features,
    preprocess,
)
from PIL import Image
from skimage import data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("towers")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.stack([preprocess(Image.fromarray(image)) for image in (data.chelsea(), data.coffee())])


@pytest.fixture(scope="module")
def features(folder: Path, pixels: np.ndarray) -> np.ndarray:
    return ImageTower(folder)(pixels)


def test_the_exported_tower_agrees_with_pytorch(features: np.ndarray, pixels: np.ndarray):
    with torch.inference_mode():
        expected = pooled_features()(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_the_exported_tower_takes_batches_of_any_size(folder: Path, features: np.ndarray, pixels: np.ndarray):
    three = ImageTower(folder)(np.concatenate([pixels, pixels[:1]]))
    np.testing.assert_allclose(three[:2], features, atol=1e-4)


def test_the_classifier_recognises_a_cat(features: np.ndarray):
    tabby_cat, tiger_cat, persian_cat, siamese_cat, egyptian_mau = range(281, 286)
    cats = {tabby_cat, tiger_cat, persian_cat, siamese_cat, egyptian_mau}
    assert int(np.argmax(classifier_rows() @ features[0])) in cats


@pytest.mark.usefixtures("features")
def test_a_damaged_file_is_exported_again(folder: Path, features: np.ndarray, pixels: np.ndarray):
    (path,) = folder.glob("*.onnx")
    path.write_bytes(path.read_bytes()[:100_000])
    np.testing.assert_array_equal(ImageTower(folder)(pixels), features)


def test_nothing_but_the_exported_file_is_left_in_the_folder(folder: Path, features: np.ndarray):
    assert [path.suffix for path in folder.iterdir()] == [".onnx"]


def test_pixels_are_scaled_to_the_range_of_the_training():
    white, black = (preprocess(Image.new("RGB", (300, 200), colour)) for colour in ("white", "black"))
    assert white.shape == (3, IMAGE_SIZE, IMAGE_SIZE)
    np.testing.assert_allclose([white.max(), black.min()], [1, -127 / 128])
