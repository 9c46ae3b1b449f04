"""The real App on a real dataset, in a real browser; every test may leave a screenshot to look at."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from .panel import open_panel

HERE = Path(__file__).parent
SCREENSHOTS = HERE / "screenshots"
SECONDS_TO_START = 90
SECONDS_TO_ANSWER = 60
FORGET = 'mutation { setDataset(subscription: "tests", session: null, name: null, viewName: null) }'
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that Playwright downloads where there is none.

    Playwright keeps an event loop running, in which FiftyOne's calls would return tasks: so it ends with
    the module, before other tests begin.
    """
    system_chromium = Path("/usr/bin/chromium")
    path = str(system_chromium) if system_chromium.exists() else None
    expect.set_options(timeout=1000 * SECONDS_TO_ANSWER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def dataset() -> Iterator[fo.Dataset]:
    """Every third demo photo, with its true class, and one file that does not exist."""
    photos = demo_photos(default_cache_folder() / "demo")[::3]
    dataset = fo.Dataset(persistent=True)  # the server is another process
    dataset.add_samples(
        fo.Sample(filepath=str(photo.path), ground_truth=fo.Classification(label=photo.label))
        for photo in photos
    )
    dataset.add_sample(fo.Sample(filepath=str(HERE / "missing.jpg")))
    yield dataset
    dataset.delete()


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
def window(browser: Browser) -> Iterator[Page]:
    """A browser with nothing open, 1440 by 900 pixels, dark theme; a failure of a test shows its errors."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("console", lambda message: message.type == "error" and print(message.text))
    page.set_default_timeout(1000 * SECONDS_TO_ANSWER)
    # A popover about another product would lie over the buttons.
    page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    yield page
    page.close()


@pytest.fixture
def open_dataset(window: Page, address: str) -> Callable[..., Page]:
    """Open the App on a dataset, or on a saved view of it."""

    def open_it(dataset: fo.Dataset, view: str = "") -> Page:
        _forget_session(address)
        window.goto(f"{address}/datasets/{dataset.name}" + (view and f"?view={view}"))
        # Where there are no samples, FiftyOne says how to add some in place of the grid.
        window.locator("[data-cy=fo-grid]").or_(window.get_by_text("Did you know?")).first.wait_for()
        return window

    return open_it


@pytest.fixture
def page(open_dataset: Callable[..., Page], dataset: fo.Dataset) -> Page:
    """The App on the dataset of the module."""
    return open_dataset(dataset)


@pytest.fixture
def fresh(dataset: fo.Dataset) -> Iterator[fo.Dataset]:
    """A dataset of the same photos, without their classes, that nobody has labelled."""
    fresh = fo.Dataset(persistent=True)
    paths = dataset.exists("ground_truth").values("filepath")
    fresh.add_samples(fo.Sample(filepath=path) for path in paths)
    yield fresh
    fresh.delete()


@pytest.fixture
def panel_of(open_dataset: Callable[..., Page]) -> Callable[[fo.Dataset, str], Locator]:
    """Open the panel on a dataset and wait for words in it."""
    return lambda dataset, words: open_panel(open_dataset(dataset), words)


@pytest.fixture
def screenshot(window: Page) -> Callable[[str], None]:
    """Write what the browser shows to the folder of screenshots."""
    SCREENSHOTS.mkdir(exist_ok=True)

    def take(name: str) -> None:
        window.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take


def _forget_session(address: str) -> None:
    """Have the server forget the dataset, view and panels of the last browser: a next one would open them."""
    body = json.dumps({"query": FORGET}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as response:
        assert json.load(response)["data"] == {"setDataset": True}


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
