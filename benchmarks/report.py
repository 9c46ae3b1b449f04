"""What figures and reports cost on a large run: seconds, and bytes that travel to the App.

python benchmarks/report.py [--images N] [--classes K] [--clusters M]

The run is one on fewer synthetic images, each of them many times: what is drawn costs the same.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from engine import SEED, make_features
from fiftyone_autolabel import Refinement, refine
from fiftyone_autolabel.plugin.report.images_table import ImagesTable
from fiftyone_autolabel.plugin.report.plots import all_plots
from fiftyone_autolabel.plugin.report.prototypes import make_prototypes
from fiftyone_autolabel.plugin.report.summarising import summarise
from fiftyone_autolabel.plugin.report.summary import RunSummary
from fiftyone_autolabel.plugin.report.writing import write_report
from rich.console import Console
from rich.table import Table

DIMENSIONS = 128
IMAGES_PER_CLUSTER = 2


class Costs:
    """A table of steps with their seconds and what they make."""

    def __init__(self, title: str) -> None:
        """Begin with no step."""
        self.table = Table("step", title=title)
        self.table.add_column("seconds", justify="right")
        self.table.add_column("kB", justify="right")

    def time(self, name: str, step: Callable[[], Any], size: Callable[[Any], int] | None = None) -> Any:
        """Do a step, add it, and return what it makes."""
        start = time.perf_counter()
        result = step()
        seconds = time.perf_counter() - start
        self.table.add_row(name, f"{seconds:.2f}", f"{size(result) / 1000:,.0f}" if size else "")
        return result


def make_run(n: int, k: int, clusters: int) -> tuple[Refinement, np.ndarray, np.ndarray, np.ndarray]:
    """A refinement of n images, their (n, d) and the class names' (k, d) vectors, and some (n,) truth."""
    few = IMAGES_PER_CLUSTER * clusters
    X, T = make_features(few, DIMENSIONS, k)
    rng = np.random.default_rng(SEED)
    copies = rng.integers(few, size=n)
    refinement = refine(X[copies], T, micro_clusters=copies // IMAGES_PER_CLUSTER)
    truth = np.where(rng.random(n) < 0.1, rng.integers(k, size=n), refinement.labels)
    return refinement, X[copies], T, truth


def main() -> None:
    """Print a table of steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000, metavar="N")
    parser.add_argument("--classes", type=int, default=1_000, metavar="K")
    parser.add_argument("--clusters", type=int, default=5_000, metavar="M")
    arguments = parser.parse_args()
    n, k = arguments.images, arguments.classes
    refinement, X, T, truth = make_run(n, k, arguments.clusters)
    classes = [f"a class with a usual name, {number}" for number in range(k)]
    costs = Costs(f"{n:,} images, {k:,} classes, {len(refinement.clusters['micro']):,} micro-clusters")

    summary = costs.time("summarise, once per run", lambda: summarise(refinement, classes, truth=truth))
    text = costs.time("summary to JSON", lambda: json.dumps(summary.to_dict(), allow_nan=False), len)
    costs.time("JSON to summary, when a panel opens", lambda: RunSummary.from_dict(json.loads(text)))
    all_plots(summary)  # plotly loads its modules when they are first used
    costs.time(
        "all figures, when a panel opens",
        lambda: all_plots(summary),
        lambda plots: sum(len(plot.figure.to_json()) for plot in plots),
    )
    prototypes = costs.time("prototypes for new images", lambda: make_prototypes(refinement, classes, X, T))
    paths = [f"/photos/{row:08}.jpg" for row in range(n)]
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "report"
        costs.time(
            "report folder",
            lambda: write_report(folder, summary, ImagesTable.of(refinement, paths), prototypes=prototypes),
            lambda made: sum(file.stat().st_size for file in made.iterdir()),
        )
    Console().print(costs.table)


if __name__ == "__main__":
    main()
