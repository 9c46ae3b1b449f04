"""Rounds over shards on a Ray cluster: fit a sample, refine until the labels stand still, write.

What a round has finished is kept until the next one is complete.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from itertools import repeat
from operator import add
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from ..encoders.base import Encoder
from ..encoders.known_names import reliability_with_warnings
from ..engine import shards as engine
from ..engine.classifier import Predictions
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.progress import Progress
from ..engine.refinement import refine
from ..engine.results import Refinement
from ..engine.rows import SparseRows
from ..system.arrays import read_arrays
from ..system.targets import new_file
from .balance import class_frequencies
from .inputs import Inputs
from .shard_files import Shard, usable, write_labels

SHARED = "shared.npz"
"""File of what all shards share, read from the sample."""

Record = TypeVar("Record", engine.Shared, engine.Sums)


@dataclass(frozen=True)
class Cluster:
    """Runs functions on shards; those of a worker that dies are run again."""

    ray: ModuleType
    report: Progress

    def each(self, stage: str, function: Callable[..., Any], arguments: Sequence[tuple]) -> Iterator[Any]:
        """What a function returns for each tuple of arguments, in order.

        Raises:
            InputError: It was raised by the function.
        """
        task = self.ray.remote(num_cpus=1, max_retries=-1)(function)
        waiting = [task.remote(*each) for each in arguments]
        self.report(stage, 0, len(waiting))
        for done, one in enumerate(waiting, 1):
            try:
                yield self.ray.get(one)
            except self.ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, InputError):
                    raise InputError(str(error.cause)) from error
                raise
            self.report(stage, done, len(waiting))


def label_all(
    shards: Sequence[Shard],
    files: Sequence[Path],
    work: Path,
    T: np.ndarray,
    text_encoder: Encoder | None,
    inputs: Inputs,
    sample: int,
    cluster: Cluster,
) -> int:
    """Fit, refine and write; returns the number of rounds over the shards."""
    known: dict[str, Any] = {
        "name_reliability": reliability_with_warnings(text_encoder, inputs.classes),
        "frequencies": class_frequencies(inputs.class_balance, inputs.class_names),
    }
    if sum(map(len, shards)) <= sample:
        X, sizes = _sample(shards, sample, inputs.settings.seed, cluster)
        cluster.report("fit", 0, 1)
        labelled = _of_one_machine(refine(X, T, settings=inputs.settings, **known), sizes)
        cluster.report("fit", 1, 1)
        list(cluster.each("write", _write, list(zip(shards, files, repeat(inputs.class_names), labelled))))
        return 0
    if not (work / SHARED).exists():
        X, _ = _sample(shards, sample, inputs.settings.seed, cluster)
        cluster.report("fit", 0, 1)
        found = refine(X, T, settings=inputs.settings, **known)
        _save(work / SHARED, _arrays(engine.Shared.of(found, X, T, **known)))
        cluster.report("fit", 1, 1)
    shared = _load(work / SHARED, engine.Shared)
    held = cluster.ray.put(shared)
    rounds = _refine(shards, shared, held, work, inputs.settings, cluster)
    arguments = [
        (shard, file, inputs.class_names, held, work, rounds)
        for shard, file in zip(shards, files, strict=True)
    ]
    list(cluster.each("write", _write_refined, arguments))
    return rounds


def _sample(shards: Sequence[Shard], most: int, seed: int, cluster: Cluster) -> tuple[np.ndarray, list[int]]:
    """Unit rows of a random sample of the images, in order, and how many of them are of each shard.

    Raises:
        InputError: None of them can be used.
    """
    ends = np.cumsum([len(shard) for shard in shards])
    n = int(ends[-1])
    drawn = np.sort(np.random.default_rng(seed).choice(n, min(n, most), replace=False))
    rows = np.split(drawn, np.searchsorted(drawn, ends[:-1]))
    arguments = [
        (shard, some - end + len(shard)) for shard, some, end in zip(shards, rows, ends, strict=True)
    ]
    parts = list(cluster.each("sample", _read_rows, arguments))
    if not sum(map(len, parts)):
        raise InputError(f"None of {len(drawn)} vectors can be used: they are zero or not finite.")
    return np.concatenate(parts), [len(part) for part in parts]


def _read_rows(shard: Shard, rows: np.ndarray) -> np.ndarray:
    """(m, d) unit rows of those that can be used."""
    return usable(shard.vectors()[rows], [shard.name] * len(rows)).views[0][:]


def _of_one_machine(found: Refinement, sizes: Sequence[int]) -> list[Predictions]:
    """The labels of a run on all images, shard by shard."""
    columns = (found.labels, found.confidence, found.explanation.second_labels)
    parts = (np.split(column, np.cumsum(sizes)[:-1]) for column in columns)
    return [Predictions(*each) for each in zip(*parts, strict=True)]


def _refine(
    shards: Sequence[Shard],
    shared: engine.Shared,
    held: Any,
    work: Path,
    settings: Settings,
    cluster: Cluster,
) -> int:
    """Rounds over all shards until the labels stand still; returns the number of the last.

    The soft labels of a round are kept until the sums of the next one are complete.

    Args:
        shards: The shards.
        shared: What they share.
        held: The same, where the workers find it.
        work: Folder for what is kept.
        settings: Tolerance and most rounds.
        cluster: Runs the rounds.
    """
    before: engine.Sums | None = None
    for number in range(settings.iterations + 1):
        file = work / f"{number}.npz"
        if not file.exists():
            of_all = cluster.ray.put(before)
            counted = cluster.each(
                "refine", _count, [(shard, held, work, number, of_all) for shard in shards]
            )
            _save(file, _arrays(reduce(add, (sums for sums in counted if sums is not None))))
        for old in work.glob(f"*.{number - 1}.npz"):
            old.unlink()
        sums = _load(file, engine.Sums)
        if before is not None and shared.has_converged(before, sums, settings.tolerance):
            break
        before = sums
    return number


def _count(
    shard: Shard, shared: engine.Shared, work: Path, number: int, before: engine.Sums | None
) -> engine.Sums | None:
    """One round over a shard: keep its soft labels and return its sums, None where nothing can be used."""
    labels, sums, nearest = (work / f"{shard.name}.{end}.npz" for end in (f"z.{number}", number, "nearest"))
    if sums.exists():
        return _load(sums, engine.Sums)
    (X,) = (found := shard.read()).views
    if not len(found.rows):
        return None
    if before is None:
        images = engine.Shard(X, shared)
        _save(nearest, {"nearest": images.nearest})
        z, counted = images.start()
    else:
        images = engine.Shard(X, shared, read_arrays(nearest, ["nearest"])["nearest"])
        z, counted = images.judge(_soft_labels(work, shard, number - 1, shared), before)
    kept = SparseRows.of(z)
    _save(labels, {"classes": kept.classes, "values": kept.values})
    _save(sums, _arrays(counted))
    return counted


def _write(shard: Shard, file: Path, classes: Sequence[str], predictions: Predictions) -> None:
    """Write labels that are known."""
    if not file.exists():
        write_labels(file, shard.paths(), shard.read(), predictions, classes)


def _write_refined(
    shard: Shard, file: Path, classes: Sequence[str], shared: engine.Shared, work: Path, number: int
) -> None:
    """Write the labels after a round."""
    if file.exists():
        return
    found = shard.read()
    if len(found.rows):
        nearest = read_arrays(work / f"{shard.name}.nearest.npz", ["nearest"])["nearest"]
        images = engine.Shard(found.views[0], shared, nearest)
        predictions = images.predictions(_soft_labels(work, shard, number, shared))
    else:
        predictions = Predictions(*np.empty((3, 0)))
    write_labels(file, shard.paths(), found, predictions, classes)


def _soft_labels(work: Path, shard: Shard, number: int, shared: engine.Shared) -> SparseRows:
    """The soft labels of a shard after a round."""
    arrays = read_arrays(work / f"{shard.name}.z.{number}.npz", ["classes", "values"])
    return SparseRows(arrays["classes"], arrays["values"], len(shared.class_names))


def _arrays(record: engine.Shared | engine.Sums) -> dict[str, np.ndarray]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _save(file: Path, arrays: dict[str, Any]) -> None:
    with new_file(file) as made:
        np.savez(made, **arrays)


def _load(file: Path, kind: type[Record]) -> Record:
    return kind(**read_arrays(file, [field.name for field in fields(kind)]))
