"""A person opens the panel beside the grid, reads it, and clicks from its marks to the samples."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo import DEMO_CLASSES
from playwright.sync_api import Locator, Page, expect

TABS = {
    "Alignment": "leads to whole clusters",
    "Classes": "Classes that compete for the same images",
    "Confidence": "Keep the surest",
    "Convergence": "Labels that changed",
    "Unfitting": "most novel first",
    "Compare": "have different labels",
}
"""Tab → words that it shows."""

WORDS_WITHOUT_DOUBT = {"Classes": "mean confidence", "Unfitting": "luster"}

FIGURES_FILL_THEIR_PLACES = """() => [...document.querySelectorAll(".js-plotly-plot")].every(
    one => one._fullLayout && Math.abs(one._fullLayout.width - one.clientWidth) < 2
)"""


@pytest.fixture(scope="module")
def labelled(dataset: fo.Dataset) -> fo.Dataset:
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    auto_label(dataset, DEMO_CLASSES[1:], encoder="offline", run_key="fewer")
    return dataset


@pytest.fixture
def panel(labelled: fo.Dataset, page: Page) -> Locator:
    return open_panel(page)


def open_panel(page: Page, words: str = "Did it converge?") -> Locator:
    """The panel, opened beside the grid if it is not open yet, when it shows some words."""
    panel = page.locator("[data-cy=panel-content-auto_label_panel]")
    page.locator("[data-cy=new-panel-btn]").first.click()
    option = page.locator("[data-cy=new-panel-option-auto_label_panel]")
    if option.count():
        option.click()
    else:  # the App knows that it was open
        page.keyboard.press("Escape")
    expect(panel.get_by_text(words).first).to_be_visible()
    return panel


def choose_tab(panel: Locator, name: str, words: str) -> None:
    """Open a tab and wait for words in it."""
    panel.get_by_role("tab", name=name).click()
    expect(panel.get_by_text(words).first).to_be_visible()


def drawn(panel: Locator, name: str, number: int = 0) -> Locator:
    """An area of the figures of a tab, by default the first, drawn."""
    expect(panel.get_by_text(name).first).to_be_visible()
    area = panel.locator(".js-plotly-plot .nsewdrag").nth(number)
    area.scroll_into_view_if_needed()
    wait_for_figures(panel)
    return area


def wait_for_figures(panel: Locator) -> None:
    """Wait until every figure is drawn in its final size, which comes after its words."""
    panel.page.wait_for_function(FIGURES_FILL_THEIR_PLACES)


def test_a_cell_of_the_heatmap_leads_to_its_samples(panel, page, screenshot):
    # Rows and columns are ordered so that the diagonal shows, which begins in this corner.
    drawn(panel, "micro-cluster", 1).click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: micro-cluster \d+, labelled"))).to_be_visible()
    expect(page.get_by_text("125 samples", exact=True)).to_be_hidden()
    screenshot("panel-cell")


def test_one_click_beside_the_heatmap_leads_to_a_whole_cluster(panel, page):
    drawn(panel, "micro-cluster").click(position={"x": 8, "y": 8})
    expect(page.get_by_text(re.compile(r"samples: micro-cluster \d+$"))).to_be_visible()


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
    if panel.get_by_text("By ground truth").is_hidden():  # the App knows what was chosen before
        panel.get_by_role("combobox").nth(1).click()
        page.get_by_role("option", name="ground_truth").click()
    expect(panel.get_by_text("By ground truth, known for")).to_be_visible()
    for tab, words in TABS.items():
        choose_tab(panel, tab, words)
        wait_for_figures(panel)
        screenshot(f"panel-{theme}-{tab.split()[0].lower()}")
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.fixture(scope="module")
def photos(dataset: fo.Dataset) -> list[str]:
    return dataset.exists("ground_truth").values("filepath")


@pytest.fixture
def fresh(photos: list[str]) -> Iterator[fo.Dataset]:
    """A dataset of the same photos that nobody has labelled."""
    fresh = fo.Dataset(persistent=True)
    fresh.add_samples(fo.Sample(filepath=path) for path in photos)
    yield fresh
    fresh.delete()


@pytest.fixture
def panel_of(page: Page, address: str) -> Callable[[fo.Dataset, str], Locator]:
    """Open the panel on a dataset and wait for words in it."""

    def open_it(dataset: fo.Dataset, words: str) -> Locator:
        page.goto(f"{address}/datasets/{dataset.name}")
        page.locator("[data-cy=fo-grid]").wait_for()
        return open_panel(page, words)

    return open_it


def label(dataset: fo.Dataset, k: int, **arguments) -> None:
    """Label with k classes from vectors that are made up."""
    rng = np.random.default_rng(0)
    T = rng.normal(size=(k, 16))
    X = T[np.arange(len(dataset)) % k] + rng.normal(scale=0.6, size=(len(dataset), 16))
    classes = [f"a class with a name that is rather long, number {number}" for number in range(k)]
    auto_label(dataset, classes, embeddings=X, text_embeddings=T, **arguments)


@contextmanager
def stopped_at(dataset: fo.Dataset, stage: str) -> Iterator[None]:
    """A run that is under way and waits before a stage until the block ends."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(now: str, done: int, total: int) -> None:
        if now == stage:
            reached.set()
            go_on.wait()

    run = threading.Thread(target=label, args=(dataset, 10), kwargs={"progress": wait})
    run.start()
    reached.wait()
    try:
        yield
    finally:
        go_on.set()
        run.join()


def test_without_a_run_there_is_one_sentence_and_one_button(panel_of, fresh, screenshot):
    panel = panel_of(fresh, "Name the classes")
    expect(panel.get_by_role("button", name="Auto-label")).to_be_visible()
    screenshot("state-no-run")


def test_a_run_under_way_shows_its_progress_its_curves_and_then_its_labels(panel_of, fresh, screenshot):
    with stopped_at(fresh, "write"):
        panel = panel_of(fresh, "running")
        expect(panel.get_by_role("progressbar")).to_be_visible()
        expect(panel.get_by_text("Prototype drift")).to_be_visible()
        expect(panel.get_by_role("button", name="Cancel")).to_be_visible()
        screenshot("state-running")
    expect(panel.get_by_text("completed", exact=True)).to_be_visible()


def test_a_run_that_failed_says_why(panel_of, fresh, screenshot):
    def fail(stage: str, done: int, total: int) -> None:
        if stage == "write":
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        label(fresh, 3, progress=fail)
    panel = panel_of(fresh, "No space left on device")
    expect(panel.get_by_role("tab")).to_have_count(0)
    screenshot("state-failed")


@pytest.mark.parametrize("k", [2, 100])
def test_few_and_many_classes_fit_the_panel(panel_of, fresh, page, screenshot, k):
    page.set_viewport_size({"width": 1280, "height": 900})
    label(fresh, k)
    panel = panel_of(fresh, "Did it converge?")
    wait_for_figures(panel)
    screenshot(f"state-{k}-classes-small")
    page.set_viewport_size({"width": 1920, "height": 2200})
    for tab, words in TABS.items():
        if tab == "Compare":
            continue
        choose_tab(panel, tab, WORDS_WITHOUT_DOUBT.get(tab, words))
        wait_for_figures(panel)
        screenshot(f"state-{k}-classes-{tab.lower()}")
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_a_cluster_that_fits_no_class_is_seen_and_becomes_a_class(panel, page, screenshot):
    choose_tab(panel, "Unfitting", "most novel first")
    panel.get_by_role("img").first.click()
    expect(page.get_by_text("2 samples", exact=True)).to_be_visible()
    panel.get_by_role("textbox").fill("telescope")
    panel.get_by_title("Apply changes").get_by_role("button").click()
    expect(panel.get_by_role("textbox")).to_have_value("telescope")
    screenshot("state-add-as-class")
    panel.get_by_role("button", name="Add as class").click()
    form = page.locator("[data-cy=operators-prompt-modal]")
    expect(form.get_by_role("button", name="telescope", exact=True)).to_be_visible()
    screenshot("state-add-as-class-form")
