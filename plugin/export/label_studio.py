"""Tasks with predictions for Label Studio, and what its annotators answer, as reviews of a run.

The format is its documented JSON (https://labelstud.io/guide/tasks, https://labelstud.io/guide/predictions).
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import fiftyone as fo

from ..dataset import correct, fields_of_run, labels_of
from ..engine.display import Displayed
from ..engine.errors import InputError

LOCAL_FILES = "/data/local-files/?d="
"""How Label Studio serves a file below its LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT."""


@dataclass(frozen=True, repr=False)
class Answers(Displayed):
    """What was read from Label Studio.

    Attributes:
        n_reviewed: Labels that are reviewed now.
        n_passed_over: Annotations of images or objects that the dataset does not have.
    """

    n_reviewed: int
    n_passed_over: int

    def _lines(self) -> list[str]:
        return [
            f"Reviewed: {self.n_reviewed:,}, {self.n_passed_over:,} annotations of nothing in the dataset",
            "Next: refine_with_corrections(dataset)",
        ]


def task(
    where: str,
    sample_id: str,
    labels: Sequence[fo.Classification] | Sequence[fo.Detection],
    *,
    size: tuple[int, int],
    split: str,
    model: str,
) -> dict:
    """One image with its labels as a prediction.

    Args:
        where: Path of the image below the document root of Label Studio.
        sample_id: Id of its sample, kept in the task.
        labels: Its class, or its boxes.
        size: Width and height in pixels.
        split: Split of the image, "" for none.
        model: Name that Label Studio shows for the predictions.
    """
    given = [label.confidence for label in labels if label.confidence is not None]
    prediction = {"model_version": model, "result": [_result(label, size) for label in labels]}
    data = {"image": LOCAL_FILES + quote(where.lstrip("/")), "sample_id": sample_id}
    return {
        "data": data | ({"split": split} if split else {}),
        "predictions": [prediction | ({"score": min(given)} if given else {})],
    }


def labelling_config(classes: Sequence[str], has_boxes: bool) -> str:
    """The labelling interface of a project for such tasks."""
    outer, inner = ("RectangleLabels", "Label") if has_boxes else ("Choices", "Choice")
    choices = [f"    <{inner} value={quoteattr(name)}/>" for name in classes]
    head = ["<View>", '  <Image name="image" value="$image"/>', f'  <{outer} name="label" toName="image">']
    return "\n".join([*head, *choices, f"  </{outer}>", "</View>", ""])


def read_label_studio(
    dataset: fo.Dataset, path: str | os.PathLike[str], label_field: str = "auto_label"
) -> Answers:
    """Take the annotations of Label Studio for reviews: classes that a person confirmed or changed.

    Images and objects are known by the ids that the exported tasks carry; boxes that were drawn or moved
    there are not taken over.

    Args:
        dataset: Dataset that the tasks were exported from.
        path: File that Label Studio exported, as "JSON".
        label_field: Field that a run wrote.

    Raises:
        InputError: The file is not such an export, no run wrote that field, or images have several labels in
            it.
    """
    names = fields_of_run(dataset, label_field)
    if names.multilabel:
        raise InputError(
            f"Images have several labels in {label_field!r}, and one class an image is read from Label "
            "Studio: correct them in the App."
        )
    classes = dict(_annotated(path, has_objects=names.objects is not None))
    labels = labels_of(dataset, names)
    known, by_class = set(labels.ids(dataset)), defaultdict(list)
    for one, name in classes.items():
        if one in known:
            by_class[name].append(one)
    for name, ids in by_class.items():
        correct(labels.view(ids), name, label_field)
    n_reviewed = sum(map(len, by_class.values()))
    return Answers(n_reviewed, len(classes) - n_reviewed)


def _result(label: fo.Classification | fo.Detection, size: tuple[int, int]) -> dict:
    place = {"id": label.id, "from_name": "label", "to_name": "image"}
    if isinstance(label, fo.Classification):
        return place | {"type": "choices", "value": {"choices": [label.label]}}
    corners = dict(zip(("x", "y", "width", "height"), (100 * x for x in label.bounding_box), strict=True))
    value = corners | {"rotation": 0, "rectanglelabels": [label.label]}
    shown = {"original_width": size[0], "original_height": size[1], "score": label.confidence}
    return place | {"type": "rectanglelabels", "value": value} | shown


def _annotated(path: str | os.PathLike[str], has_objects: bool) -> Iterator[tuple[str, str]]:
    """Id of a sample or object and its class, of the latest annotation of every task.

    Raises:
        InputError: The file is not an export of Label Studio.
    """
    kind = "rectanglelabels" if has_objects else "choices"
    try:
        for one in json.loads(Path(path).read_text(encoding="utf-8")):
            submitted = [each for each in one["annotations"] if not each.get("was_cancelled")]
            for result in submitted[-1]["result"] if submitted else ():
                if result["type"] == kind:
                    key = result["id"] if has_objects else one["data"]["sample_id"]
                    yield key, result["value"][kind][0]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path} is not an export of Label Studio as JSON, or not of tasks that were exported from here."
        ) from error
