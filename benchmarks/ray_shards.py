"""What labelling shards on Ray costs by stage with ever more workers, and what that makes 100 million cost.

python benchmarks/ray_shards.py [--images 50000] [--classes 100] [--dimensions 512] [--sample 10000]
    [--workers 1 2] [--target 100000000] [--cores 64] [--embed-rate IMAGES_PER_SECOND] [--features FILE.npz …]
    [--causes]

On the synthetic features of the command `bench`, as float16 files. Prints seconds by stage for as many images
with ever more workers (strong scaling) and for as many images a worker (weak); core hours and bytes of the
target; and labels that differ from those of one run on all images, of feature sets also the share that is
right. With --causes it prints instead how many differ when ever more comes from all images and not from the
sample, in rounds without Ray.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import ray
from features import FeatureSet, load_feature_set
from fiftyone_autolabel.plugin.demo.bench import make_features
from fiftyone_autolabel.plugin.engine.classifier import fit_classifier
from fiftyone_autolabel.plugin.engine.config import Settings
from fiftyone_autolabel.plugin.engine.geometry import MOST_DIMENSIONS
from fiftyone_autolabel.plugin.engine.refinement import refine
from fiftyone_autolabel.plugin.engine.rows import NUMBERS_KEPT
from fiftyone_autolabel.plugin.engine.shards import Shard, Shared
from fiftyone_autolabel.plugin.engine.validation import check_pair
from fiftyone_autolabel.plugin.run.shard_files import ROWS_PER_SHARD
from fiftyone_autolabel.plugin.run.shards import STAGES, ShardedRun, label_shards
from rich import box
from rich.console import Console
from rich.table import Table

N_SHARDS = 10
SHARDS_OF_SETS = 4
"""Shards of a feature set; its sample is as large as one of them."""


class Clock:
    """Seconds by stage, of the clock and of the processor; an instance is a `Progress`.

    Those of the processor are of this process and of all of Ray's, whose own work is the overhead.

    Attributes:
        seconds: Stage → both.
    """

    def __init__(self) -> None:
        """Start."""
        self.seconds = {stage: np.zeros(2) for stage in STAGES}
        self._since = self._now()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Count the time since the last call for the stage."""
        now = self._now()
        self.seconds[stage] += now - self._since
        self._since = now

    def _now(self) -> np.ndarray:
        this = psutil.Process()
        times = [each.cpu_times() for each in (this, *this.children(recursive=True))]
        return np.array([time.perf_counter(), sum(each.user + each.system for each in times)])


def write_shards(folder: Path, X: np.ndarray, shards: int) -> None:
    """Write vectors as float16 in as many files."""
    folder.mkdir()
    for number, part in enumerate(np.array_split(X, shards)):
        np.save(folder / f"part-{number:04}.npy", part.astype(np.float16))


def run(folder: Path, T: np.ndarray, output: Path, sample: int) -> tuple[ShardedRun, dict[str, np.ndarray]]:
    """Label a folder of vectors; returns the run and its seconds by stage."""
    clock, names = Clock(), [f"class {number}" for number in range(len(T))]
    done = label_shards(folder, names, output, text_embeddings=T, sample=sample, progress=clock)
    return done, clock.seconds


def labels_of(output: Path) -> np.ndarray:
    """(n,) class numbers of a run, in order."""
    files = sorted((output / "labels").iterdir())
    names = [name for file in files for name in pq.read_table(file)["label"].to_pylist()]
    return np.array([int(name.removeprefix("class ")) for name in names])


def start(workers: int) -> None:
    """Start a cluster on this machine, in the place of an earlier one."""
    ray.shutdown()
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")


def warm_up(place: Path, workers: int) -> None:
    """Have every worker load its libraries."""
    X, T = make_features(2_000, 32, 10)
    write_shards(place / f"warm-{workers}", X, 4 * workers)
    run(place / f"warm-{workers}", T, place / f"warm-{workers}-out", 500)


def compare(table: Table, features: FeatureSet, whole: np.ndarray, found: np.ndarray, sample: int) -> None:
    """Add rows for labels of one run, of one over shards, and by the classifier of a run on a sample."""
    X, T = features.X, features.T
    rows = np.sort(np.random.default_rng(0).choice(len(X), sample, replace=False))
    classifier = fit_classifier(refine(X[rows], T), X[rows], T)
    named = {"one run": whole, "shards": found, "classifier of a sample": classifier.predict(X).labels}
    for name, labels in named.items():
        right = f"{np.mean(labels == features.y):.1%}" if len(features.y) else ""
        table.add_row(features.name, name, right, f"{np.mean(labels != whole):.2%}")


def rounds(parts: list[np.ndarray], shared: Shared, settings: Settings) -> np.ndarray:
    """(n,) labels after rounds over shards, in this process."""
    shards = [Shard(X, shared) for X in parts]
    z, sums = zip(*[shard.start() for shard in shards], strict=True)
    before = reduce(add, sums)
    for _ in range(settings.iterations):
        z, sums = zip(*[shard.judge(own, before) for shard, own in zip(shards, z, strict=True)], strict=True)
        after = reduce(add, sums)
        if shared.has_converged(before, after, settings.tolerance):
            break
        before = after
    return np.concatenate([shard.predictions(own).labels for shard, own in zip(shards, z, strict=True)])


def causes(table: Table, features: FeatureSet, sample: int) -> None:
    """Add rows for labels from a sample, of which ever more is replaced by what all images tell."""
    X, T = check_pair(features.X, features.T)
    rows = np.sort(np.random.default_rng(0).choice(len(X), sample, replace=False))
    whole = refine(X, T)
    of_all, of_sample = Shared.of(whole, X, T), Shared.of(refine(X[rows], T), X[rows], T)
    clusters, balance = ("cluster_means", "cluster_classes"), ("scale", "strength", "offset")
    named = {"shards": rounds(np.array_split(X, SHARDS_OF_SETS), of_sample, whole.settings)}
    replaced: list[str] = []
    for name, more in (
        ("and neighbours among all images", ()),
        ("and clusters of all images", clusters),
        ("and balance of the classes from all images", balance),
        ("and all else from all images", ("mean", "basis", "beliefs")),
    ):
        replaced += more
        shared = replace(of_sample, **{each: getattr(of_all, each) for each in replaced})
        named[name] = rounds([X], shared, whole.settings)
    for name, labels in named.items():
        right = f"{np.mean(labels == features.y):.1%}" if len(features.y) else ""
        table.add_row(features.name, name, right, f"{np.mean(labels != whole.labels):.2%}")


def scaling(place: Path, X: np.ndarray, T: np.ndarray, workers: list[int], sample: int) -> tuple[Table, dict]:
    """Seconds by stage, and their sum; returns the table, and what the last row has used of the processor."""
    shown = [stage for stage in STAGES if stage not in ("embed", "import")]
    table = Table("workers", "images", "rounds", *shown, title="Clock / processor seconds", box=box.MARKDOWN)
    per_worker, used = len(X) // max(workers), {}
    for number in workers:
        start(number)
        warm_up(place, number)
        for n in sorted({per_worker * number, len(X)}):
            name = f"{number}-{n}"
            write_shards(place / name, X[:n], N_SHARDS)
            done, seconds = run(place / name, T, place / f"{name}-out", sample)
            times = [f"{seconds[stage][0]:.1f} / {seconds[stage][1]:.1f}" for stage in shown]
            table.add_row(str(number), f"{n:,}", str(done.rounds), *times)
            used = {stage: seconds[stage][1] / n for stage in shown} | {"rounds": done.rounds}
    return table, used | {"labels": labels_of(place / f"{name}-out")}


def of_target(used: dict, n: int, cores: int, d: int, k: int, embed_rate: float) -> Table:
    """Core hours, hours and bytes by stage."""
    table = Table(
        "stage", "core hours", f"hours on {cores} cores", "files read, written (TB)", box=box.MARKDOWN
    )
    rounds, vectors = used["rounds"], 2 * d * n
    soft_labels = n * min(k, NUMBERS_KEPT) * (4 + np.min_scalar_type(k).itemsize)
    moved = {
        "refine": vectors * (rounds + 1) + soft_labels * (2 * rounds + 1),
        "write": vectors + soft_labels,
    }
    hours = {stage: used[stage] * n / 3600 for stage in moved}
    if embed_rate:
        hours, moved = {"embed": n / embed_rate / 3600} | hours, {"embed": 2 * vectors} | moved
    for stage in moved:
        spent = hours[stage]
        row = (f"{spent:,.1f}", f"{spent / cores:,.2f}", f"{moved[stage] / 1e12:.2f}")
        table.add_row(STAGES[stage], *row)
    r, shards = min(d, MOST_DIMENSIONS), -(-n // ROWS_PER_SHARD)
    sums = 8 * shards * (rounds + 1) * (k * r + r * r)
    table.caption = f"{shards:,} shards, {rounds} rounds; sums through the network: {sums / 1e9:.1f} GB"
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = {"images": 50_000, "classes": 100, "dimensions": 512, "sample": 10_000}
    for name, default in (numbers | {"target": 100_000_000, "cores": 64}).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--embed-rate", type=float, default=0, help="images a second of a core")
    parser.add_argument("--features", type=Path, nargs="+", default=[], metavar="FILE.npz")
    parser.add_argument("--causes", action="store_true", help="print only what makes labels differ")
    given, console = parser.parse_args(), Console(width=150)
    X, T = make_features(given.images, given.dimensions, given.classes)
    likeness = Table("images", "labels", "right", "unlike one run", box=box.MARKDOWN)
    if given.causes:
        causes(likeness, FeatureSet(f"synthetic, {len(X):,}", X, T, np.array([])), given.sample)
        for features in map(load_feature_set, given.features):
            mixed = features.images(np.random.default_rng(0).permutation(len(features.X)))
            causes(likeness, mixed, len(mixed.X) // SHARDS_OF_SETS)
        console.print(likeness)
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        table, used = scaling(place, X, T, given.workers, given.sample)
        console.print(table)
        console.print(
            of_target(used, given.target, given.cores, given.dimensions, given.classes, given.embed_rate)
        )
        started = time.perf_counter(), time.process_time()
        whole = refine(X, T).labels
        clock, processor = time.perf_counter() - started[0], time.process_time() - started[1]
        console.print(f"One run on all images, in this process: {clock:.1f} / {processor:.1f} s")
        synthetic = FeatureSet(f"synthetic, {len(X):,}", X, T, np.array([]))
        compare(likeness, synthetic, whole, used["labels"], given.sample)
        for features in map(load_feature_set, given.features):
            order = np.random.default_rng(0).permutation(len(features.X))
            mixed, sample = features.images(order), len(order) // SHARDS_OF_SETS
            write_shards(place / features.name, mixed.X, SHARDS_OF_SETS)
            run(place / features.name, mixed.T, place / f"{features.name}-out", sample)
            whole, found = refine(mixed.X, mixed.T).labels, labels_of(place / f"{features.name}-out")
            compare(likeness, mixed, whole, found, sample)
    console.print(likeness)


if __name__ == "__main__":
    main()
