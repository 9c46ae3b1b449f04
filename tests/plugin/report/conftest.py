"""One small run with some doubt in it, with what it was made from."""

from dataclasses import dataclass

import numpy as np
import pytest
from fiftyone_autolabel import Refinement, refine
from fiftyone_autolabel.plugin.report.summarising import summarise
from fiftyone_autolabel.plugin.report.summary import RunSummary

NASTY_NAMES = (
    "</script><script>alert(1)</script>",
    "a <b>bold</b> & brave name",
    "a name so long that no axis and no line of text could ever hold all of it, not even half of it",
    "猫, кошка, 🐈",
)


@dataclass(frozen=True)
class Run:
    """A refinement, what it was made from, and its summaries."""

    X: np.ndarray
    T: np.ndarray
    truth: np.ndarray
    classes: tuple[str, ...]
    refinement: Refinement

    @property
    def summary(self) -> RunSummary:
        """Without a ground truth."""
        return summarise(self.refinement, self.classes, encoder="test")

    @property
    def judged(self) -> RunSummary:
        """With a ground truth."""
        return summarise(self.refinement, self.classes, encoder="test", truth=self.truth)


def make_run(k: int, images: int, *, noise: float = 1.5, classes: tuple[str, ...] = (), **settings) -> Run:
    """Images around one direction per class, so noisy that some are in doubt."""
    rng = np.random.default_rng(0)

    def unit(rows: np.ndarray) -> np.ndarray:
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    concepts = unit(rng.normal(size=(k, 32)))
    truth = np.arange(images) % k
    X = unit(concepts[truth] + noise * unit(rng.normal(size=(images, 32))))
    T = unit(concepts + 0.8 * unit(rng.normal(size=(k, 32))))
    names = classes or tuple(f"class {number}" for number in range(k))
    return Run(X, T, truth, names, refine(X, T, **settings))


@pytest.fixture(scope="session")
def run() -> Run:
    """Six classes of 40 images each."""
    return make_run(6, 240)


@pytest.fixture(scope="session")
def leveled() -> Run:
    """The same by the rule that goes through the levels."""
    return make_run(6, 240, method="prototype")


@pytest.fixture(scope="session")
def nasty() -> Run:
    """Classes with names that no program expects."""
    return make_run(4, 80, classes=NASTY_NAMES)
