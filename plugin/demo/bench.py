"""Time and memory of labelling on this machine, and accuracy on images whose classes are known.

Used by the command `bench` and the scripts in `benchmarks/`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..encoders.base import Encoder
from ..encoders.known_names import class_reliability
from ..encoders.prompts import class_prototypes
from ..engine.config import METHODS, Settings
from ..engine.errors import InputError
from ..engine.metrics import accuracy, area_under_risk_coverage, expected_calibration_error
from ..engine.progress import Progress
from ..engine.refinement import bytes_needed, refine
from ..engine.vectors import unit_rows
from .class_folders import embed_folder

SEED = 51
ROWS_PER_DRAW = 10_000


@dataclass(frozen=True)
class Step:
    """Time and memory of one step of a run.

    Attributes:
        name: The step.
        seconds: Duration.
        memory: Peak bytes of the process at its end, beyond those before the embeddings; not meaningful for
            few images, as `warm_up` may have needed more.
    """

    name: str
    seconds: float
    memory: int


@dataclass(frozen=True)
class MethodQuality:
    """Quality of the labels of one method.

    Attributes:
        method: Name of the method.
        zero_shot_accuracy: Share of images whose nearest class name is right, in [0, 1].
        accuracy: Share of labels that are right, in [0, 1].
        expected_accuracy: Mean confidence, in [0, 1].
        calibration_error: Expected calibration error over 15 bins, in [0, 1].
        risk: Area under the risk-coverage curve, in [0, 1].
        seconds: Duration of clustering and refinement.
    """

    method: str
    zero_shot_accuracy: float
    accuracy: float
    expected_accuracy: float
    calibration_error: float
    risk: float
    seconds: float


@dataclass(frozen=True)
class LabelQuality:
    """Quality of the labels of the images in a folder.

    Attributes:
        folder: The folder.
        images: Number of readable images.
        classes: Number of classes.
        encoder: Name of the encoder.
        methods: One entry per method.
    """

    folder: str
    images: int
    classes: int
    encoder: str
    methods: tuple[MethodQuality, ...]


class Costs:
    """Records time and memory of successive steps.

    Attributes:
        steps: The steps so far.
    """

    def __init__(self, embeddings: np.ndarray) -> None:
        """Start with the embeddings in memory and every library loaded."""
        import psutil

        self.steps: list[Step] = []
        self._without = psutil.Process().memory_info().rss - embeddings.nbytes

    def add(self, name: str, seconds: float) -> None:
        """Add a finished step."""
        # The system counts a process's memory only now and then, so a peak may lie below the present.
        self.steps.append(Step(name, seconds, max(peak_bytes() - self._without, 0)))

    def time(self, name: str, step: Callable[[], object]) -> None:
        """Run a step and add it."""
        start = time.perf_counter()
        step()
        self.add(name, time.perf_counter() - start)


def make_features(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Random (n, d) images around one direction per class, and (k, d) texts near these directions.

    Images and texts lie in two narrow cones, as those of CLIP do.
    """
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


def warm_up(images: int) -> None:
    """Load every library and fill its buffers, so that they are not measured.

    Args:
        images: Number of images that will be measured; at most 10,000 are used here.
    """
    for clustering in ("hdbscan", "kmeans"):
        refine(*make_features(min(images, 10_000), 512, 10), clustering=clustering)
    # OpenBLAS packs what it multiplies into a buffer per thread, which only a long matrix fills.
    long = np.ones((min(images, 50_000), 512), np.float32)
    long @ long[:100].T


def measure_engine(
    X: np.ndarray, T: np.ndarray, settings: Settings, progress: Progress | None = None
) -> Costs:
    """Measure zero-shot classification, clustering and refinement.

    Args:
        X: (n, d) float32 unit rows, images.
        T: (k, d) float32 unit rows, classes.
        settings: Resolved settings, without automatic values.
        progress: Called with (stage, done, total), stage "cluster" or "refine".
    """
    costs = Costs(X)
    costs.time("zero-shot", lambda: (X @ T.T).argmax(axis=1))
    last = [time.perf_counter()]
    names = {"cluster": f"clusters ({settings.clustering})", "refine": f"refinement ({settings.method})"}

    def reported(stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        if done == total:
            costs.add(names[stage], now - last[0])
        last[0] = now
        if progress:
            progress(stage, done, total)

    refine(X, T, settings=settings, progress=reported)
    return costs


def measure_labels(folder: Path, encoder: Encoder, progress: Progress | None = None) -> LabelQuality:
    """Label the images of a folder by every method and compare the labels with the folder names.

    Args:
        folder: Folder with one subfolder of images per class.
        encoder: Encoder of images and class names.
        progress: Called with ("embed", done, total).

    Raises:
        InputError: The folder has no class folders with readable images.
    """
    photographs = embed_folder(folder, encoder, progress and partial(progress, "embed"))
    T = class_prototypes(encoder, photographs.classes)
    reliability = class_reliability(encoder, photographs.classes)
    methods = (
        _method_quality(photographs.vectors, T, reliability, photographs.truth, Settings(method=method))
        for method in METHODS
    )
    return LabelQuality(
        str(folder),
        len(photographs.truth),
        len(photographs.classes),
        encoder.name,
        tuple(methods),
    )


def check_sizes(*, images: int, dimensions: int, classes: int) -> None:
    """Check the sizes of the random vectors.

    Raises:
        InputError: A size is not positive, or the vectors do not fit into the free memory.
    """
    import psutil

    for name, size in {"images": images, "dimensions": dimensions, "classes": classes}.items():
        if size < 1:
            raise InputError(f"--{name} is {size}: give a whole number from 1.")
    needed, free = bytes_to_measure(images, dimensions, classes), psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"These sizes need about {needed / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} GiB are "
            "free: reduce --images, --dimensions or --classes."
        )


def bytes_to_measure(n: int, d: int, k: int) -> int:
    """Approximate peak memory of `make_features` and `measure_engine` for (n, d) images and (k, d) texts.

    Random vectors are computed in float64; the zero-shot pass has a matrix of images by classes.
    """
    made_up = 32 * d * (min(n, ROWS_PER_DRAW) + k)
    return 4 * n * d + max(made_up, 4 * n * k, bytes_needed(n, d, k))


def peak_bytes() -> int:
    """Largest resident memory of this process so far."""
    import psutil

    memory = psutil.Process().memory_info()
    if hasattr(memory, "peak_wset"):  # Windows
        return memory.peak_wset
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _method_quality(
    X: np.ndarray, T: np.ndarray, reliability: np.ndarray | None, truth: np.ndarray, settings: Settings
) -> MethodQuality:
    start = time.perf_counter()
    found = refine(X, T, name_reliability=reliability, settings=settings)
    seconds = time.perf_counter() - start
    right = found.labels == truth
    return MethodQuality(
        settings.method,
        zero_shot_accuracy=accuracy(found.zero_shot_labels, truth),
        accuracy=float(right.mean()),
        expected_accuracy=found.expected_accuracy,
        calibration_error=expected_calibration_error(found.confidence, right),
        risk=area_under_risk_coverage(found.confidence, right),
        seconds=seconds,
    )
