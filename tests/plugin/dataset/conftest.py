"""Small real datasets: solid-colour images, which is all that this room looks at."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from PIL import Image


@pytest.fixture
def dataset(tmp_path):
    """Six images in a dataset that is deleted afterwards."""
    dataset = fo.Dataset()
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(path)
        dataset.add_sample(fo.Sample(filepath=str(path)))
    yield dataset
    dataset.delete()


@pytest.fixture
def labelled(dataset):
    """The same images, labelled by a run as "red" or "green"."""
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(2, 4))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T)
    return dataset
