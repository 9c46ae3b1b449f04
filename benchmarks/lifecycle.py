"""How time and memory of all that follows a run grow with the dataset: review, compare, export, delete.

python benchmarks/lifecycle.py [--images N …] [--classes K]

Every size runs in a process of its own (Linux only) on a real dataset whose samples have no image files. The
yardstick of writing is FiftyOne's `set_values` with the same labels. Seconds are of the clock, because most
work is the database's; peak memory is that of this process beyond its libraries and the vectors.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import fiftyone as fo
import numpy as np
from fiftyone_autolabel import (
    ExportOptions,
    FieldNames,
    approve,
    auto_label,
    compare_runs,
    delete_run,
    evaluate,
    export_labels,
    list_runs,
    review_next,
)
from fiftyone_autolabel.panels.choices import Choices
from fiftyone_autolabel.plugin.demo.bench import SEED, make_features
from panel import Opened
from rich.console import Console
from rich.table import Table
from scale import Meter
from writing import make_images

DIMENSIONS = 32
SMALL = 1_000
REVIEWED = 0.1
"""Share of the labels that are approved at one stroke."""

MOST_BARE = 30_000
"""Samples whose labels are written for the yardstick, which grows with their number."""

WRITE, BARE = "write a run", "the same by set_values"


def bare_seconds(dataset: fo.Dataset) -> float:
    """Seconds that `set_values` takes to write what the first run wrote, into a dataset of its own."""
    fields = [name for name in FieldNames().by_role().values() if dataset.count(name)]
    some = dataset.limit(MOST_BARE)
    values, bare = some.values(fields), make_images(len(some))
    start = time.perf_counter()
    for name, column in zip(fields, values, strict=True):
        bare.set_values(name, column)
    bare.delete()
    return (time.perf_counter() - start) * len(dataset) / len(some)


def live(n: int, k: int) -> dict[str, list[float]]:
    """Take a dataset of n images from its first run to the deletion of a run.

    Returns:
        Stage → clock seconds, processor seconds, peak bytes.
    """
    X, T = make_features(n, DIMENSIONS, k)
    classes = [f"class {number}" for number in range(k)]
    dataset = make_images(n)
    truth = np.random.default_rng(SEED).integers(k, size=n)
    dataset.set_values("truth", [fo.Classification(label=classes[number]) for number in truth])
    meter = Meter()
    label = partial(auto_label, dataset, classes, text_embeddings=T, progress=False)
    with meter.stage("label"):
        label(embeddings=X)
    with meter.stage("label again, other fields"):
        label(embeddings=X, run_key="second", settings={"iterations": 1})
    with meter.stage("compare"):
        compare_runs(dataset, "auto_label_1", "second")
    with meter.stage("open the panel"):
        Opened(dataset).send("on_load", Choices())
    with meter.stage("review a page"):
        review_next(dataset)
    with meter.stage("approve a tenth"):
        approve(dataset.limit(round(REVIEWED * n)))
    with meter.stage("evaluate"):
        evaluate(dataset, "truth")
    with tempfile.TemporaryDirectory() as folder, meter.stage("export CSV without images"):
        export_labels(dataset, Path(folder) / "out", "csv", options=ExportOptions(images="none"))
    written = [run.seconds["write"] for run in list_runs(dataset)]
    bare = bare_seconds(dataset)
    with meter.stage("delete a run"):
        delete_run(dataset, "second")
    dataset.delete()
    stages = {name: numbers.tolist() for name, numbers in meter.stages.items()}
    return stages | {WRITE: [max(written), 0.0, 0.0], BARE: [bare, 0.0, 0.0]}


def live_apart(n: int, k: int) -> dict[str, list[float]]:
    """`live` in a process of its own."""
    command = [sys.executable, __file__, "--images", str(n), "--classes", str(k), "--alone"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])


def main() -> None:
    """Print one table with a row per size and stage."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[3_000, 30_000, 300_000])
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--alone", action="store_true", help="one size in this process, printed as JSON")
    given = parser.parse_args()
    if given.alone:
        live(SMALL, given.classes)  # loads libraries and the plugin
        print(json.dumps(live(given.images[0], given.classes)))
        return
    table = Table(title="What follows a run")
    for column in ("images", "stage", "s", "growth", "peak GiB"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    before: dict[str, list[float]] = {}
    for n in given.images:
        stages = live_apart(n, given.classes)
        for name, (seconds, _, peak) in stages.items():
            growth = f"× {seconds / before[name][0]:.1f}" if before else ""
            table.add_row(f"{n:,}", name, f"{seconds:.1f}", growth, f"{peak / 2**30:.2f}" if peak else "")
        ratio = stages[WRITE][0] / stages[BARE][0]
        table.add_row("", f"ratio of the two: {ratio:.2f}", end_section=True)
        before = stages
    Console().print(table)


if __name__ == "__main__":
    main()
