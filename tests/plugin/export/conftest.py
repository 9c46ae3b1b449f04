"""Real images with labels as a run writes them, in a dataset that is deleted afterwards."""

from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel.plugin.dataset.fields import FieldNames, declare_fields
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from PIL import Image

# Before the tests are imported, since they read exports back with torchvision.
ensure_torchvision_imports()

CLASSES = {"cat": 20, "dog": 10, "sports car/van": 5, "Dog": 1}
"""Class → number of its images; one name is no folder's, and one is in the way of another."""


def add_image(
    dataset: fo.Dataset, path: Path, label: str | None, confidence: float | None = None
) -> fo.Sample:
    """Make an image file and its sample."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = len(dataset)
    Image.fromarray(np.full((12, 16, 3), number, np.uint8)).save(path)
    sample = fo.Sample(filepath=str(path))
    if label is not None:
        sample["auto_label"] = fo.Classification(label=label, confidence=confidence)
    dataset.add_sample(sample)
    return sample


@pytest.fixture
def empty():
    """A dataset with the fields of a run, but without samples."""
    dataset = fo.Dataset()
    declare_fields(dataset, FieldNames())
    yield dataset
    dataset.delete()


@pytest.fixture
def dataset(empty, tmp_path):
    """Images of every class, all confidences different, and one image that could not be labelled.

    Every class has a folder of its own, with images of the same names in each.
    """
    for folder, (label, count) in enumerate(CLASSES.items()):
        for number in range(count):
            path = tmp_path / "images" / str(folder) / f"{number}.png"
            add_image(empty, path, label, 0.5 + len(empty) / 100)
    add_image(empty, tmp_path / "images" / "failed.png", None)
    return empty


@pytest.fixture
def boxes(empty, tmp_path):
    """Three images with boxes around objects, one of which nobody is sure of."""
    sure = {"label": "cat", "bounding_box": [0.25, 0.5, 0.5, 0.25], "confidence": 0.9}
    unsure = {"label": "dog", "bounding_box": [0, 0, 0.5, 0.5], "confidence": 0.2}
    for number, objects in enumerate([[sure, unsure], [sure], [unsure]]):
        sample = add_image(empty, tmp_path / "images" / f"{number}.png", None)
        sample["objects"] = fo.Detections(detections=[fo.Detection(**one) for one in objects])
        sample.save()
    return empty
