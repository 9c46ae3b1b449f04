"""A person labels the boxes of images in the App, and sees objects wherever whole images would be."""

import re
from collections.abc import Callable, Iterator

import fiftyone as fo
import pytest
from playwright.sync_api import Locator, Page, expect

from ..conftest import SCENE_CLASSES, Scene
from .forms import choose_encoder, execute, open_form, type_classes
from .panel import choose_tab, drawn

SECONDS_TO_LABEL = 120


@pytest.fixture(scope="module")
def scenes(scene_files: list[Scene]) -> Iterator[fo.Dataset]:
    """Eight images of three boxes each."""
    scenes = fo.Dataset(persistent=True)
    for scene in scene_files:
        labelled = zip(SCENE_CLASSES, scene.boxes, strict=True)
        boxes = [fo.Detection(label=label, bounding_box=box) for label, box in labelled]
        scenes.add_sample(fo.Sample(filepath=str(scene.path), boxes=fo.Detections(detections=boxes)))
    yield scenes
    scenes.delete()


@pytest.fixture
def patches(open_dataset: Callable[..., Page], scenes: fo.Dataset) -> Page:
    """The App on a view of the boxes, one by one."""
    scenes.save_view("objects", scenes.to_patches("boxes"), overwrite=True)
    page = open_dataset(scenes, view="objects")
    expect(page.get_by_text(re.compile("24 (patches|samples)")).first).to_be_visible()
    return page


def test_the_boxes_of_a_patches_view_are_labelled_and_shown(patches, scenes, screenshot):
    form = open_form(patches, "Auto-label")
    expect(form.get_by_text("Copies of the objects, with labels, go to")).to_be_visible()
    type_classes(form, list(SCENE_CLASSES))
    choose_encoder(form, "offline")
    execute(form)
    outcome = patches.get_by_role("dialog")
    expect(outcome.get_by_text("24 objects labelled")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    screenshot("objects-outcome")
    outcome.get_by_role("button", name="Done").click()
    scenes.reload()
    assert scenes.count("auto_label_boxes.detections") == 24
    assert set(scenes.distinct("boxes.detections.label")) == set(SCENE_CLASSES)


def test_marks_of_the_panel_lead_to_objects(panel_of: Callable[..., Locator], scenes, window, screenshot):
    panel = panel_of(scenes, "· 24 objects · 3 classes")
    choose_tab(panel, "Classes", "of the objects")
    drawn(panel, "The largest class").click(position={"x": 8, "y": 8})
    expect(window.get_by_text(re.compile(r"\d+ objects: labelled “.+”"))).to_be_visible()
    expect(window.get_by_text(re.compile(r"^\d patches$"))).to_be_visible()
    screenshot("objects-panel")
