"""How good the labels of real photographs are, and how far their confidence can be trusted.

python benchmarks/labelling.py [FOLDER ...] [--encoder NAME], each FOLDER with one folder of images per
class. Without a folder it takes the photos of the demo. The command `bench` does the same for folders.
"""

from class_folders import given_folders
from fiftyone_autolabel.plugin.cli.console import quality_table
from fiftyone_autolabel.plugin.demo.bench import measure_labels
from rich.console import Console


def main() -> None:
    """Print one table per folder, with a row per method."""
    folders, encoder = given_folders(__doc__)
    for folder in folders:
        Console().print(quality_table(measure_labels(folder, encoder)))


if __name__ == "__main__":
    main()
