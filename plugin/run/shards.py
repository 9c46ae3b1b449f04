"""Labels for images that lie in shards, by the machines of a Ray cluster, which see the same folders.

Embed, fit to a sample, let every shard count its classes until the labels stand still, write.
"""

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import reduce
from itertools import repeat
from operator import add
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from ..encoders.base import Encoder
from ..encoders.descriptions import Classes, read_classes
from ..encoders.image_files import image_files
from ..encoders.known_names import class_reliability, warn_of_names
from ..encoders.on_ray import RayEncoder, joined
from ..encoders.precomputed import PrecomputedEncoder, Vectors
from ..encoders.prompts import class_prototypes
from ..encoders.registry import load_encoder
from ..engine import shards as engine
from ..engine.classifier import Predictions
from ..engine.config import Settings
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.progress import Progress, ShowProgress
from ..engine.refinement import bytes_needed, refine
from ..engine.results import Refinement
from ..engine.rows import SparseRows
from ..system.arrays import read_arrays
from ..system.progress_bars import shown_progress
from ..system.targets import absolute_path, new_file
from .balance import ClassBalance, balance_text, class_frequencies
from .embedding import load_tower
from .inputs import Inputs, read_settings
from .shard_files import Shard, count_labels, embed_shards, find_shards, holds_vectors, usable, write_labels

SAMPLE = 100_000
"""Images that the classes are first fitted to."""

STAGES = {
    "embed": "Embedding images",
    "sample": "Reading the sample",
    "fit": "Fitting the sample",
    "refine": "Refining shards",
    "write": "Writing labels",
}
"""Stage of a run over shards, in order → what to call it where its progress is shown."""

SHARED = "shared.npz"
"""File of what all shards share, read from the sample."""

Record = TypeVar("Record", engine.Shared, engine.Sums)


@dataclass(frozen=True, repr=False)
class ShardedRun(Displayed):
    """A finished run over shards.

    Attributes:
        output: Folder in which `labels/` has a Parquet file per shard.
        counts: Class → number of images.
        n_failed: Images without a label; their rows say why.
        expected_accuracy: Mean confidence, in [0, 1].
        n_shards: Number of shards.
        rounds: Rounds over all shards in this call; 0 where the sample held all images.
        bytes_per_worker: About the most memory that a worker needed, beside its libraries.
        seconds: Duration.
    """

    output: Path
    counts: dict[str, int]
    n_failed: int
    expected_accuracy: float
    n_shards: int
    rounds: int
    bytes_per_worker: int
    seconds: float


def label_shards(
    source: str | Path,
    classes: Classes,
    output: str | Path,
    *,
    prompt_templates: Sequence[str] | None = None,
    encoder: str = "auto",
    text_embeddings: Vectors | None = None,
    class_balance: ClassBalance | None = None,
    settings: Mapping[str, object] | None = None,
    sample: int = SAMPLE,
    address: str | None = None,
    progress: ShowProgress = None,
) -> ShardedRun:
    """Label images on a Ray cluster.

    A sample is labelled as on one machine. Where it holds all images, these are the labels; else every shard
    starts from the sample's clusters, and rounds over all shards refine the labels with the sums of all.
    The same call goes on from what an earlier one has finished.

    Args:
        source: Folder of images, or of vectors in `.npy` or Parquet files, see `shard_files.Shard`; it has
            the same path on every machine.
        classes: As for `auto_label`, as are all inputs of the same name.
        output: Folder for the labels, on a disk that every machine sees.
        prompt_templates: Texts with one `{}` for the name.
        encoder: Name of an encoder. With vectors, the one that embeds the class names.
        text_embeddings: (k, d) vectors of the classes, instead of the encoder's; only with vectors.
        class_balance: A rough idea of how frequent the classes are.
        settings: How to cluster and refine; the robust rule only.
        sample: Most images that the classes are first fitted to, drawn at random.
        address: Address of the cluster; None for the one that was joined before, that of RAY_ADDRESS, or
            this machine.
        progress: As for `auto_label`, with the stages `STAGES`.

    Raises:
        InputError: Something given cannot be used, Ray is not installed, or its cluster cannot be joined.
    """
    inputs = Inputs(
        classes=read_classes(classes),
        prompt_templates=prompt_templates,
        encoder=encoder,
        embeddings=str(source) if holds_vectors(Path(source)) else None,
        text_embeddings=text_embeddings,
        class_balance=class_balance,
        settings=read_settings(settings),
    )
    return label_on_ray(source, inputs, output, sample, address, progress)


def label_on_ray(
    source: str | Path,
    inputs: Inputs,
    output: str | Path,
    sample: int = SAMPLE,
    address: str | None = None,
    progress: ShowProgress = None,
) -> ShardedRun:
    """Label images on a Ray cluster, see `label_shards`; `inputs.embeddings` is not None for vectors."""
    if inputs.settings.method != "anchored":
        raise InputError("With the engine ray there is only the method anchored: leave out method.")
    if sample < 1:
        raise InputError(f"The sample is {sample} but must be at least 1 image.")
    folder, target = Path(source).expanduser().resolve(), absolute_path(output)
    with shown_progress(progress, STAGES) as report:
        return _label(folder, inputs, target, sample, address, report)


@dataclass(frozen=True)
class _Cluster:
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


def _label(
    folder: Path, inputs: Inputs, output: Path, sample: int, address: str | None, report: Progress
) -> ShardedRun:
    started, work = time.perf_counter(), output / "work"
    shards, T, text_encoder = _embedded(folder, inputs, output, sample, address, report)
    cluster = _Cluster(joined(address), report)
    rounds, files = 0, [output / "labels" / f"{shard.name}.parquet" for shard in shards]
    if not all(file.exists() for file in files):
        rounds = _label_all(shards, files, work, T, text_encoder, inputs, sample, cluster)
    told = list(cluster.each("write", count_labels, [(file,) for file in files]))
    shutil.rmtree(work, ignore_errors=True)
    counts = sum((counts for counts, _ in told), Counter[str | None]())
    n_failed = counts.pop(None, 0)
    return ShardedRun(
        output=output,
        counts={name: counts[name] for name in inputs.class_names},
        n_failed=n_failed,
        expected_accuracy=sum(confidence for _, confidence in told) / max(counts.total(), 1),
        n_shards=len(shards),
        rounds=rounds,
        bytes_per_worker=_bytes_per_worker(shards, T),
        seconds=time.perf_counter() - started,
    )


def _embedded(
    folder: Path, inputs: Inputs, output: Path, sample: int, address: str | None, report: Progress
) -> tuple[list[Shard], np.ndarray, Encoder | None]:
    """The shards, embedded if they are not yet, the class vectors, and what embedded these."""
    if inputs.embeddings is not None:
        shards, given, text_encoder = find_shards(folder), inputs.text_embeddings, None
        if given is None:
            text_encoder, _ = load_tower(inputs.encoder, "embed_texts")
        text = cast(Vectors | Encoder, given if text_encoder is None else text_encoder)
        T = _class_vectors(PrecomputedEncoder(shards[0].vectors()[:1], text), inputs)
        _claim(output, folder, inputs, sample, sum(map(len, shards)), T)
        return shards, T, text_encoder
    paths, name = image_files(folder), str(inputs.encoder)
    joined(address)
    encoder = cast(RayEncoder, load_encoder(f"ray:{name.removeprefix('ray:')}", cache=False))
    try:
        T = _class_vectors(encoder, inputs)
        _claim(output, folder, inputs, sample, len(paths), T)
        embed_shards(encoder, paths, output / "vectors", report)
    finally:
        encoder.release()
    return find_shards(output / "vectors"), T, encoder


def _class_vectors(encoder: Encoder, inputs: Inputs) -> np.ndarray:
    return class_prototypes(encoder, inputs.classes, inputs.prompt_templates)


def _claim(output: Path, source: Path, inputs: Inputs, sample: int, images: int, T: np.ndarray) -> None:
    """Make the folder of a run, or go on with one of the same inputs.

    Raises:
        InputError: Something else is there.
    """
    facts = {
        "source": str(source),
        "images": images,
        "classes": inputs.class_names,
        "class_vectors": hashlib.sha256(T.tobytes()).hexdigest(),
        "class_balance": None if inputs.class_balance is None else balance_text(inputs.class_balance),
        "settings": asdict(inputs.settings),
        "sample": sample,
    }
    file = output / "run.json"
    if file.exists():
        if json.loads(file.read_text(encoding="utf-8")) != facts:
            raise InputError(f"{output} holds a run with other inputs: choose another folder.")
    elif output.exists() and any(output.iterdir()):
        raise InputError(f"{output} exists: choose another folder.")
    else:
        with new_file(file) as made:
            made.write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")


def _label_all(
    shards: Sequence[Shard],
    files: Sequence[Path],
    work: Path,
    T: np.ndarray,
    text_encoder: Encoder | None,
    inputs: Inputs,
    sample: int,
    cluster: _Cluster,
) -> int:
    """Fit, refine and write; returns the number of rounds over the shards."""
    warn_of_names(text_encoder, inputs.classes)
    known: dict[str, Any] = {
        "name_reliability": class_reliability(text_encoder, inputs.classes),
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


def _sample(shards: Sequence[Shard], most: int, seed: int, cluster: _Cluster) -> tuple[np.ndarray, list[int]]:
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
    cluster: _Cluster,
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


def _bytes_per_worker(shards: Sequence[Shard], T: np.ndarray) -> int:
    """About the most bytes that a shard takes; its vectors count as they are read and as unit rows."""
    n, (k, d) = max(map(len, shards)), T.shape
    return 8 * n * d + bytes_needed(n, d, k)
