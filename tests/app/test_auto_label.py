"""A person labels photos in the App: opens the form, types class names, watches, sorts, looks."""

import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from playwright.sync_api import Locator, Page, expect

from .forms import choose_encoder, class_field, execute, open_form, open_more, type_classes

SECONDS_TO_LABEL = 240


@pytest.fixture
def form(page: Page) -> Locator:
    """The form of Auto-label, opened with the button above the grid."""
    page.locator("[data-item-id='@autolabel/prototypes/auto_label']").click()
    form = page.locator("[data-cy=operators-prompt-modal]")
    expect(form.get_by_text("Separated by commas or lines")).to_be_visible()
    return form


def test_photos_are_labelled_from_the_operator_browser(open_dataset, fresh):
    form = open_form(open_dataset(fresh), "Auto-label")
    type_classes(form, ["cat", "coins"])
    choose_encoder(form, "offline")
    execute(form)
    outcome = form.page.get_by_role("dialog")
    expect(outcome.get_by_text("124 images labelled")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    fresh.reload()
    assert set(fresh.distinct("auto_label.label")) == {"cat", "coins"}


def test_labels_are_tried_on_some_photos_and_seen_before_anything_is_written(open_dataset, fresh, screenshot):
    form = open_form(open_dataset(fresh), "Auto-label")
    type_classes(form, DEMO_CLASSES)
    choose_encoder(form, "offline")
    form.get_by_label("Try it on 50 images first").click()
    execute(form)
    outcome = form.page.get_by_role("dialog")
    expect(outcome.get_by_text("nothing was written")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    expect(outcome.locator("img[src^='data:']")).to_have_count(50)
    screenshot("preview")
    fresh.reload()
    assert not fresh.has_sample_field("auto_label")


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (["cat", "Cat"], "Class 'Cat' is given twice"),
        (["dog: puppy, puppy"], "described twice"),
        ([": puppy"], "blank"),
    ],
)
def test_class_names_that_cannot_be_used_are_refused_in_the_form(form, classes, sentence):
    type_classes(form, classes)
    expect(form.get_by_text(sentence)).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()


def test_a_fast_typist_loses_no_letter(open_dataset, fresh):
    form = open_form(open_dataset(fresh), "Auto-label")
    class_field(form).press_sequentially("daisy, tabby cat, dandelion\nrocket on its launch pad", delay=60)
    expect(
        form.get_by_text("4 classes: daisy, tabby cat, dandelion, rocket on its launch pad")
    ).to_be_visible()
    choose_encoder(form, "offline")
    execute(form)
    outcome = form.page.get_by_role("dialog")
    expect(outcome.get_by_text("124 images labelled")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    fresh.reload()
    names = ["daisy", "tabby cat", "dandelion", "rocket on its launch pad"]
    assert fresh.get_run_info("auto_label_1").config.classes == names


def test_the_form_shows_nothing_in_red_before_anything_was_typed(form, screenshot):
    expect(form.get_by_text("No classes yet: type their names.")).to_be_visible()
    expect(form.get_by_text("Required property")).to_have_count(0)
    expect(form.locator(".Mui-error")).to_have_count(0)
    screenshot("form-as-it-opens")


def test_the_form_says_which_names_the_offline_encoder_does_not_know(form, screenshot):
    choose_encoder(form, "offline")
    type_classes(form, ["daisy", "dandelion"])
    sentence = "The offline encoder does not know: dandelion (taken for Pickelhaube)"
    expect(form.get_by_text(sentence)).to_be_visible()
    screenshot("form-with-an-unknown-name")


def test_without_class_names_the_form_cannot_be_executed(form):
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()


def test_an_encoder_that_does_not_exist_is_refused_in_the_form(form, screenshot):
    type_classes(form, ["cat", "coins"])
    choose_encoder(form, "ofline")
    expect(form.get_by_text("did you mean 'offline'?")).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()
    screenshot("form-with-an-error")


def test_a_field_name_that_is_taken_is_refused_in_the_form(form):
    type_classes(form, ["cat", "coins"])
    open_more(form)
    form.locator("input[value=auto_label]").fill("ground_truth")
    expect(form.get_by_text("Field 'ground_truth' exists")).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()


def test_a_name_that_no_field_can_have_is_refused_in_the_form(form):
    type_classes(form, ["cat", "coins"])
    open_more(form)
    form.locator("input[value=auto_label]").fill("my label")
    expect(form.get_by_text("'my label' cannot be a field name")).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()


def test_a_class_is_described_and_further_options_are_shown_when_asked_for(form, screenshot):
    type_classes(form, ["dog: puppy, hound", "coins"])
    expect(form.get_by_text("Second image encoder", exact=True)).to_be_hidden()
    open_more(form)
    expect(form.get_by_text("Second image encoder", exact=True)).to_be_visible()
    expect(form.get_by_text("Prompt templates", exact=True)).to_be_visible()
    screenshot("form-with-more-options")


def test_a_run_that_fails_says_why_where_it_stays_readable(page, form, screenshot):
    type_classes(form, ["cat", "coins"])
    choose_encoder(form, "openclip")
    execute(form)
    outcome = page.get_by_role("dialog")
    expect(outcome.get_by_text('use the encoder "offline"')).to_be_visible()
    screenshot("run-that-failed")


def test_photos_are_labelled_from_typed_class_names(page, form, dataset, screenshot):
    type_classes(form, DEMO_CLASSES)
    choose_encoder(form, "offline")
    screenshot("form")
    execute(form)
    outcome = page.get_by_role("dialog")
    expect(outcome.get_by_role("progressbar")).to_be_visible()
    expect(outcome.get_by_text("images labelled")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    expect(outcome.get_by_text("1 image could not be read")).to_be_visible()
    screenshot("outcome")
    outcome.get_by_role("button", name="Done").click()
    dataset.reload()
    assert dataset.count("auto_label") == len(dataset) - 1
    assert set(dataset.distinct("auto_label.label")) <= set(DEMO_CLASSES)


def test_the_grid_sorted_by_confidence_shows_the_doubtful_ones_first(page, dataset, screenshot):
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    page.reload()
    page.locator("[data-cy='selector-Sort by']").click()
    page.get_by_text("confidence", exact=True).last.click()
    doubtful = dataset.exists("confidence").sort_by("confidence").limit(8)
    shown = page.locator("[data-cy=fo-grid] [data-cy=tag-ground_truth]")
    for place, name in enumerate(doubtful.values("ground_truth.label")):
        expect(shown.nth(place)).to_have_text(name)
    screenshot("grid")


def test_photos_get_several_labels_where_that_is_switched_on(open_dataset, fresh, screenshot):
    form = open_form(open_dataset(fresh), "Auto-label")
    type_classes(form, DEMO_CLASSES)
    choose_encoder(form, "offline")
    open_more(form)
    form.get_by_label("Several labels an image").click()
    execute(form)
    outcome = form.page.get_by_role("dialog")
    expect(outcome.get_by_text("124 images labelled")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    outcome.get_by_role("button", name="Done").click()
    expect(form.page.locator("[data-cy=fo-grid] [data-cy=tag-auto_label]").first).to_be_visible()
    screenshot("several-labels")
    fresh.reload()
    assert set(fresh.distinct("auto_label.classifications.label")) <= set(DEMO_CLASSES)
