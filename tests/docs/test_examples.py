"""The examples in Python on every page run as they stand there, one after the other, on real images."""

import shutil
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders import openclip
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.encoders.lookup import Weights
from fiftyone_autolabel.plugin.encoders.openclip_models import DEFAULT

from .conftest import PAGES, blocks

SCENES = ["cat", "rocket", "cup of coffee"]
TOLD_APART = ("extending.md", "formats.md")
EXAMPLES = [page for page in PAGES if page.name not in TOLD_APART and blocks(page, "python")]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A working folder with `my_photos`, photos of three scenes, and no hub to fetch weights from."""
    monkeypatch.setattr(openclip, "choose_published", lambda: (DEFAULT, Weights.OUT_OF_REACH))
    photos = demo_photos(default_cache_folder() / "demo")
    monkeypatch.chdir(tmp_path)
    for photo in (photo for photo in photos if photo.label in SCENES):
        (tmp_path / "my_photos" / photo.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(photo.path, tmp_path / "my_photos" / photo.label)
    return sorted((tmp_path / "my_photos").rglob("*.jpg"))


@pytest.fixture
def dataset(photos):
    """Those photos under the name of the demo's dataset, with their true class and a box around each."""
    dataset = fo.Dataset("autolabel-demo-photos", overwrite=True)
    for path in photos:
        truth = fo.Classification(label=path.parent.name)
        boxes = fo.Detections(detections=[fo.Detection(label="object", bounding_box=[0.1, 0.1, 0.8, 0.8])])
        dataset.add_sample(fo.Sample(filepath=str(path), ground_truth=truth, boxes=boxes))
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.name)
def test_the_examples_of_a_page_run(page, dataset, photos):
    rng = np.random.default_rng(51)
    T = rng.normal(size=(3, 16))
    names = {
        "dataset": dataset,
        "classes": SCENES,
        "paths": photos,
        "X": np.repeat(T, 20, axis=0) + rng.normal(size=(60, 16)),
        "T": T,
    }
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), names)


def test_the_page_of_formats_makes_what_it_says(dataset, photos, tmp_path):
    page = next(page for page in PAGES if page.name == "formats.md")
    names = {"dataset": dataset}
    auto_label(dataset, SCENES, encoder="offline")
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), names)
    text = page.read_text(encoding="utf-8")
    made = {path.name for path in Path(tmp_path, "report").iterdir()}
    assert made
    assert [name for name in made if f"`{name}`" not in text] == []
