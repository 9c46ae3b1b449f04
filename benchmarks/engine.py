"""What the engine costs: seconds of every step and memory, beside a plain zero-shot pass.

python benchmarks/engine.py [--images N] [--dimensions D] [--classes K] [--baselines]

The features are synthetic, two narrow cones as CLIP's: cost does not depend on what the images show.
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import psutil
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.clustering import micro_cluster_assignments
from fiftyone_autolabel.plugin.engine.config import HDBSCAN_MOST_IMAGES, Settings
from fiftyone_autolabel.plugin.engine.vectors import unit_rows
from rich.console import Console
from rich.table import Table

SEED = 51
ROWS_PER_DRAW = 10_000


def make_features(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) images around one direction per class, and (k, d) texts that point there roughly."""
    rng = np.random.default_rng(SEED)
    concepts = unit_rows(rng.normal(size=(k, d)))
    image_cone, text_cone = unit_rows(rng.normal(size=(2, d)))
    X = np.empty((n, d), np.float32)
    for start in range(0, n, ROWS_PER_DRAW):
        rows = X[start : start + ROWS_PER_DRAW]
        noise = unit_rows(rng.standard_normal(rows.shape, np.float32))
        rows[:] = unit_rows(1.5 * image_cone + concepts[rng.integers(k, size=len(rows))] + noise)
    T = unit_rows(1.5 * text_cone + concepts + 0.8 * unit_rows(rng.normal(size=(k, d))))
    return X, T


class Costs:
    """A table of steps with their seconds and the memory that the process has grown to."""

    def __init__(self, title: str, embeddings: np.ndarray) -> None:
        """Begin with the embeddings in memory and every library loaded."""
        self._bytes = embeddings.nbytes
        self._without = psutil.Process().memory_info().rss - embeddings.nbytes
        self.table = Table("step", title=title)
        self.table.add_column("seconds", justify="right")
        self.table.add_column("peak memory, times the embeddings", justify="right")

    def add(self, name: str, seconds: float) -> None:
        """Add a finished step; the peak is that of everything so far, embeddings included."""
        self.table.add_row(name, f"{seconds:.1f}", f"{(peak_bytes() - self._without) / self._bytes:.1f}")

    def time(self, name: str, step: Callable) -> None:
        """Do a step and add it."""
        start = time.perf_counter()
        step()
        self.add(name, time.perf_counter() - start)


def peak_bytes() -> int:
    """Largest resident memory of this process so far (Linux counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def add_refinement(costs: Costs, X: np.ndarray, T: np.ndarray, settings: Settings) -> None:
    """The two stages that `refine` reports."""
    last = [time.perf_counter()]
    names = {"cluster": f"clusters ({settings.clustering})", "refine": f"refinement ({settings.method})"}

    def finished(stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        if done == total:
            costs.add(names[stage], now - last[0])
        last[0] = now

    refine(X, T, settings=settings, progress=finished)


def add_baselines(costs: Costs, X: np.ndarray, settings: Settings) -> None:
    """Other ways to cluster, HDBSCAN on as many images as it is ever given."""
    from sklearn.cluster import MiniBatchKMeans

    some = X[:HDBSCAN_MOST_IMAGES]
    hdbscan = settings.with_overrides(clustering="hdbscan")
    costs.time(f"HDBSCAN, {len(some):,} images", lambda: micro_cluster_assignments(some, hdbscan))
    count = len(X) // (2 * settings.min_cluster_size)
    model = MiniBatchKMeans(count, random_state=SEED, n_init=1)
    costs.time(f"scikit-learn k-means, {count:,} clusters", lambda: model.fit(X))


def main() -> None:
    """Print one row per step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--baselines", action="store_true", help="also HDBSCAN and scikit-learn's k-means")
    arguments = parser.parse_args()
    for clustering in ("hdbscan", "kmeans"):  # so that libraries and their buffers are not counted
        refine(*make_features(10_000, 512, 10), clustering=clustering)
    X, T = make_features(arguments.images, arguments.dimensions, arguments.classes)
    settings = Settings().resolved(len(X), len(T))

    title = f"{len(X):,} images, {arguments.dimensions} dimensions, {len(T):,} classes"
    costs = Costs(f"{title}; embeddings {X.nbytes / 2**20:,.0f} MB", X)
    costs.time("zero-shot", lambda: (X @ T.T).argmax(axis=1))
    add_refinement(costs, X, T, settings)
    if arguments.baselines:
        add_baselines(costs, X, settings)
    Console().print(costs.table)


if __name__ == "__main__":
    main()
