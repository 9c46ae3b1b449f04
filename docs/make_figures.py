"""Draws the figures of `how-it-works.md` from a real run on the demo's photos: `python docs/make_figures.py`.

They are those of the panel and the reports. Needs Chrome or Chromium.
"""

import tempfile
from pathlib import Path

import numpy as np
from fiftyone_autolabel import label_files
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES, demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.engine.metrics import accuracy
from fiftyone_autolabel.plugin.report.images import write_png
from fiftyone_autolabel.plugin.report.summarising import summarise
from fiftyone_autolabel.plugin.report.summary import RunSummary
from PIL import Image

FOLDER = Path(__file__).with_name("images")
FIGURES = ("alignment-micro", "confidence", "convergence", "reliability")
COLOURS = 64
"""Enough for a figure; a file of them is a quarter the size."""


def run() -> RunSummary:
    """Label the photos with the encoder that everybody has, and print what came of it."""
    photos = demo_photos(default_cache_folder() / "demo")
    truth = np.array([DEMO_CLASSES.index(photo.label) for photo in photos])
    labelling = label_files([photo.path for photo in photos], DEMO_CLASSES, encoder="offline")
    refinement = labelling.refinement
    print(f"{len(photos)} photos, {len(DEMO_CLASSES)} classes")
    print(f"right by the nearest class name: {accuracy(refinement.zero_shot_labels, truth):.1%}")
    print(f"right: {accuracy(refinement.labels, truth):.1%}, expected: {refinement.expected_accuracy:.1%}")
    return summarise(refinement, labelling.classes, encoder=labelling.encoder, truth=truth)


def draw(summary: RunSummary) -> None:
    """Write the figures, with few colours so that they are small files."""
    with tempfile.TemporaryDirectory() as room:
        for file in write_png(Path(room), summary):
            if file.stem in FIGURES:
                with Image.open(file) as figure:
                    figure.convert("RGB").quantize(COLOURS).save(FOLDER / file.name, optimize=True)


if __name__ == "__main__":
    draw(run())
