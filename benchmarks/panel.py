"""What opening the panel costs on a large run: seconds, and bytes that travel to the App.

python benchmarks/panel.py [--images N] [--classes K] [--clusters M]

The run is one on synthetic vectors, written to a real dataset whose samples have no image files.
"""

import argparse
import json
import uuid
from functools import partial

import fiftyone as fo
import numpy as np
from engine import SEED, make_features
from fiftyone.operators.executor import ExecutionContext, Executor
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.panels import AutoLabelPanel
from fiftyone_autolabel.panels.choices import Choices, Tab
from report import DIMENSIONS, IMAGES_PER_CLUSTER, Costs
from rich.console import Console

CHUNK = 20_000


def make_dataset(n: int, k: int, clusters: int) -> fo.Dataset:
    """A dataset of n samples that a run with k classes has labelled."""
    X, T = make_features(IMAGES_PER_CLUSTER * clusters, DIMENSIONS, k)
    rng = np.random.default_rng(SEED)
    copies = rng.integers(len(X), size=n)
    dataset = fo.Dataset()
    for start in range(0, n, CHUNK):
        paths = [f"/photos/{row:08}.jpg" for row in range(start, min(start + CHUNK, n))]
        dataset.add_samples([fo.Sample(filepath=path) for path in paths], progress=False)
    classes = [f"a class with a usual name, {number}" for number in range(k)]
    groups = copies // IMAGES_PER_CLUSTER
    auto_label(dataset, classes, embeddings=X[copies], text_embeddings=T, clusters=groups)
    return dataset


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


def main() -> None:
    """Print a table of steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000, metavar="N")
    parser.add_argument("--classes", type=int, default=1_000, metavar="K")
    parser.add_argument("--clusters", type=int, default=5_000, metavar="M")
    arguments = parser.parse_args()
    n, k, clusters = arguments.images, arguments.classes, arguments.clusters
    dataset = make_dataset(n, k, clusters)
    try:
        costs = Costs(f"{n:,} images, {k:,} classes, {clusters:,} micro-clusters")
        panel = Opened(dataset)
        costs.time("open the panel", partial(panel.send, "on_load", Choices()), size)
        for tab in Tab:
            costs.time(f"open {tab.value}", partial(panel.send, "on_tab", Choices(), value=tab.value), size)
        costs.time("tick without news", partial(panel.send, "on_tick", Choices()), size)
    finally:
        dataset.delete()
    Console().print(costs.table)


if __name__ == "__main__":
    main()
