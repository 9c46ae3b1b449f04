"""How good the labels of real photographs are, and how far their confidence can be trusted.

python benchmarks/labelling.py [FOLDER ...] [--encoder NAME], each FOLDER with one folder of images per
class. Without a folder it takes the photos of the demo.
"""

import argparse
import time
from pathlib import Path

from fiftyone_autolabel import load_encoder, refine
from fiftyone_autolabel.plugin.demo import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine.config import METHODS
from fiftyone_autolabel.plugin.engine.metrics import (
    accuracy,
    area_under_risk_coverage,
    expected_calibration_error,
)
from photographs import embed_folder
from rich.console import Console
from rich.table import Table


def main() -> None:
    """Print one row per folder and method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="has a folder per class")
    parser.add_argument("--encoder", default="offline", help="as for auto_label (default: offline)")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)
    table = Table(title=f"Encoder: {encoder.name}")
    for column in ("photographs", "method"):
        table.add_column(column, no_wrap=True)
    for column in ("zero-shot", "refined", "expected", "ECE", "AURC", "seconds"):
        table.add_column(column, justify="right", no_wrap=True)
    for folder in arguments.folders or [_demo_folder()]:
        add_rows(table, folder, encoder)
    Console().print(table)


def add_rows(table: Table, folder: Path, encoder: object) -> None:
    """Label the images of a folder by every method and compare the labels with the folder names."""
    photographs = embed_folder(folder, encoder)
    T = class_prototypes(encoder, photographs.classes)
    for method in METHODS:
        start = time.perf_counter()
        result = refine(photographs.vectors, T, method=method)
        seconds = time.perf_counter() - start
        right = result.labels == photographs.truth
        table.add_row(
            f"{folder.name}: {len(right):,} in {len(photographs.classes)} classes",
            method,
            f"{accuracy(result.zero_shot_labels, photographs.truth):.1%}",
            f"{right.mean():.1%}",
            f"{result.expected_accuracy:.1%}",
            f"{100 * expected_calibration_error(result.confidence, right):.1f}",
            f"{100 * area_under_risk_coverage(result.confidence, right):.1f}",
            f"{seconds:.1f}",
        )


def _demo_folder() -> Path:
    folder = default_cache_folder() / "demo"
    demo_photos(folder)
    return folder


if __name__ == "__main__":
    main()
