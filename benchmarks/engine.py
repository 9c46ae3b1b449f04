"""What the engine costs: seconds of every step and memory, beside a plain zero-shot pass.

python benchmarks/engine.py [--images N] [--dimensions D] [--classes K] [--baselines]

The features are synthetic, two narrow cones as CLIP's: cost does not depend on what the images show.
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
from fiftyone_autolabel.plugin.engine import anchored
from fiftyone_autolabel.plugin.engine.clustering import build_hierarchy, micro_cluster_assignments
from fiftyone_autolabel.plugin.engine.confidence import calibrated
from fiftyone_autolabel.plugin.engine.config import HDBSCAN_MOST_IMAGES, Settings
from fiftyone_autolabel.plugin.engine.evidence import gather_evidence
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


def timed(table: Table, name: str, step: Callable) -> object:
    """Do a step, and add its seconds and the peak of the process's memory so far to the table."""
    start = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - start
    table.add_row(name, f"{seconds:.1f}", f"{peak_megabytes():,.0f}")
    return result


def peak_megabytes() -> float:
    """Largest resident memory of this process so far (Linux counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
    X, T = make_features(arguments.images, arguments.dimensions, arguments.classes)
    settings = Settings().resolved(len(X))

    title = f"{len(X):,} images, {arguments.dimensions} dimensions, {len(T):,} classes"
    table = Table("step", title=f"{title}; embeddings {X.nbytes / 2**20:,.0f} MB")
    table.add_column("seconds", justify="right")
    table.add_column("peak MB", justify="right")
    timed(table, "start", lambda: None)
    timed(table, "zero-shot", lambda: (X @ T.T).argmax(axis=1))
    hierarchy = timed(
        table, f"clusters ({settings.clustering})", lambda: build_hierarchy(X, len(T), settings)
    )
    evidence = timed(table, "neighbours and text view", lambda: gather_evidence(X, T))
    outcome = timed(table, "anchored rule", lambda: anchored.run(evidence, hierarchy, settings))
    timed(table, "confidence", lambda: calibrated(outcome.probabilities, evidence))
    if arguments.baselines:
        add_baselines(table, X, settings)
    Console().print(table)


def add_baselines(table: Table, X: np.ndarray, settings: Settings) -> None:
    """Other ways to cluster, HDBSCAN on as many images as it is ever given."""
    from sklearn.cluster import MiniBatchKMeans

    some = X[:HDBSCAN_MOST_IMAGES]
    hdbscan = settings.with_overrides(clustering="hdbscan")
    timed(table, f"HDBSCAN, {len(some):,} images", lambda: micro_cluster_assignments(some, hdbscan))
    count = len(X) // (2 * settings.min_cluster_size)
    model = MiniBatchKMeans(count, random_state=SEED, n_init=1)
    timed(table, f"MiniBatchKMeans, {count:,} clusters", lambda: model.fit(X))


if __name__ == "__main__":
    main()
