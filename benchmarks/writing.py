"""What it costs to write a run and to answer it: seconds, for whole images and for objects in them.

python benchmarks/writing.py [--images N] [--objects M] [--classes K]

The labels are random, written to real datasets whose samples have no image files.
"""

import argparse
import time
from collections.abc import Callable

import fiftyone as fo
import numpy as np
from fiftyone_autolabel import FieldNames
from fiftyone_autolabel.plugin.dataset import ARRAYS, Outcome, write_outcome
from rich.console import Console
from rich.table import Table

SEED = 0
OBJECTS_PER_IMAGE = 5
CHUNK = 10_000


def make_images(n: int) -> fo.Dataset:
    """A dataset of n samples."""
    dataset = fo.Dataset()
    for start in range(0, n, CHUNK):
        paths = [f"/photos/{row:08}.jpg" for row in range(start, min(start + CHUNK, n))]
        dataset.add_samples([fo.Sample(filepath=path) for path in paths], progress=False)
    return dataset


def make_objects(n: int) -> fo.Dataset:
    """A dataset with n boxes, several on every sample."""
    dataset = make_images(n // OBJECTS_PER_IMAGE)
    boxes = [
        fo.Detections(detections=[fo.Detection(bounding_box=[0.1, 0.1, 0.2, 0.2])] * OBJECTS_PER_IMAGE).copy()
        for _ in range(len(dataset))
    ]
    dataset.set_values("boxes", boxes)
    return dataset


def random_outcome(ids: list[str], k: int) -> Outcome:
    """What a run over these ids with k classes may say."""
    rng, n = np.random.default_rng(SEED), len(ids)
    numbers = {name: rng.integers(k, size=n, dtype=np.int32) for name in ("labels", "second_labels")}
    numbers |= {name: rng.integers(n, size=n, dtype=np.int32) for name in ("micro_cluster", "meta_cluster")}
    numbers |= {"changed_by": np.full(n, -1, np.int32), "review_rank": rng.permutation(n).astype(np.int32)}
    numbers |= {"logits": np.log(rng.dirichlet(np.ones(k), n)).astype(np.float16)}
    shares = {name: rng.random(n, np.float32) for name in ARRAYS if name not in numbers}
    classes = tuple(f"class {number}" for number in range(k))
    return Outcome(
        classes=classes,
        levels=("text", "meta", "micro", "image"),
        sample_ids=tuple(ids),
        failures={},
        novel_samples=(),
        **numbers,
        **shares,
    )


def seconds(work: Callable[[], object]) -> str:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return f"{time.perf_counter() - start:.1f}"


def measure(dataset: fo.Dataset, ids: list[str], names: FieldNames, k: int) -> list[str]:
    """Seconds of a first run and of a second."""
    outcome = random_outcome(ids, k)

    def write() -> None:
        write_outcome(dataset, outcome, names, lambda done, total: None)

    return [seconds(write), seconds(write)]


def main() -> None:
    """Print one row for images and one for objects."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--objects", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=100)
    arguments = parser.parse_args()
    table = Table("", "first run, s", "second run, s", title="Writing the labels of a run")

    images = make_images(arguments.images)
    row = measure(images, images.values("id"), FieldNames(), arguments.classes)
    table.add_row(f"{arguments.images:,} images", *row)
    images.delete()

    boxes = make_objects(arguments.objects)
    ids = boxes.values("boxes.detections.id", unwind=True)
    row = measure(boxes, ids, FieldNames.of_objects("boxes", None, FieldNames()), arguments.classes)
    table.add_row(f"{len(ids):,} objects, {OBJECTS_PER_IMAGE} an image", *row)
    boxes.delete()
    Console().print(table)


if __name__ == "__main__":
    main()
