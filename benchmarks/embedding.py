"""How far the image tower is kept busy while images are read: images a second, beside the bare model's.

python benchmarks/embedding.py [--encoder NAME] [--images N] [--megapixels M …]

Demo photos are written as JPEG files of each size. The bare model gets the same batches, already decoded.
With every core at work the rate falls as the processor seconds grow, which other programs disturb less.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.encoders.opening import open_image
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from PIL import Image
from rich.console import Console
from rich.table import Table

RATIO = (4, 3)
ROUNDS = 3


def write_photos(folder: Path, images: int, megapixels: float) -> list[str]:
    """Demo photos as JPEG files of one size."""
    unit = (megapixels * 1e6 / (RATIO[0] * RATIO[1])) ** 0.5
    size = (round(RATIO[0] * unit), round(RATIO[1] * unit))
    photos = demo_photos(default_cache_folder() / "demo")
    paths = []
    for number in range(images):
        with Image.open(photos[number % len(photos)].path) as photo:
            paths.append(str(folder / f"{number}.jpg"))
            photo.resize(size, Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    return paths


def seconds_of(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor, of the fastest of some rounds."""
    found = []
    for _ in range(ROUNDS):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - clock, time.process_time() - processor))
    return min(each[0] for each in found), min(each[1] for each in found)


def measured(encoder: BatchEncoder, paths: list[str]) -> tuple[tuple[float, float], tuple[float, float]]:
    """What the bare model takes for some images, and what it takes with reading them."""
    inputs = [encoder.preprocess(open_image(path, encoder.decoded_side)) for path in paths]
    starts = range(0, len(inputs), encoder.batch_size)
    batches = [encoder.collate(inputs[start : start + encoder.batch_size]) for start in starts]
    encoder.embed_images(paths)  # loads libraries

    def bare() -> None:
        for batch in batches:
            encoder.forward_images(batch)

    return seconds_of(bare), seconds_of(lambda: encoder.embed_images(paths))


def main() -> None:
    """Print one row per size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="offline")
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.1, 1, 12])
    given = parser.parse_args()
    encoder = load_encoder(given.encoder, cache=False)
    table = Table(title=f"{encoder.name}, {given.images} images")
    columns = (
        "megapixels",
        "bare, images/s",
        "from files, images/s",
        "of the bare",
        "processor s, bare",
        "from files",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for megapixels in given.megapixels:
        with tempfile.TemporaryDirectory() as folder:
            paths = write_photos(Path(folder), given.images, megapixels)
            bare, full = measured(encoder, paths)
        rates = [given.images / each[0] for each in (bare, full)]
        cells = [
            f"{rates[0]:.1f}",
            f"{rates[1]:.1f}",
            f"{rates[1] / rates[0]:.0%}",
            f"{bare[1]:.1f}",
            f"{full[1]:.1f}",
        ]
        table.add_row(f"{megapixels:g}", *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
