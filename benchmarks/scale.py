"""How time and memory of the engine grow with the number of images, beside a zero-shot pass and k-means.

python benchmarks/scale.py [--images N …] [--classes K …] [--dimensions D] [--half]

Every size runs in a process of its own (Linux only), on the synthetic features of the command `bench`. Peak
memory is that of the process beyond its libraries, the vectors included. Ratios and growth are of processor
seconds, which other programs on the machine disturb less than those of the clock.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import faiss
import numpy as np
import psutil
from fiftyone_autolabel.plugin.demo.bench import SEED, make_features
from fiftyone_autolabel.plugin.engine import clustering, evidence, refinement
from fiftyone_autolabel.plugin.engine.config import Settings
from fiftyone_autolabel.plugin.engine.refinement import bytes_needed, refine
from fiftyone_autolabel.plugin.run.estimate import refine_seconds
from rich.console import Console
from rich.table import Table

STAGES = {
    "micro-clusters": (clustering, "micro_cluster_assignments"),
    "meta-clusters": (clustering, "meta_cluster_assignments"),
    "neighbours": (evidence, "nearest_neighbors"),
    "refinement": (refinement, "_label"),
}
"""Stage of a run → the function that does it; what lies between them is the "rest"."""

ROWS_PER_PASS = 100_000
RECALLED = 3
RECALL_QUERIES = 200


class Meter:
    """Clock seconds, processor seconds and peak bytes of stages, without those of stages inside them.

    Attributes:
        stages: Stage → the three numbers.
    """

    def __init__(self) -> None:
        """Start with every library loaded."""
        self.stages: dict[str, np.ndarray] = {}
        self._open: list[str] = []
        self._without = psutil.Process().memory_info().rss

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens within as a stage."""
        self._count()
        self._open.append(name)
        yield
        self._count()
        self._open.pop()

    def watched(self, name: str, function: Callable) -> Callable:
        """The same function, whose calls count as a stage."""

        @wraps(function)
        def inner(*args: object, **named: object) -> object:
            with self.stage(name):
                return function(*args, **named)

        return inner

    def _count(self) -> None:
        """Count what was used since the last time for the stage that is open."""
        now = np.array([time.perf_counter(), time.process_time()])
        if self._open:
            before = self.stages.get(self._open[-1], np.zeros(3))
            peak = max(before[2], _peak_bytes() - self._without)
            self.stages[self._open[-1]] = np.array([*before[:2] + now - self._since, peak])
        Path("/proc/self/clear_refs").write_text("5")  # a new peak begins
        self._since = np.array([time.perf_counter(), time.process_time()])


def _peak_bytes() -> int:
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    # The system counts a process's memory only now and then, so a peak may lie below the present.
    return max(int(peak) * 1024, psutil.Process().memory_info().rss)


def measure(n: int, k: int, d: int, half: bool) -> dict:
    """Measure one size in this process.

    Args:
        n: Number of images.
        k: Number of classes.
        d: Dimensions.
        half: Whether the images are a memory-mapped file of float16 rather than float32 in memory.

    Returns:
        Stage → clock seconds, processor seconds, peak bytes; the clock seconds and bytes that a dry run
        says; and the recall of the nearest neighbours.
    """
    refine(*make_features(2_000, d, 10), clustering="kmeans")  # loads libraries
    np.ones((50_000, d), np.float32) @ np.ones((d, 100), np.float32)  # fills the buffers of OpenBLAS
    with tempfile.TemporaryDirectory() as folder:
        T = make_features(1, d, k)[1]
        X = _mapped(n, d, k, f"{folder}/images.npy") if half else make_features(n, d, k)[0]
        meter, neighbors = Meter(), list[np.ndarray]()
        if not half:
            meter._without -= X.nbytes
        with meter.stage("zero-shot pass"):
            for start in range(0, n, ROWS_PER_PASS):
                (np.asarray(X[start : start + ROWS_PER_PASS], np.float32) @ T.T).argmax(axis=1)
        with ExitStack() as watching, meter.stage("rest"):
            watching.enter_context(_kept(neighbors))
            for name, (module, function) in STAGES.items():
                inner = meter.watched(name, getattr(module, function))
                watching.enter_context(patch.object(module, function, inner))
            refine(X, T)
        with meter.stage("faiss k-means"):
            model = faiss.Kmeans(d, k, seed=SEED)
            model.train(np.asarray(X, np.float32))
            model.index.search(np.asarray(X, np.float32), 1)
        stages = {name: numbers.tolist() for name, numbers in meter.stages.items()}
        estimated = refine_seconds(n, k, d, Settings().resolved(n, k)), 4 * n * d + bytes_needed(n, d, k)
        return {"stages": stages, "estimated": estimated, "recall": recall(X, neighbors[0])}


@contextmanager
def _kept(neighbors: list[np.ndarray]) -> Iterator[None]:
    """Keep the neighbours that a run finds."""
    find = evidence.nearest_neighbors

    def inner(*args: Any) -> np.ndarray:
        neighbors.append(find(*args))
        return neighbors[-1]

    with patch.object(evidence, "nearest_neighbors", inner):
        yield


def _mapped(n: int, d: int, k: int, path: str) -> np.ndarray:
    """The images of `make_features` in a memory-mapped file of float16."""
    mapped = np.lib.format.open_memmap(path, "w+", np.float16, (n, d))
    mapped[:] = make_features(n, d, k)[0]
    mapped.flush()
    return np.load(path, mmap_mode="r")


def recall(X: np.ndarray, neighbors: np.ndarray) -> float:
    """Share of the three nearest neighbours that were found, over images that are spread over all."""
    queries = np.linspace(0, len(X) - 1, min(len(X), RECALL_QUERIES)).astype(int)
    Q = np.asarray(X[queries], np.float32)
    similarity = np.concatenate(
        [
            Q @ np.asarray(X[start : start + ROWS_PER_PASS], np.float32).T
            for start in range(0, len(X), ROWS_PER_PASS)
        ],
        axis=1,
    )
    similarity[np.arange(len(queries)), queries] = -np.inf
    nearest = np.argpartition(-similarity, RECALLED, axis=1)[:, :RECALLED]
    found = (nearest[:, :, None] == neighbors[queries, None, :RECALLED]).any(axis=2)
    return float(found.mean())


def measure_apart(n: int, k: int, d: int, half: bool) -> dict:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--images", n, "--classes", k, "--dimensions", d, "--alone"]
    found = subprocess.run(
        [*map(str, command), *(["--half"] if half else [])], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(found.stdout)


def add_size(table: Table, n: int, k: int, d: int, found: dict, before: dict | None) -> None:
    """Add one row per stage, and one for clusters and refinement together."""
    stages = dict(found["stages"])
    together = np.array([stages[name] for name in (*STAGES, "rest") if name in stages])
    stages["clusters, refinement, rest"] = [*together[:, :2].sum(axis=0), together[:, 2].max()]
    found["stages"] = stages
    yardsticks = stages["zero-shot pass"][1], stages["faiss k-means"][1]
    for name, (clock, processor, peak) in stages.items():
        growth = f"{processor / before['stages'][name][1]:.1f}" if before else ""
        ratios = [f"{processor / each:.1f}" for each in yardsticks]
        size = [f"{clock:,.1f}", f"{processor:,.1f}", f"{peak / 2**30:.2f}", f"{peak / (4 * n * d):.2f}"]
        table.add_row(f"{n:,} × {d}, k = {k:,}", name, *size, growth, *ratios)
    seconds, memory = found["estimated"]
    table.add_row("", "all of it, as a dry run says", f"{seconds:,.1f}", "", f"{memory / 2**30:.2f}")
    table.add_row("", f"recall of neighbours at {RECALLED}: {found['recall']:.1%}", end_section=True)


def main() -> None:
    """Print one table with a row per size and stage."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--classes", type=int, nargs="+", default=[100])
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--half", action="store_true", help="from a memory-mapped file of float16")
    parser.add_argument("--alone", action="store_true", help="one size in this process, printed as JSON")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(measure(given.images[0], given.classes[0], given.dimensions, given.half)))
        return
    table = Table(title="Synthetic features" + (", memory-mapped float16" if given.half else ""))
    names = ("", "stage", "s", "processor s", "peak GiB", "of the vectors", "growth", "zero-shot passes")
    for column in (*names, "faiss k-means"):
        table.add_column(column, justify="left" if column in ("", "stage") else "right")
    for k in given.classes:
        before = None
        for n in given.images:
            found = measure_apart(n, k, given.dimensions, given.half)
            add_size(table, n, k, given.dimensions, found, before)
            before = found
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
