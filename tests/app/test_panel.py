"""A person opens the panel beside the grid, reads it, and clicks from its marks to the samples."""

import fiftyone as fo
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo import DEMO_CLASSES
from playwright.sync_api import Locator, Page, expect

TABS = {
    "Alignment": "With shift, a cell leads to its whole cluster",
    "Classes": "Classes that compete for the same images",
    "Confidence": "Keep the surest",
    "Convergence": "Labels that changed",
    "Unfitting clusters": "most novel first",
    "Compare": "have different labels",
}
"""Tab → words that it shows."""


@pytest.fixture(scope="module")
def labelled(dataset: fo.Dataset) -> fo.Dataset:
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    auto_label(dataset, DEMO_CLASSES[1:], encoder="offline", run_key="fewer")
    return dataset


@pytest.fixture
def panel(labelled: fo.Dataset, page: Page) -> Locator:
    return open_panel(page)


def open_panel(page: Page) -> Locator:
    """The panel, opened beside the grid if it is not open yet."""
    panel = page.locator("[data-cy=panel-content-auto_label_panel]")
    page.locator("[data-cy=new-panel-btn]").first.click()
    option = page.locator("[data-cy=new-panel-option-auto_label_panel]")
    if option.count():
        option.click()
    else:  # the App knows that it was open
        page.keyboard.press("Escape")
    expect(panel.get_by_text("Did it converge?")).to_be_visible()
    return panel


def choose_tab(panel: Locator, name: str, words: str) -> None:
    """Open a tab and wait for words in it."""
    panel.get_by_role("tab", name=name).click()
    expect(panel.get_by_text(words)).to_be_visible()


def drawn(panel: Locator, name: str) -> Locator:
    """The area of the first figure of a tab, drawn."""
    expect(panel.get_by_text(name).first).to_be_visible()
    area = panel.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    panel.page.wait_for_timeout(1000)  # it is drawn once more, in its final size
    return area


def test_a_cell_of_the_heatmap_leads_to_its_samples(panel, page, screenshot):
    # Rows and columns are ordered so that the diagonal shows, which begins in this corner.
    drawn(panel, "micro-cluster (images)").click(position={"x": 8, "y": 8})
    expect(page.get_by_text("samples: micro-cluster")).to_be_visible()
    expect(page.get_by_text("125 samples", exact=True)).to_be_hidden()
    screenshot("panel-cell")


def test_a_bar_of_the_histogram_leads_to_its_samples(panel, page, screenshot):
    choose_tab(panel, "Confidence", "Keep the surest")
    area = drawn(panel, "confidence")
    box = area.bounding_box()
    area.click(position={"x": 0.975 * box["width"], "y": box["height"] - 5})
    expect(page.get_by_text("samples: confidence 0.95 to 1.00")).to_be_visible()
    screenshot("panel-bar")


def test_a_page_that_is_loaded_again_has_the_panel_again(panel, page):
    choose_tab(panel, "Convergence", "Labels that changed")
    page.reload()
    expect(
        page.locator("[data-cy=panel-content-auto_label_panel]").get_by_text("Did it converge?")
    ).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1920), ("dark", 1280)])
def test_the_panel_fits_its_place(panel, page, screenshot, theme, width):
    page.set_viewport_size({"width": width, "height": 1800})
    if theme == "light":
        page.get_by_title("Light mode").click()
    choose_tab(panel, "Confidence", "Keep the surest")
    panel.get_by_role("combobox").nth(1).click()
    page.get_by_role("option", name="Ground truth: ground_truth").click()
    expect(panel.get_by_text("By ground truth, known for")).to_be_visible()
    for tab, words in TABS.items():
        choose_tab(panel, tab, words)
        page.wait_for_timeout(1500)  # figures are drawn after their words
        screenshot(f"panel-{theme}-{tab.split()[0].lower()}")
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")
