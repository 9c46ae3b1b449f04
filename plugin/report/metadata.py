"""`metadata.json`: the whole run for other programs, with one line per image.

Strict JSON: no NaN, and nothing but numbers, words, lists and objects.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .images_table import ClusterShares, ImagesTable
from .summary import RunSummary


def write_metadata(
    path: Path, summary: RunSummary, images: ImagesTable, *, versions: dict[str, str] | None = None
) -> None:
    """Write everything about a run, image by image.

    Args:
        path: File to make.
        summary: The run; its figures can be drawn again from the key "summary".
        images: The images of the same run.
        versions: Package → version.
    """
    plain = summary.to_dict()
    head = {
        "images_labelled": summary.images,
        "images_failed": summary.failures,
        "expected_accuracy": summary.expected_accuracy,
        "encoder": summary.encoder,
        "versions": versions or {},
        "settings": plain["settings"],
        "class_distribution": dict(zip(summary.classes, summary.counts, strict=True)),
        "history": plain["history"],
        "summary": plain,
    }
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n")
        for name, value in head.items():
            file.write(f"{json.dumps(name)}: {_line(value)},\n")
        for level, clusters in images.alignment.items():
            _write_lines(file, f"alignment_{level}", _clusters(clusters, summary.classes))
            file.write(",\n")
        _write_lines(file, "failures", (failure.row() for failure in images.failures))
        file.write(",\n")
        _write_lines(file, "images", images.rows(summary.classes))
        file.write("\n}\n")


def _write_lines(file, name: str, values: Iterable[dict]) -> None:
    file.write(f"{json.dumps(name)}: [")
    for number, value in enumerate(values):
        file.write(f"{',' if number else ''}\n{_line(value)}")
    file.write("\n]")


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _clusters(clusters: Iterable[ClusterShares], classes: Sequence[str]) -> Iterator[dict]:
    for each in clusters:
        of_class = {classes[number]: share for number, share in each.shares.items()}
        yield {"cluster": each.cluster, "size": each.size, "classes": of_class}
