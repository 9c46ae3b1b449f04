"""What a second image encoder is worth: names compared in one space, geometry taken from another.

python benchmarks/second_encoder.py NAMES.npz GEOMETRY.npz [NAMES.npz GEOMETRY.npz ...] [--draws 2]

Both files of a pair hold the same images in the same order; `benchmarks/features.py` says what is in them.
"""

import argparse
from pathlib import Path

import numpy as np
from features import STRESSES, FeatureSet, load_feature_set, stressed_rows
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from rich import box
from rich.console import Console
from rich.table import Table


def accuracies(names: FeatureSet, geometry: FeatureSet, stress: str, draws: int) -> np.ndarray:
    """Accuracy of zero-shot, of the names' encoder alone and of both, means over draws, in percent."""
    found = []
    for rows in stressed_rows(names.y, stress, draws):
        X, V, y = names.X[rows], geometry.X[rows], names.y[rows]
        alone = refine(X, names.T)
        both = refine(X, names.T, second_embeddings=V)
        found.append([accuracy(labels, y) for labels in (alone.zero_shot_labels, alone.labels, both.labels)])
    return 100 * np.mean(found, axis=0) if found else np.full(3, np.nan)


def main() -> None:
    """Print one row per pair."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.npz")
    parser.add_argument("--draws", type=int, default=2, help="subsets per stress (default 2)")
    arguments = parser.parse_args()
    if len(arguments.files) % 2:
        parser.error("give the files in pairs: the names' encoder, then the geometry's")

    columns = [f"{stress}: alone → both" for stress in STRESSES]
    table = Table("names", "geometry", *columns, box=box.MARKDOWN)
    for names_path, geometry_path in zip(arguments.files[::2], arguments.files[1::2], strict=True):
        names, geometry = load_feature_set(names_path), load_feature_set(geometry_path)
        if not np.array_equal(names.y, geometry.y):
            parser.error(f"{names_path.name} and {geometry_path.name} are not of the same images")
        found = [accuracies(names, geometry, stress, arguments.draws) for stress in STRESSES]
        cells = [f"{alone:.1f} → {both:.1f}" for _, alone, both in found]
        table.add_row(names.name, geometry.name, *cells)
    Console(width=220).print(table)


if __name__ == "__main__":
    main()
