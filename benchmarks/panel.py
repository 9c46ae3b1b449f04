"""What the panel costs on a large run: seconds, and bytes that travel to the App.

python benchmarks/panel.py [--images N] [--classes K] [--clusters M] [--no-app]

The run is one on synthetic vectors, written to a real dataset of one image many times. First the server's
part alone, then what a person waits for: the real App in headless Chromium, from a click until all figures
are drawn, the grid beside them too.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import fiftyone as fo
import numpy as np
from engine import SEED, make_features
from fiftyone.operators.executor import ExecutionContext, Executor
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.panels import AutoLabelPanel
from fiftyone_autolabel.panels.choices import Choices
from fiftyone_autolabel.panels.tabs import (
    ALIGNMENT,
    CLASSES,
    COMPARISON,
    CONFIDENCE,
    CONVERGENCE,
    NOVELTY,
    TABS,
    Tab,
)
from PIL import Image
from playwright.sync_api import Page, Response, sync_playwright
from report import DIMENSIONS, IMAGES_PER_CLUSTER, Costs
from rich.console import Console

CHUNK = 20_000
SECONDS_TO_START = 90
MILLISECONDS_TO_SETTLE = 5_000
"""For the grid, which is not measured, to have been drawn."""

BROWSER_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
WORDS = {
    ALIGNMENT: "leads to whole clusters",
    CONVERGENCE: "round on each level",
    CLASSES: "The largest class",
    CONFIDENCE: "Keep the most confident",
    NOVELTY: "most novel first",
    COMPARISON: "There is one run with labels",
}
"""Tab → words that it alone shows."""

IS_DRAWN = """words => {
    const panel = document.querySelector("[data-cy=panel-content-auto_label_panel]");
    const figures = [...(panel?.querySelectorAll(".js-plotly-plot") ?? [])];
    const isFull = one => one._fullLayout && Math.abs(one._fullLayout.width - one.clientWidth) < 2;
    return panel?.textContent.includes(words) && figures.every(isFull);
}"""


def fill(dataset: fo.Dataset, image: Path, n: int, k: int, clusters: int) -> None:
    """Add an image n times to a dataset, and label it with k classes."""
    X, T = make_features(IMAGES_PER_CLUSTER * clusters, DIMENSIONS, k)
    rng = np.random.default_rng(SEED)
    copies = rng.integers(len(X), size=n)
    for start in range(0, n, CHUNK):
        samples = [fo.Sample(filepath=image) for _ in range(start, min(start + CHUNK, n))]
        dataset.add_samples(samples, progress=False)
    classes = [f"a class with a usual name, {number}" for number in range(k)]
    groups = copies // IMAGES_PER_CLUSTER
    auto_label(dataset, classes, embeddings=X[copies], text_embeddings=T, clusters=groups)


class Opened:
    """A panel that was opened, seen from the App."""

    def __init__(self, dataset: fo.Dataset) -> None:
        """Choose the dataset."""
        self._dataset, self._id, self._panel = dataset, str(uuid.uuid4()), AutoLabelPanel(_builtin=True)

    def send(self, method: str, choices: Choices, **params: object) -> Executor:
        """Handle an event, as the server does."""
        executor = Executor()
        state = {"panel_id": self._id, "panel_state": choices.to_state(), "__method__": method}
        request = {"dataset_name": self._dataset.name, "params": state | params}
        ctx = ExecutionContext(request_params=request, executor=executor, operator_uri=self._panel.uri)
        self._panel.execute(ctx)
        return executor


def size(executor: Executor) -> int:
    """Bytes of what is sent to the App."""
    return len(json.dumps(executor.to_json()))


def measure_server(dataset: fo.Dataset, title: str) -> Costs:
    """The server's part of opening the panel and each of its tabs."""
    costs, panel = Costs(f"server: {title}"), Opened(dataset)
    costs.time("open the panel", partial(panel.send, "on_load", Choices()), size)
    for tab in TABS:
        event = partial(panel.send, "on_choice", Choices(), path="tab", value=tab.name)
        costs.time(f"open {tab.name}", event, size)
    costs.time("tick without news", partial(panel.send, "on_tick", Choices()), size)
    return costs


@contextmanager
def served() -> Iterator[str]:
    """Address of an App with this plugin, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as plugins:
        (Path(plugins) / "autolabel").symlink_to(Path(__file__).resolve().parents[1])
        server = subprocess.Popen(
            [sys.executable, "-m", "fiftyone.server.main", "--address", "127.0.0.1", "--port", str(port)],
            env=os.environ | {"FIFTYONE_PLUGINS_DIR": plugins},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


class Received:
    """Counts what the server answers to events of panels."""

    def __init__(self, page: Page) -> None:
        """Listen from now on."""
        self._responses: list[Response] = []
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.url.endswith("/operators/execute"):
            self._responses.append(response)

    def largest(self) -> int:
        """Bytes of the largest answer since the last call."""
        sizes = [len(response.body()) for response in self._responses]
        self._responses.clear()
        return max(sizes, default=0)


def measure_app(dataset: fo.Dataset, title: str) -> Costs:
    """What a person waits for, and the largest answer of the server meanwhile."""
    costs = Costs(f"in the App: {title}")
    chromium = Path("/usr/bin/chromium")
    path = str(chromium) if chromium.exists() else None
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
        _wait_for(page, address)
        page.goto(f"{address}/datasets/{dataset.name}")
        page.locator("[data-cy=fo-grid]").wait_for()
        page.wait_for_timeout(MILLISECONDS_TO_SETTLE)
        received = Received(page)
        page.locator("[data-cy=new-panel-btn]").first.click()
        option = page.locator("[data-cy=new-panel-option-auto_label_panel]")
        option.wait_for()

        def step(click, tab: Tab) -> int:
            click()
            page.wait_for_function(IS_DRAWN, arg=WORDS[tab])
            return received.largest()

        costs.time("open the panel", partial(step, option.click, ALIGNMENT), int)
        for tab in (one for one in TABS if one != ALIGNMENT):
            click = page.get_by_role("tab", name=tab.title).click
            costs.time(f"open {tab.name}", partial(step, click, tab), int)
        browser.close()
    return costs


def _wait_for(page: Page, address: str) -> None:
    for _ in range(SECONDS_TO_START):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            page.wait_for_timeout(1_000)
    raise RuntimeError(f"The App does not answer at {address}.")


def main() -> None:
    """Print a table of steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000, metavar="N")
    parser.add_argument("--classes", type=int, default=1_000, metavar="K")
    parser.add_argument("--clusters", type=int, default=5_000, metavar="M")
    parser.add_argument("--no-app", action="store_true", help="measure the server's part only")
    arguments = parser.parse_args()
    n, k, clusters = arguments.images, arguments.classes, arguments.clusters
    title = f"{n:,} images, {k:,} classes, {clusters:,} micro-clusters"
    folder = tempfile.TemporaryDirectory()
    image = Path(folder.name) / "image.png"
    Image.new("RGB", (96, 72), "teal").save(image)
    dataset = fo.Dataset(persistent=True)  # the App is another process
    try:
        fill(dataset, image, n, k, clusters)
        Console().print(measure_server(dataset, title).table)
        if not arguments.no_app:
            Console().print(measure_app(dataset, title).table)
    finally:
        dataset.delete()
        folder.cleanup()


if __name__ == "__main__":
    main()
