"""What the panel shows of runs that wait, go on, end and fail, with few classes and with many."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone_autolabel import RunCancelledError, auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from playwright.sync_api import expect

from .panel import press, read_tab

OPERATOR = "@autolabel/prototypes/auto_label"
SECONDS_TO_LABEL = 120

TABS = {
    "Alignment": "leads to whole clusters",
    "Classes": "The largest class",
    "Confidence": "Keep the most confident",
    "Convergence": "Labels that changed",
    "Novel clusters": re.compile("most novel first|Every cluster fits a class"),
}
"""Tab → words that it alone shows of any run."""


def label(dataset: fo.Dataset, k: int, **arguments) -> None:
    """Label with k classes from vectors that are made up."""
    rng = np.random.default_rng(0)
    T = rng.normal(size=(k, 16))
    X = T[np.arange(len(dataset)) % k] + rng.normal(scale=0.6, size=(len(dataset), 16))
    classes = [f"a class with a name that is rather long, number {number}" for number in range(k)]
    auto_label(dataset, classes, embeddings=X, text_embeddings=T, **arguments)


@contextmanager
def stopped_at(dataset: fo.Dataset, stage: str) -> Iterator[None]:
    """A run that is under way and waits before a stage until the block ends; it may be cancelled."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(now: str, done: int, total: int) -> None:
        if now == stage:
            reached.set()
            go_on.wait()

    def work() -> None:
        with suppress(RunCancelledError):
            label(dataset, 10, progress=wait)

    run = threading.Thread(target=work)
    run.start()
    assert reached.wait(SECONDS_TO_LABEL)
    try:
        yield
    finally:
        go_on.set()
        run.join()


def work_off_the_queue() -> None:
    """What `fiftyone delegated launch` does, in a thread: in this one Playwright's event loop runs."""
    service = DelegatedOperationService()
    worker = threading.Thread(target=service.execute_queued_operations, kwargs={"operator": OPERATOR})
    worker.start()
    worker.join()


def fail(stage: str, done: int, total: int) -> None:
    """Progress of a run that fails before it writes."""
    if stage == "write":
        raise OSError("No space left on device")


def test_without_a_run_there_is_one_sentence_and_one_button(panel_of, fresh, screenshot):
    panel = panel_of(fresh, "Name the classes")
    expect(panel.get_by_role("button")).to_have_count(1)
    expect(panel.get_by_role("button", name="Auto-label")).to_be_visible()
    screenshot("state-no-run")


def test_a_run_under_way_shows_its_progress_its_curves_and_then_its_labels(panel_of, fresh, screenshot):
    with stopped_at(fresh, "write"):
        panel = panel_of(fresh, "running")
        expect(panel.get_by_role("progressbar")).to_be_visible()
        expect(panel.get_by_text("Prototype drift")).to_be_visible()
        screenshot("state-running")
    expect(panel.get_by_text("completed", exact=True)).to_be_visible()


def test_a_run_under_way_is_cancelled_from_the_panel(panel_of, fresh):
    with stopped_at(fresh, "refine"):
        panel = panel_of(fresh, "running")
        press(panel, "Cancel").get_by_role("button", name="Cancel run").click()
        expect(panel.page.get_by_text("stops in a few seconds")).to_be_visible()
    expect(panel.get_by_text("cancelled", exact=True)).to_be_visible()
    fresh.reload()
    assert not fresh.has_field("auto_label")


def test_a_delegated_run_is_announced_and_shows_by_itself_when_it_is_done(panel_of, fresh, screenshot):
    label(fresh, 3)
    arguments = {"encoder": "offline", "run_key": "delegated", "delegate": True}
    foo.get_operator(OPERATOR)(fresh, DEMO_CLASSES, **arguments)
    panel = panel_of(fresh, "1 run queued")
    screenshot("state-queued")
    work_off_the_queue()
    expect(panel.get_by_text("· 14 classes · offline")).to_be_visible(timeout=1000 * SECONDS_TO_LABEL)
    expect(panel.get_by_text("1 run queued")).to_be_hidden()


def test_a_run_that_failed_says_why(panel_of, fresh, screenshot):
    with pytest.raises(OSError, match="No space"):
        label(fresh, 3, progress=fail)
    panel = panel_of(fresh, "No space left on device")
    expect(panel.get_by_role("tab")).to_have_count(0)
    screenshot("state-failed")


def test_a_run_that_failed_after_another_is_told_beside_the_labels_that_there_are(
    panel_of, fresh, screenshot
):
    label(fresh, 3)
    panel = panel_of(fresh, "Did it converge?")
    with pytest.raises(OSError, match="No space"):
        label(fresh, 3, run_key="second", progress=fail)
    expect(panel.get_by_text("second failed since: OSError: No space left on device")).to_be_visible()
    expect(panel.get_by_text("Did it converge?")).to_be_visible()
    screenshot("state-failed-since")


@pytest.mark.parametrize(("k", "widths"), [(2, [1280]), (100, [1920, 1280])])
def test_few_and_many_classes_fit_the_panel(panel_of, fresh, screenshot, k, widths):
    label(fresh, k)
    panel = panel_of(fresh, "Did it converge?")
    for tab, words in TABS.items():
        read_tab(panel, tab, words, widths)
        screenshot(f"state-{k}-classes-{tab.lower().replace(' ', '-')}")
