"""A person works from the panel alone: labels, reviews, corrects, approves, refines, evaluates, exports."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .forms import CHECKBOX, choose_encoder, execute, open_form, type_classes
from .panel import choose_tab, number_of_samples, press

SECONDS_TO_LABEL = 120


def outcome_of(page: Page, words: str) -> None:
    """Read the outcome of an operator, and close it."""
    outcome = page.get_by_role("dialog")
    expect(outcome.get_by_text(words)).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    outcome.get_by_role("button", name="Done").click()


def test_photos_are_labelled_from_the_first_button_and_then_shown(panel_of, fresh, screenshot):
    panel = panel_of(fresh, "Name the classes")
    form = press(panel, "Auto-label")
    type_classes(form, ["cat", "coins", "rocket"])
    choose_encoder(form, "offline")
    execute(form)
    outcome_of(panel.page, "124 images labelled")
    expect(panel.get_by_text("Did it converge?")).to_be_visible()
    expect(panel.get_by_text("· 124 images · 3 classes · offline")).to_be_visible()
    screenshot("panel-after-first-run")


def test_labels_are_reviewed_corrected_approved_and_refined(panel, window, labelled, screenshot):
    press(panel, "Review").get_by_role("button", name="Show").click()
    expect(number_of_samples(window, 24)).to_be_visible()
    samples = window.locator("[data-cy=fo-grid] [data-cy=looker]")
    for place in range(2):
        samples.nth(place).click(position=CHECKBOX)
    form = press(panel, "Correct")
    expect(form.get_by_text("Change the labels of 2 images")).to_be_visible()
    form.get_by_role("combobox").fill("cat")
    form.get_by_role("combobox").press("Enter")
    form.get_by_role("button", name="Correct").click()
    expect(window.get_by_text("2 images labelled 'cat'")).to_be_visible()
    form = press(panel, "Approve")
    expect(form.get_by_text("Approve the labels of 24 images")).to_be_visible()
    form.get_by_role("button", name="Approve").click()
    expect(window.get_by_text("Approved the labels of 22 images")).to_be_visible()
    form = press(panel, "Refine")
    expect(form.get_by_text("24 images reviewed so far")).to_be_visible()
    execute(form)
    outcome_of(window, "24 reviewed labels as anchors")
    expect(panel.get_by_role("combobox").first).to_contain_text("auto_label_2")
    screenshot("panel-after-refining")
    labelled.reload()
    assert labelled.count("auto_label_corrected") == 24


def test_labels_are_evaluated(panel, window, labelled):
    form = press(panel, "Evaluate")
    expect(form.get_by_text("runs do not use it")).to_be_visible()
    execute(form)
    outcome = window.get_by_role("dialog")
    expect(outcome.get_by_text("of the labels of 124 images are right.")).to_be_visible()
    labelled.reload()
    assert labelled.list_evaluations() == ["auto_label_evaluation"]


def test_labels_are_exported(panel, window, tmp_path: Path):
    form = press(panel, "Export")
    form.get_by_role("textbox").first.fill(str(tmp_path / "out"))
    execute(form)
    expect(window.get_by_role("dialog")).to_contain_text(str(tmp_path / "out"))
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 124


def test_a_class_that_was_missing_is_added_to_the_whole_run(panel, window, labelled):
    choose_tab(panel, "Novel clusters", "most novel first")
    panel.get_by_role("img").first.click()
    panel.get_by_role("textbox").fill("telescope")
    panel.get_by_title("Apply changes").get_by_role("button").click()
    form = press(panel, "Add as class")
    expect(form.get_by_text("Label 124 images again, with 15 classes")).to_be_visible()
    execute(form)
    outcome_of(window, "124 images labelled")
    expect(panel.get_by_text("· 124 images · 15 classes")).to_be_visible()


def test_a_run_is_deleted_once_that_is_confirmed(panel, window, labelled, screenshot):
    form = open_form(window, "Delete run")
    expect(form.get_by_text("These fields are deleted with it: auto_label")).to_be_visible()
    expect(form.get_by_role("button", name="Delete")).to_be_disabled()
    screenshot("delete-run")
    form.get_by_role("checkbox").click()
    form.get_by_role("button", name="Delete").click()
    expect(window.get_by_text("Deleted run auto_label_1")).to_be_visible()
    expect(panel.get_by_text("Name the classes")).to_be_visible()
    labelled.reload()
    assert not labelled.has_sample_field("auto_label")
