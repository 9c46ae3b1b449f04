"""Small real datasets: solid-colour images, which is all that this room looks at."""

from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from PIL import Image


def _six_images(folder: Path) -> fo.Dataset:
    dataset = fo.Dataset()
    for number in range(6):
        path = folder / f"{number}.png"
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(path)
        dataset.add_sample(fo.Sample(filepath=str(path)))
    return dataset


@pytest.fixture
def dataset(tmp_path):
    """Six images in a dataset that is deleted afterwards."""
    dataset = _six_images(tmp_path)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def labelled_once(tmp_path_factory):
    """Such a dataset, labelled by a run as "red" or "green"; to be cloned."""
    dataset = _six_images(tmp_path_factory.mktemp("images"))
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(2, 4))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T)
    yield dataset
    dataset.delete()


@pytest.fixture
def labelled(labelled_once):
    """The same, for one test to change."""
    dataset = labelled_once.clone()
    yield dataset
    dataset.delete()
