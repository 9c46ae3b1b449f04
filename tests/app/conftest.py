"""The real App on a real dataset, in a real browser; `mkdir tests/app/screenshots` keeps screenshots."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES, demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from playwright.sync_api import (
    Browser,
    Error as PlaywrightError,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from .panel import open_panel

HERE = Path(__file__).parent
SCREENSHOTS = HERE / "screenshots"
SECONDS_TO_START = 90
SECONDS_TO_ANSWER = 60
SECONDS_TO_TIDY = 5
CLOSES_A_FORM = re.compile("^(Cancel|Done)$")
PANEL_TAB = "[data-cy^=panel-tab-]:not([data-cy=panel-tab-samples])"
CLOSES_A_PANEL = f"{PANEL_TAB} [data-testid=CloseIcon]"
CHANGED = "[data-cy=btn-view-stage-delete], [data-cy=selection-count-container]"
OPEN = f"{PANEL_TAB}, [data-cy=operators-prompt-modal], [data-cy=operators-browser]"
WITHOUT_MOTION = """document.addEventListener("DOMContentLoaded", () => {
    const sheet = document.createElement("style");
    sheet.textContent = "*, *::before, *::after { animation: none !important; transition: none !important; }";
    document.head.append(sheet);
})"""
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Tab:
    """The one browser tab of these tests: opening a dataset in place takes a third of what a new page does.

    Playwright keeps an event loop running, in which FiftyOne's calls would return tasks: so the browser is
    closed before other tests begin.
    """

    def __init__(self) -> None:
        """Nothing is started before it is used."""
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._page: Page | None = None
        self._shown: object = None
        self._datasets: list[fo.Dataset] = []

    def page(self) -> Page:
        """The page, at first with nothing open: 1440 by 900 pixels, dark theme, prints errors."""
        self._page = self._page or self._new_page()
        self._page.set_viewport_size({"width": 1440, "height": 900})
        return self._page

    def show(self, address: str, dataset: fo.Dataset, view: str = "") -> Page:
        """Open the App on a dataset, or on a saved view of it, as if nothing had been open."""
        page, place = self.page(), f"{address}/datasets/{dataset.name}"
        shown = (dataset.name, list(dataset.get_field_schema(flat=True)), dataset.list_runs())
        if not view and page.url == place and shown == self._shown and not page.locator(CHANGED).count():
            return page
        self._shown = shown
        _open_on_server(address, None)
        if view or not page.url.startswith(address):
            page.goto(place + (view and f"?view={view}"))
        else:
            page.wait_for_function("location.pathname === '/'")
            _open_on_server(address, dataset.name)
            expect(page.locator("input").first).to_have_value(dataset.name)
        # Where there are no samples, FiftyOne says how to add some in place of the grid.
        page.locator("[data-cy=fo-grid]").or_(page.get_by_text("Did you know?")).first.wait_for()
        return page

    def tidy(self) -> None:
        """Close forms and panels; leave the page where something stays open or the theme is another."""
        try:
            _close_all(self._page)
            expect(self._page.locator(OPEN)).to_have_count(0, timeout=1000 * SECONDS_TO_TIDY)
            is_tidy = self._page.get_by_title("Light mode").count() == 1
        except (AssertionError, PlaywrightError):
            is_tidy = False
        if not is_tidy:
            with suppress(PlaywrightError):  # Ctrl-C has closed the browser
                self._page.context.close()
            self._page = None

    def keep(self, dataset: fo.Dataset) -> fo.Dataset:
        """Delete a dataset when the browser is closed, which may show it until then."""
        self._datasets.append(dataset)
        return dataset

    def close(self) -> None:
        """Close the browser and delete the datasets."""
        if self._browser:
            with suppress(PlaywrightError):  # Ctrl-C has closed the browser
                self._browser.close()
            self._playwright.stop()
        for dataset in self._datasets:
            dataset.delete()
        self.__init__()

    def _new_page(self) -> Page:
        if not self._browser:
            self._start()
        page = self._browser.new_page(reduced_motion="reduce")
        page.on("console", lambda message: message.type == "error" and print(message.text))
        page.set_default_timeout(1000 * SECONDS_TO_ANSWER)
        # A popover about another product would lie over the buttons.
        page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
        page.add_init_script(WITHOUT_MOTION)  # each frame is drawn by the processor
        return page

    def _start(self) -> None:
        """Debian's Chromium, or the one that Playwright downloads where there is none."""
        system_chromium = Path("/usr/bin/chromium")
        path = str(system_chromium) if system_chromium.exists() else None
        expect.set_options(timeout=1000 * SECONDS_TO_ANSWER)
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)


TAB = Tab()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Close the browser after the last test in a row that uses it."""
    yield
    if nextitem is None or HERE not in nextitem.path.parents:
        TAB.close()


@pytest.fixture(scope="session")
def keep() -> Callable[[fo.Dataset], fo.Dataset]:
    """Have a dataset deleted when the browser is closed, which may show it until then."""
    return TAB.keep


@pytest.fixture(scope="module")
def dataset(keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    """Every third demo photo, with its true class, and one file that does not exist."""
    photos = demo_photos(default_cache_folder() / "demo")[::3]
    dataset = keep(fo.Dataset(persistent=True))  # the server is another process
    dataset.add_samples(
        fo.Sample(filepath=str(photo.path), ground_truth=fo.Classification(label=photo.label))
        for photo in photos
    )
    dataset.add_sample(fo.Sample(filepath=str(HERE / "missing.jpg")))
    return dataset


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Address of an App that a process of its own serves.

    A session of Python's would have a state of its own, and send every browser there when it connects.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "fiftyone.server.main", "--address", "127.0.0.1", "--port", str(port)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},  # the same with and without a network
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def window() -> Iterator[Page]:
    """A browser without forms and panels, 1440 by 900 pixels, dark theme; a failing test shows its errors."""
    yield TAB.page()
    TAB.tidy()


@pytest.fixture
def open_dataset(window: Page, address: str) -> Callable[..., Page]:
    """Open the App on a dataset, or on a saved view of it."""
    return lambda dataset, view="": TAB.show(address, dataset, view)


@pytest.fixture
def page(open_dataset: Callable[..., Page], dataset: fo.Dataset) -> Page:
    """The App on the dataset of the module."""
    return open_dataset(dataset)


@pytest.fixture
def fresh(dataset: fo.Dataset, keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    """A dataset of the same photos, without their classes, that nobody has labelled."""
    fresh = keep(fo.Dataset(persistent=True))
    paths = dataset.exists("ground_truth").values("filepath")
    fresh.add_samples(fo.Sample(filepath=path) for path in paths)
    return fresh


@pytest.fixture
def panel_of(open_dataset: Callable[..., Page]) -> Callable[[fo.Dataset, str], Locator]:
    """Open the panel on a dataset and wait for words in it."""
    return lambda dataset, words: open_panel(open_dataset(dataset), words)


@pytest.fixture(scope="module")
def template(dataset: fo.Dataset, keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    """A dataset of the same photos, labelled."""
    template = keep(dataset.exists("ground_truth").clone(persistent=True))
    auto_label(template, DEMO_CLASSES, encoder="offline")
    return template


@pytest.fixture
def labelled(template: fo.Dataset, keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    """The same, for one test to change."""
    return keep(template.clone(persistent=True))


@pytest.fixture
def panel(labelled: fo.Dataset, panel_of: Callable[[fo.Dataset, str], Locator]) -> Locator:
    """The panel on it."""
    return panel_of(labelled, "Did it converge?")


@pytest.fixture
def screenshot(window: Page) -> Callable[[str], None]:
    """Write what the browser shows to the folder of screenshots, where there is one: each takes a second."""

    def take(name: str) -> None:
        if SCREENSHOTS.is_dir():
            window.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take


def _open_on_server(address: str, name: str | None) -> None:
    """Open a dataset in every browser, or none: a next browser would open that of the last."""
    opened = f'subscription: "tests", session: null, name: {json.dumps(name)}, viewName: null'
    body = json.dumps({"query": f"mutation {{ setDataset({opened}) }}"}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as response:
        assert json.load(response)["data"] == {"setDataset": True}


def _close_all(page: Page) -> None:
    """Close a form or an outcome, and panels."""
    button = page.get_by_role("dialog").get_by_role("button", name=CLOSES_A_FORM)
    if button.count():
        button.first.click(timeout=1000 * SECONDS_TO_TIDY)
    page.keyboard.press("Escape")
    for _ in range(page.locator(CLOSES_A_PANEL).count()):
        page.locator(CLOSES_A_PANEL).last.click(timeout=1000 * SECONDS_TO_TIDY)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
