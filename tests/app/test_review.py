"""A person reviews labels in the App: opens a page, corrects what is selected, approves the rest, refines."""

import fiftyone as fo
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from playwright.sync_api import Locator, Page, expect

from .forms import CHECKBOX, execute


@pytest.fixture(scope="module")
def labelled(dataset: fo.Dataset) -> fo.Dataset:
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    return dataset


def press(page: Page, name: str) -> Locator:
    """The form of an operator, opened with its button above the grid."""
    page.locator(f"[data-item-id='@autolabel/prototypes/{name}']").click()
    return page.locator("[data-cy=operators-prompt-modal]")


def test_a_page_is_corrected_and_approved_and_the_rest_is_refined(labelled, page, screenshot):
    # Where the App has no room for all buttons above the grid, it hides some behind a menu.
    page.set_viewport_size({"width": 1920, "height": 1080})
    samples = page.locator("[data-cy=fo-grid] [data-cy=looker]")
    samples.first.click(position=CHECKBOX)
    press(page, "review_next").get_by_role("button", name="Show").click()
    expect(page.get_by_text("24 images to review")).to_be_visible()
    expect(page.get_by_text("24 samples", exact=True)).to_be_visible()
    for place in range(2):
        samples.nth(place).click(position=CHECKBOX)
    screenshot("review")

    form = press(page, "correct")
    expect(form.get_by_text("Change the labels of 2 images")).to_be_visible()
    form.get_by_role("combobox").fill("cat")
    form.get_by_role("combobox").press("Enter")
    screenshot("correct")
    form.get_by_role("button", name="Correct").click()
    expect(page.get_by_text("2 images labelled 'cat'")).to_be_visible()
    expect(samples.first.locator("[data-cy=tag-auto_label]")).to_have_text("cat")
    expect(page.locator("[data-cy=tag-auto_label_corrected]")).to_have_count(0)
    expect(page.locator("[data-cy=tag-filepath]")).to_have_count(0)

    form = press(page, "approve")
    expect(form.get_by_text("Approve the labels of 24 images")).to_be_visible()
    form.get_by_role("button", name="Approve").click()
    approved = "Approved the labels of 22 images (2 reviewed before). Next: 24 images to review"
    expect(page.get_by_text(approved)).to_be_visible()
    expect(page.locator("[data-cy=fo-grid] [data-cy=tag-tags-approved]")).to_have_count(0)

    form = press(page, "refine_with_corrections")
    expect(form.get_by_text("24 images reviewed so far")).to_be_visible()
    execute(form)
    outcome = page.get_by_role("dialog")
    expect(outcome.get_by_text("24 reviewed labels as anchors")).to_be_visible()
    screenshot("refined")
    labelled.reload()
    assert labelled.count("auto_label_corrected") == 24
    assert labelled.count_sample_tags() == {"approved": 22}
