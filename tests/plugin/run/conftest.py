"""What one run on photos of two classes has learnt, to label others with, made once."""

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone_autolabel import label_files
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.report.prototypes import save_prototypes

TWO_CLASSES = ["cat", "rocket"]


@pytest.fixture(scope="session")
def photos_of_two() -> list[str]:
    """Paths of the demo's cats and rockets."""
    photos = demo_photos(default_cache_folder() / "demo")
    return [str(each.path) for each in photos if each.label in TWO_CLASSES]


@pytest.fixture(scope="session")
def learnt(photos_of_two: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with what a run on every other of them has learnt."""
    run = label_files(photos_of_two[::2], TWO_CLASSES, encoder="offline", progress=False)
    return save_prototypes(tmp_path_factory.mktemp("learnt") / "report", run.prototypes())


@pytest.fixture
def new_images(photos_of_two: list[str]) -> Iterator[fo.Dataset]:
    """A dataset of those that the run did not see."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in photos_of_two[1::2]])
    yield dataset
    dataset.delete()
