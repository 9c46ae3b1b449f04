"""What lies on disk of a run over shards: vectors that are read, and labels that are written.

Every file is there complete or not at all, so that a run that was stopped goes on from those that are.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..encoders.on_ray import RayEncoder
from ..encoders.precomputed import PrecomputedImages, matrix_of
from ..engine.classifier import Predictions
from ..engine.errors import InputError
from ..engine.progress import Progress, silent
from ..engine.vectors import row_chunks
from ..system.targets import new_file
from .embedding import EmbeddedImages, embed_images

ROWS_PER_SHARD = 50_000
"""Most images that a worker has in memory; a larger file is several shards."""

KINDS = (".npy", ".parquet")
VECTORS_COLUMN, PATHS_COLUMN = "embedding", "path"
"""Columns of a Parquet file with vectors; paths may be missing."""


@dataclass(frozen=True)
class Shard:
    """Rows of a file of vectors.

    Attributes:
        file: A `.npy` file, beside which a `.txt` file of the same name may have the paths, one per line; or
            a Parquet file, which is read whole.
        start: First row.
        stop: Row after the last.
    """

    file: Path
    start: int
    stop: int

    def __len__(self) -> int:
        """Number of rows."""
        return self.stop - self.start

    @property
    def name(self) -> str:
        """What its own files are called."""
        return f"{self.file.name}-{self.start:010}"

    def vectors(self) -> np.ndarray:
        """(n, d) numbers of any real type and length."""
        return vectors_of(self.file)[self.start : self.stop]

    def paths(self) -> list[str]:
        """(n,) paths of the images, "row …" of the file where they are not known."""
        names = _paths_of(self.file)
        if names is None:
            return [f"row {row}" for row in range(self.start, self.stop)]
        if len(names) < self.stop:
            raise InputError(f"{self.file} has more rows than there are paths for it: give one path per row.")
        return names[self.start : self.stop]

    def read(self) -> EmbeddedImages:
        """Unit rows of the vectors that can be used, and why others cannot."""
        found = usable(self.vectors(), self.paths())
        reasons = _failures_of(self.file).items()
        known = {row - self.start: why for row, why in reasons if self.start <= row < self.stop}
        return EmbeddedImages(found.rows, found.views, found.errors | known)


def usable(vectors: np.ndarray, paths: Sequence[str]) -> EmbeddedImages:
    """Unit rows of the (n, d) vectors that can be used, and why others cannot."""
    return embed_images([PrecomputedImages(vectors)], paths, silent)


def holds_vectors(folder: Path) -> bool:
    """Whether vectors lie in a folder; images otherwise.

    Raises:
        InputError: There is no such folder.
    """
    if not folder.expanduser().is_dir():
        raise InputError(f"There is no folder {folder}: give a folder of images, .npy or Parquet files.")
    return any(file.suffix in KINDS for file in folder.expanduser().iterdir())


def find_shards(folder: Path) -> list[Shard]:
    """The vectors in a folder, files in order of their names.

    Raises:
        InputError: There are none, or a file has another number of dimensions than the first.
    """
    files = _files_of_vectors(folder)
    shapes = [vectors_of(file).shape for file in files]
    for file, (_, d) in zip(files, shapes, strict=True):
        if d != shapes[0][1]:
            raise InputError(
                f"{file.name} has {d} dimensions and {files[0].name} {shapes[0][1]}: "
                "take all shards from the same model."
            )
    shards = [
        Shard(file, rows.start, rows.stop)
        for file, (n, _) in zip(files, shapes, strict=True)
        for rows in row_chunks(n, ROWS_PER_SHARD)
    ]
    if not shards:
        raise InputError(f"There are no vectors in {folder}: give a folder of .npy or Parquet files.")
    return shards


def check_paths_are_known(folder: Path) -> None:
    """Check that all vectors in a folder say which images they are of.

    Raises:
        InputError: Some do not.
    """
    for file in _files_of_vectors(folder):
        if _paths_of(file) is None:
            raise InputError(
                f"{file} does not say which images its vectors are of, which a dataset needs: give a .txt "
                "file of the same name with a path per line, or Parquet files with a column "
                f"{PATHS_COLUMN!r}."
            )


def vectors_of(file: Path) -> np.ndarray:
    """(n, d) numbers of a file of vectors; a `.npy` file stays on disk.

    Raises:
        InputError: The file cannot be read.
    """
    if file.suffix == ".npy":
        return matrix_of(str(file), "image vectors")
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid

    try:
        column = pq.read_table(file, columns=[VECTORS_COLUMN])[VECTORS_COLUMN].combine_chunks()
        return column.flatten().to_numpy().reshape(len(column), -1)
    except (ArrowInvalid, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"{file} has no vectors: give Parquet files with a column {VECTORS_COLUMN!r}, "
            "a list of as many numbers for every image."
        ) from error


def embed_shards(encoder: RayEncoder, paths: Sequence[str], folder: Path, report: Progress) -> None:
    """Embed images into shards of float32 vectors; those that are there are kept.

    Args:
        encoder: Embeds on Ray.
        paths: n images.
        folder: Folder of the shards.
        report: Called with ("embed", images done, n).
    """
    report("embed", 0, len(paths))
    for rows in row_chunks(len(paths), ROWS_PER_SHARD):
        file = folder / f"images-{rows.start:010}.npy"
        if not file.exists():

            def count(done: int, _: int, before: int = rows.start) -> None:
                report("embed", before + done, len(paths))

            found = encoder.embed_images(paths[rows], count)
            with new_file(file.with_suffix(".json")) as made:
                made.write_text(json.dumps({"paths": paths[rows], "errors": found.errors}))
            with new_file(file) as made:
                np.save(made, found.vectors[:])
        report("embed", rows.stop, len(paths))


def write_labels(
    file: Path, paths: Sequence[str], found: EmbeddedImages, predictions: Predictions, classes: Sequence[str]
) -> None:
    """Write a Parquet file with a row for every image of a shard.

    Args:
        file: File to make.
        paths: (n,) all images.
        found: Which of them have vectors.
        predictions: Labels of these.
        classes: (k,) class names.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    label, second = (np.full(len(paths), -1) for _ in range(2))
    label[found.rows], second[found.rows] = predictions.labels, predictions.second_labels
    confidence = np.zeros(len(paths), np.float32)
    confidence[found.rows] = predictions.confidence
    names = pa.array(classes)
    columns = {
        "path": pa.array([path.encode("utf-8", "replace").decode() for path in paths]),
        "label": names.take(pa.array(label, mask=label < 0)),
        "confidence": pa.array(confidence, mask=label < 0),
        "second_choice": names.take(pa.array(second, mask=second < 0)),
        "error": pa.array([found.errors.get(row) for row in range(len(paths))], pa.string()),
    }
    with new_file(file) as made:
        pq.write_table(pa.table(columns), made)


def count_labels(file: Path) -> tuple[Counter[str | None], float]:
    """How many images of a file of labels each class has, None for no label, and the sum of confidences."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(file, columns=["label", "confidence"])
    counts = {each["values"]: each["counts"] for each in pc.value_counts(table["label"]).to_pylist()}
    return Counter(counts), pc.sum(table["confidence"]).as_py() or 0.0


def read_labels(file: Path) -> dict[str, list]:
    """The columns that `write_labels` wrote."""
    import pyarrow.parquet as pq

    return pq.read_table(file).to_pydict()


def _files_of_vectors(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in KINDS)


def _paths_of(file: Path) -> list[str] | None:
    """Paths of all rows of a file, None where they are not known."""
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        if PATHS_COLUMN not in pq.read_schema(file).names:
            return None
        return [str(path) for path in pq.read_table(file, columns=[PATHS_COLUMN])[PATHS_COLUMN].to_pylist()]
    if file.with_suffix(".json").exists():
        return json.loads(file.with_suffix(".json").read_text())["paths"]
    if file.with_suffix(".txt").exists():
        return file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return None


def _failures_of(file: Path) -> dict[int, str]:
    """Row of a file that `embed_shards` wrote → why its image could not be embedded."""
    kept = file.with_suffix(".json")
    if file.suffix != ".npy" or not kept.exists():
        return {}
    return {int(row): why for row, why in json.loads(kept.read_text())["errors"].items()}
