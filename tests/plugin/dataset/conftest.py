"""Small real datasets: solid-colour images, which is all that this room looks at."""

import fiftyone as fo
import numpy as np
import pytest
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
