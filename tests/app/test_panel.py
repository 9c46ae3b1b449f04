"""A person opens the panel beside the grid, reads it, and clicks from its marks to the samples."""

import re

import fiftyone as fo
import pytest
from fiftyone_autolabel import auto_label, load_run
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from playwright.sync_api import Locator, Page, expect

from .panel import (
    choose_tab,
    contrast_of_words,
    drawn,
    number_of_samples,
    open_panel,
    press,
    read_tab,
    wait_for_figures,
)

TABS = {
    "Alignment": "leads to whole clusters",
    "Classes": "Classes that compete for the same images",
    "Confidence": "Keep the most confident",
    "Convergence": "Labels that changed",
    "Novel clusters": "most novel first",
    "Compare": "have different labels",
}
"""Tab → words that it alone shows."""

LEAST_CONTRAST = 3.0
"""WCAG 2.1, 1.4.11: what parts of figures need against what they lie on."""


@pytest.fixture(scope="module")
def labelled(dataset: fo.Dataset) -> fo.Dataset:
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    fewer = [name for name in DEMO_CLASSES if name != "cat"]
    auto_label(dataset, fewer, encoder="offline", run_key="fewer")
    return dataset


@pytest.fixture
def panel(labelled: fo.Dataset, page: Page) -> Locator:
    return open_panel(page)


def choose_truth(panel: Locator) -> None:
    """Compare the confidence with the ground truth."""
    choose_tab(panel, "Confidence", TABS["Confidence"])
    panel.get_by_role("combobox").nth(1).click()
    panel.page.get_by_role("option", name="ground_truth").click()
    expect(panel.get_by_text("By ground truth, known for")).to_be_visible()


def test_a_cell_of_the_heatmap_leads_to_its_samples(panel, page, screenshot):
    # Rows and columns are ordered so that the diagonal shows, which begins in this corner.
    drawn(panel, "micro-cluster", 1).click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: micro-cluster \d+, labelled"))).to_be_visible()
    expect(number_of_samples(page, 125)).to_be_hidden()
    screenshot("panel-cell")


def test_one_click_beside_the_heatmap_leads_to_a_whole_cluster(panel, page):
    drawn(panel, "micro-cluster").click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: micro-cluster \d+$"))).to_be_visible()


def test_the_heatmap_shows_meta_clusters_when_they_are_chosen(panel):
    panel.get_by_label("Meta-clusters").click()
    expect(panel.get_by_text(re.compile("meta-cluster went|Every meta-cluster")).first).to_be_visible()
    panel.get_by_label("Micro-clusters").click()
    expect(panel.get_by_text(re.compile("micro-cluster went|Every micro-cluster")).nth(1)).to_be_visible()


def test_a_bar_of_a_class_leads_to_its_samples(panel, page):
    choose_tab(panel, "Classes", TABS["Classes"])
    drawn(panel, "The largest class").click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: labelled “motorcycle”"))).to_be_visible()


def test_a_row_of_competing_classes_leads_to_the_samples_between_them(panel, page):
    choose_tab(panel, "Classes", TABS["Classes"])
    panel.get_by_role("row").nth(1).click()
    expect(page.get_by_text(re.compile(r"samples?: between “.+” and “.+”"))).to_be_visible()


def test_a_bar_of_the_histogram_leads_to_its_samples(panel, page, screenshot):
    choose_tab(panel, "Confidence", TABS["Confidence"])
    area = drawn(panel, "confidence")
    box = area.bounding_box()
    area.click(position={"x": 0.675 * box["width"], "y": box["height"] - 5})
    expect(page.get_by_text("samples: confidence 0.65 to 0.70")).to_be_visible()
    screenshot("panel-bar")


def test_the_slider_says_what_to_expect_of_what_is_kept_and_shows_it(panel, page):
    choose_tab(panel, "Confidence", TABS["Confidence"])
    slider = panel.locator(".MuiSlider-root")
    box = slider.bounding_box()
    slider.click(position={"x": (50 - 5) / 95 * box["width"], "y": box["height"] / 2})
    expect(panel.get_by_text("Of the most confident 50% (62 images")).to_be_visible()
    panel.get_by_role("button", name="Show these").click()
    expect(number_of_samples(page, 62)).to_be_visible()


def test_a_cell_of_the_confusion_matrix_leads_to_its_samples(panel, page):
    choose_truth(panel)
    panel.get_by_text("Each row shows where the images of one class went").scroll_into_view_if_needed()
    wait_for_figures(panel)
    panel.locator(".js-plotly-plot").last.locator(".nsewdrag").first.click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: true class “.+”"))).to_be_visible()


def test_labels_that_two_runs_gave_differently_are_listed_and_shown(panel, page):
    choose_tab(panel, "Compare", TABS["Compare"])
    panel.get_by_role("row").nth(1).click()
    expect(page.get_by_text(re.compile(r"by auto_label_1, “.+” by fewer"))).to_be_visible()


def test_another_run_is_shown_when_it_is_chosen(panel, page):
    panel.get_by_role("combobox").first.click()
    page.get_by_role("option", name="auto_label_1").click()
    expect(panel.get_by_text("· 14 classes ·")).to_be_visible()
    panel.get_by_role("combobox").first.click()
    page.get_by_role("option", name="fewer").click()
    expect(panel.get_by_text("· 13 classes ·")).to_be_visible()


def test_the_panel_follows_the_view_until_it_is_told_not_to(panel, page, screenshot):
    panel.get_by_role("button", name="Follow the view").click()
    expect(panel.get_by_role("button", name="Follows the view")).to_be_visible()
    press(panel, "Review").get_by_role("button", name="Show").click()
    expect(panel.get_by_role("button", name="Follows the view: 24 images")).to_be_visible()
    choose_tab(panel, "Classes", re.compile("The largest class"))
    drawn(panel, "The largest class").click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples?: labelled"))).to_be_visible()
    screenshot("panel-follows")
    panel.get_by_role("button", name="Follows the view: 24 images").click()
    expect(panel.get_by_role("button", name="Follow the view")).to_be_visible()


def test_a_page_that_is_loaded_again_has_the_panel_again(panel, page):
    choose_tab(panel, "Convergence", TABS["Convergence"])
    page.reload()
    again = page.locator("[data-cy=panel-content-auto_label_panel]")
    expect(again.get_by_text("Did it converge?")).to_be_visible()


def test_the_panel_fits_its_place(panel, page, screenshot):
    page.set_viewport_size({"width": 1920, "height": 1800})
    choose_truth(panel)
    for tab, words in TABS.items():
        read_tab(panel, tab, words, widths=[1920, 1280])
        screenshot(f"panel-dark-{tab.lower().replace(' ', '-')}")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_in_figures_stand_out_in_either_theme(panel, page, screenshot, theme):
    if theme == "light":
        page.get_by_title("Light mode").click()
    for tab in ("Alignment", "Classes", "Confidence"):
        choose_tab(panel, tab, TABS[tab])
        wait_for_figures(panel)
        assert contrast_of_words(panel) >= LEAST_CONTRAST
        screenshot(f"panel-{theme}-{tab.lower()}")


def test_tabs_and_figures_are_seen_on_a_small_screen(panel, page, screenshot):
    page.set_viewport_size({"width": 1024, "height": 700})
    for tab in TABS:
        expect(panel.get_by_role("tab", name=tab)).to_be_in_viewport()
    expect(panel.get_by_label("Micro-clusters")).to_be_in_viewport()
    expect(panel.get_by_text("Did it converge?")).to_be_hidden()
    expect(panel.get_by_text("Converged").first).to_be_in_viewport()
    screenshot("panel-small-screen")


def test_a_cluster_that_fits_no_class_is_seen_and_becomes_a_class(panel, page, screenshot):
    choose_tab(panel, "Novel clusters", TABS["Novel clusters"])
    panel.get_by_role("img").first.click()
    expect(number_of_samples(page, 125)).to_be_hidden()
    expect(panel.get_by_text(re.compile("Name of the class that cluster"))).to_be_visible()
    panel.get_by_role("textbox").fill("telescope")
    panel.get_by_title("Apply changes").get_by_role("button").click()
    expect(panel.get_by_role("textbox")).to_have_value("telescope")
    screenshot("state-add-as-class")
    form = press(panel, "Add as class")
    expect(form.get_by_role("textbox")).to_have_value("telescope")
    expect(form.get_by_text("Label 124 images again, with 14 classes")).to_be_visible()
    screenshot("state-add-as-class-form")


def test_a_name_that_is_suggested_for_a_cluster_goes_into_the_form(panel, page, labelled):
    choose_tab(panel, "Novel clusters", TABS["Novel clusters"])
    (name, *_), *_ = load_run(labelled, "fewer").suggested_names.values()
    panel.get_by_role("button", name=name, exact=True).first.click()
    form = page.locator("[data-cy=operators-prompt-modal]")
    expect(form.get_by_role("textbox")).to_have_value(name)
    expect(form.get_by_text("Label 124 images again, with 14 classes")).to_be_visible()
