"""`metadata.json`: the whole run for other programs, with one line per image.

Strict JSON: no NaN, and nothing but numbers, words, lists and objects.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..engine.results import Refinement
from .summary import RunSummary

SMALLEST_SHARE = 0.001
"""Share of a cluster below which a class is left out of its line."""


def write_metadata(
    path: Path,
    summary: RunSummary,
    refinement: Refinement,
    paths: Sequence[str],
    *,
    splits: Sequence[str] | None = None,
    versions: dict[str, str] | None = None,
) -> None:
    """Write everything about a run, image by image.

    Args:
        path: File to make.
        summary: The run; its figures can be drawn again from the key "summary".
        refinement: The run; n images.
        paths: (n,) path of each image.
        splits: (n,) name of the split of each image, "" for none; None where there are none.
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
        for level in refinement.clusters:
            _write_lines(file, f"alignment_{level}", _clusters(refinement, summary.classes, level))
            file.write(",\n")
        _write_lines(file, "images", _images(refinement, summary.classes, paths, splits))
        file.write("\n}\n")


def _write_lines(file, name: str, values: Iterable[dict]) -> None:
    file.write(f"{json.dumps(name)}: [")
    for number, value in enumerate(values):
        file.write(f"{',' if number else ''}\n{_line(value)}")
    file.write("\n]")


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _clusters(refinement: Refinement, classes: Sequence[str], level: str) -> Iterator[dict]:
    """Size and classes of every cluster, largest share first."""
    sizes = refinement.clusters[level].sizes.tolist()
    for number, shares in enumerate(refinement.alignment[level]):
        order = [column for column in (-shares).argsort(kind="stable") if shares[column] >= SMALLEST_SHARE]
        of_class = {classes[column]: round(float(shares[column]), 4) for column in order}
        yield {"cluster": number, "size": sizes[number], "classes": of_class}


def _images(
    refinement: Refinement, classes: Sequence[str], paths: Sequence[str], splits: Sequence[str] | None
) -> Iterator[dict]:
    columns = {
        "label": refinement.labels.tolist(),
        "second": refinement.explanation.second_labels.tolist(),
        "confidence": refinement.confidence.tolist(),
        "novelty": refinement.explanation.novelty.tolist(),
        "known": refinement.is_known.tolist(),
        **{level: clusters.assignments.tolist() for level, clusters in refinement.clusters.items()},
    }
    for row, path in enumerate(paths):
        second = columns["second"][row]
        image = {
            "path": path,
            "label": classes[columns["label"][row]],
            "confidence": round(columns["confidence"][row], 4),
            "second_choice": classes[second] if second >= 0 else None,
            "novelty": round(columns["novelty"][row], 4),
        }
        for level in refinement.clusters:
            number = columns[level][row]
            image[f"{level}_cluster"] = number if number >= 0 else None
        if columns["known"][row]:
            image["label_by"] = "person"
        if splits is not None:
            image["split"] = splits[row] or None
        yield image
