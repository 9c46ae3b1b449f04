"""What a person's files and disk do to a run, with an encoder that needs no model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel import BatchEncoder, FinishedRun, Settings, label_files
from PIL import Image

CLASSES = ["red", "green"]


class ColourEncoder(BatchEncoder):
    """Mean colour of an image, and the colour that a text names."""

    name = "colour"
    version = "1"
    dimension = 3

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((4, 4)), np.float32)

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        return batch.mean(axis=(1, 2)) + 1

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        return np.array([[colour in text for colour in ("red", "green", "blue")] for text in texts]) + 0.1


@pytest.fixture
def encoder() -> ColourEncoder:
    """An encoder that is right about colours."""
    return ColourEncoder()


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder of four images, red and green."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (20, 20), CLASSES[number % 2]).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def label(encoder) -> Callable[..., FinishedRun]:
    """Label files as red or green."""
    settings = Settings(clustering="none")
    return lambda paths: label_files(paths, CLASSES, encoder=encoder, settings=settings)
