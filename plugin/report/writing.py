"""The folder of reports on one run: for programs, for a minute, for a close look, and for new images.

The command line and Python call `write_report`.
"""

import os
from pathlib import Path

from ..system.targets import check_target, new_folder
from .images import check_png, write_png
from .images_table import ImagesTable, write_labels
from .metadata import write_metadata
from .page import html_report
from .prototypes import Prototypes, write_prototypes
from .summary import RunSummary
from .text import text_report

KIND = "report"
METADATA_NAME = "metadata.json"
LABELS_NAME = "labels.csv"
TEXT_NAME = "report.txt"
PAGE_NAME = "report.html"
FIGURES_NAME = "figures"


def write_report(
    folder: str | os.PathLike[str],
    summary: RunSummary,
    images: ImagesTable,
    *,
    prototypes: Prototypes | None = None,
    versions: dict[str, str] | None = None,
    title: str = "Auto-label report",
    png: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write metadata, labels, a text and a page; and, where wanted, prototypes and PNG files.

    The folder is there complete or not at all.

    Args:
        folder: Folder to make.
        summary: What `summarise` returned.
        images: The images of the same run.
        prototypes: What `make_prototypes` returned, so that new images can be labelled from this folder.
        versions: Package → version.
        title: Heading of the page, e.g. the name of the dataset.
        png: Whether to write every figure as a PNG file too, which needs kaleido and a browser.
        overwrite: Whether a report that is there may be replaced.

    Returns:
        The folder.

    Raises:
        InputError: PNG files cannot be made, or the folder cannot; nothing was written.
    """
    if png:
        check_png()
    target = check_report_folder(folder, overwrite)
    with new_folder(target, KIND, overwrite=overwrite) as staging:
        write_metadata(staging / METADATA_NAME, summary, images, versions=versions)
        write_labels(staging / LABELS_NAME, images, summary.classes)
        (staging / TEXT_NAME).write_text(text_report(summary), encoding="utf-8")
        (staging / PAGE_NAME).write_text(html_report(summary, title), encoding="utf-8")
        if prototypes is not None:
            write_prototypes(staging, prototypes)
        if png:
            (staging / FIGURES_NAME).mkdir()
            write_png(staging / FIGURES_NAME, summary)
    return target


def check_report_folder(folder: str | os.PathLike[str], overwrite: bool) -> Path:
    """Check before the work starts that `write_report` may make a folder.

    Returns:
        Its absolute path.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    return check_target(folder, overwrite, KIND)
