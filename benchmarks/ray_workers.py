"""What workers of a Ray cluster add: images a second in this process, and with ever more workers.

python benchmarks/ray_workers.py FOLDER [--encoder offline] [--workers 1 2] [--images 1000]

Prints seconds with and without the start of the workers, and images a second beside those of this process.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import ray
from fiftyone_autolabel.plugin.encoders.on_ray import RayEncoder
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from rich import box
from rich.console import Console
from rich.table import Table

IMAGES = {".jpg", ".jpeg", ".png", ".webp"}


def main() -> None:
    """Print one row per number of workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", default="offline")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--images", type=int, default=1000)
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.folder.rglob("*") if path.suffix.lower() in IMAGES)
    images = [str(path) for path in files[: arguments.images]]
    encoder = load_encoder(arguments.encoder, cache=False)

    table = Table("workers", "start (s)", "embed (s)", "images/s", "ratio", box=box.MARKDOWN)
    started = time.perf_counter()
    encoder.embed_images(images)
    alone = time.perf_counter() - started
    table.add_row("this process", "", f"{alone:.1f}", f"{len(images) / alone:.1f}", "1.00")
    for workers in arguments.workers:
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        started = time.perf_counter()
        on_ray = RayEncoder(encoder, partial(load_encoder, arguments.encoder, cache=False))
        ready = time.perf_counter()
        on_ray.embed_images(images)
        seconds = time.perf_counter() - ready
        row = (
            f"{ready - started:.1f}",
            f"{seconds:.1f}",
            f"{len(images) / seconds:.1f}",
            f"{alone / seconds:.2f}",
        )
        table.add_row(str(workers), *row)
        ray.shutdown()
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
