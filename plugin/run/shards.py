"""Labels for images that lie in shards, by the machines of a Ray cluster, which see the same folders.

Embed, fit to a sample, let every shard count its classes until the labels stand still, write.
"""

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ..encoders.base import Encoder
from ..encoders.descriptions import Classes, read_classes
from ..encoders.image_files import image_files
from ..encoders.on_ray import RayEncoder, joined
from ..encoders.precomputed import PrecomputedEncoder, Vectors
from ..encoders.prompts import class_prototypes
from ..encoders.registry import load_encoder
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.progress import Progress, ShowProgress
from ..engine.refinement import bytes_needed
from ..system.progress_bars import shown_progress
from ..system.targets import absolute_path, new_file
from .balance import ClassBalance, balance_text
from .embedding import load_tower
from .inputs import Inputs, read_settings
from .shard_files import (
    Shard,
    check_paths_are_known,
    count_labels,
    embed_shards,
    find_shards,
    holds_vectors,
    read_labels,
)
from .shard_rounds import Cluster, label_all

if TYPE_CHECKING:
    import fiftyone as fo

SAMPLE = 100_000
"""Images that the classes are first fitted to."""

STAGES = {
    "embed": "Embedding images",
    "sample": "Reading the sample",
    "fit": "Fitting the sample",
    "refine": "Refining shards",
    "write": "Writing labels",
    "import": "Filling the dataset",
}
"""Stage of a run over shards, in order → what to call it where its progress is shown."""


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
        dataset: Name of the dataset that the labels were written into; None for none.
        seconds: Duration.
    """

    output: Path
    counts: dict[str, int]
    n_failed: int
    expected_accuracy: float
    n_shards: int
    rounds: int
    bytes_per_worker: int
    dataset: str | None
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
    dataset: str | None = None,
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
        dataset: Name of a new FiftyOne dataset for the images with their labels; None for none.
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
    return label_on_ray(source, inputs, output, sample, dataset, address, progress)


def label_on_ray(
    source: str | Path,
    inputs: Inputs,
    output: str | Path,
    sample: int = SAMPLE,
    dataset: str | None = None,
    address: str | None = None,
    progress: ShowProgress = None,
) -> ShardedRun:
    """Label images on a Ray cluster, see `label_shards`; `inputs.embeddings` is not None for vectors."""
    if inputs.settings.method != "anchored":
        raise InputError("With the engine ray there is only the method anchored: leave out method.")
    if inputs.multilabel:
        raise InputError("Over shards an image has one label: leave out multilabel.")
    if sample < 1:
        raise InputError(f"The sample is {sample} but must be at least 1 image.")
    folder, target = Path(source).expanduser().resolve(), absolute_path(output)
    if dataset is not None and inputs.embeddings is not None:
        check_paths_are_known(folder)
    with _new_dataset(dataset) as images, shown_progress(progress, STAGES) as report:
        return _label(folder, inputs, target, sample, images, address, report)


def _label(
    folder: Path,
    inputs: Inputs,
    output: Path,
    sample: int,
    images: "fo.Dataset | None",
    address: str | None,
    report: Progress,
) -> ShardedRun:
    started, work = time.perf_counter(), output / "work"
    shards, T, text_encoder = _embedded(folder, inputs, output, sample, address, report)
    cluster = Cluster(joined(address), report)
    rounds, files = 0, [output / "labels" / f"{shard.name}.parquet" for shard in shards]
    if not all(file.exists() for file in files):
        rounds = label_all(shards, files, work, T, text_encoder, inputs, sample, cluster)
    told = list(cluster.each("write", count_labels, [(file,) for file in files]))
    shutil.rmtree(work, ignore_errors=True)
    if images is not None:
        _fill(images, files, report)
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
        dataset=None if images is None else images.name,
        seconds=time.perf_counter() - started,
    )


def _new_dataset(name: str | None) -> "AbstractContextManager[fo.Dataset | None]":
    """A dataset to fill, kept only if the block ends well; None where no name is given."""
    if name is None:
        return nullcontext()
    from ..dataset import new_dataset

    return new_dataset(name)


def _fill(dataset: "fo.Dataset", files: Sequence[Path], report: Progress) -> None:
    """Write the labels of all shards into a dataset, one shard after the other."""
    from ..dataset import add_labelled, index_labelled

    report("import", 0, len(files))
    for done, file in enumerate(files, 1):
        rows = read_labels(file)
        columns = ("path", "label", "confidence", "second_choice", "error")
        add_labelled(dataset, *(rows[name] for name in columns))
        report("import", done, len(files))
    index_labelled(dataset)


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


def _bytes_per_worker(shards: Sequence[Shard], T: np.ndarray) -> int:
    """About the most bytes that a shard takes; its vectors count as they are read and as unit rows."""
    n, (k, d) = max(map(len, shards)), T.shape
    return 8 * n * d + bytes_needed(n, d, k)
