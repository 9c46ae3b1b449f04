"""The command line of the benchmarks on class folders: some folders and an encoder.

Without a folder they take the photos of the demo.
"""

import argparse
from pathlib import Path

from fiftyone_autolabel import load_encoder
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.base import Encoder
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder


def given_folders(description: str) -> tuple[list[Path], Encoder]:
    """Folders with one folder of images per class, by default the demo's photos, and the encoder."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="has a folder per class")
    parser.add_argument("--encoder", default="offline", help="as for auto_label (default: offline)")
    arguments = parser.parse_args()
    return arguments.folders or [demo_folder()], load_encoder(arguments.encoder)


def demo_folder() -> Path:
    """The folder of the demo's photos, made if need be."""
    folder = default_cache_folder() / "demo"
    demo_photos(folder)
    return folder
