"""How good the labels of real photographs are, and how far their confidence can be trusted.

python benchmarks/labelling.py [FOLDER ...] [--encoder NAME], each FOLDER with one folder of images per
class. Without a folder it takes the photos of the demo.
"""

import argparse
import time
from pathlib import Path

from fiftyone_autolabel import load_encoder, refine
from fiftyone_autolabel.plugin.encoders.base import Encoder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine.config import METHODS
from fiftyone_autolabel.plugin.engine.metrics import (
    accuracy,
    area_under_risk_coverage,
    expected_calibration_error,
)
from photographs import demo_folder, embed_folder
from rich.console import Console
from rich.table import Table


def main() -> None:
    """Print one table per folder, with a row per method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="has a folder per class")
    parser.add_argument("--encoder", default="offline", help="as for auto_label (default: offline)")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)
    for folder in arguments.folders or [demo_folder()]:
        Console().print(measure(folder, encoder))


def measure(folder: Path, encoder: Encoder) -> Table:
    """Label the images of a folder by every method and compare the labels with the folder names."""
    photographs = embed_folder(folder, encoder)
    T = class_prototypes(encoder, photographs.classes)
    counts = f"{len(photographs.truth):,} images, {len(photographs.classes)} classes"
    table = Table("method", title=f"{folder.name}: {counts}, encoder {encoder.name}")
    for column in ("zero-shot", "refined", "expected", "ECE", "AURC", "seconds"):
        table.add_column(column, justify="right")
    for method in METHODS:
        start = time.perf_counter()
        result = refine(
            photographs.vectors, T, method=method, confidence_temperature=encoder.confidence_temperature
        )
        seconds = time.perf_counter() - start
        right = result.labels == photographs.truth
        table.add_row(
            method,
            f"{accuracy(result.zero_shot_labels, photographs.truth):.1%}",
            f"{right.mean():.1%}",
            f"{result.expected_accuracy:.1%}",
            f"{100 * expected_calibration_error(result.confidence, right):.1f}",
            f"{100 * area_under_risk_coverage(result.confidence, right):.1f}",
            f"{seconds:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
