"""Exports of images with several classes, read back by the programs that they are meant for."""

import csv
import json
from types import SimpleNamespace

import datasets
import fiftyone as fo
import numpy as np
import pytest
import webdataset
from fiftyone.utils.data import FiftyOneImageClassificationDatasetExporter
from fiftyone_autolabel import ExportOptions, InputError, export_labels
from fiftyone_autolabel.plugin.dataset.fields import FieldNames, declare_fields
from fiftyone_autolabel.plugin.dataset.labels import labels_of
from fiftyone_autolabel.plugin.dataset.reviews import keep_reviews, restore_labels
from PIL import Image
from pycocotools.coco import COCO

NAMES = FieldNames(multilabel=True)
SETS = [{"cat": 0.9, "dog": 0.6}, {"dog": 0.8}, {"cat": 0.7, "owl": 0.55}]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three images as a run labels them, and one in which a person saw none of the classes."""
    folder, dataset = tmp_path_factory.mktemp("images"), fo.Dataset()
    for number in range(4):
        Image.fromarray(np.full((12, 16, 3), number, np.uint8)).save(folder / f"{number}.png")
        dataset.add_sample(fo.Sample(filepath=str(folder / f"{number}.png")))
    declare_fields(dataset, NAMES)
    labels, ids = labels_of(dataset, NAMES), dataset.values("id")
    for one, of_class in zip(ids, SETS, strict=False):
        text = "|".join(of_class)
        said = {"label": text, "run_label": text, "run_confidences": list(of_class.values())}
        labels.put({one: {"label": said | {"confidence": 0.5}}})
    keep_reviews(labels, {ids[3]: ""})
    yield dataset
    dataset.delete()


@pytest.fixture
def export(dataset, tmp_path):
    return lambda format, **options: export_labels(
        dataset, tmp_path / "export", format, options=ExportOptions(**options)
    )


def test_csv_has_a_row_for_every_label_with_its_confidence(export):
    rows = csv.DictReader((export("csv").path / "labels.csv").open())
    found = [(row["filepath"], row["label"], float(row["confidence"])) for row in rows]
    expected = [(f"{number}.png", *pair) for number, one in enumerate(SETS) for pair in one.items()]
    assert found == expected


def test_coco_has_every_class_as_a_tag_of_the_whole_image(export):
    read = COCO(str(export("coco").path / "labels.json"))
    names = {one["id"]: one["name"] for one in read.dataset["categories"]}
    tags = {number: set() for number in range(3)}
    for one in read.dataset["annotations"]:
        assert one["bbox"] == [0, 0, 16, 12]
        tags[int(read.imgs[one["image_id"]]["file_name"][0])].add((names[one["category_id"]], one["score"]))
    assert tags == {number: set(one.items()) for number, one in enumerate(SETS)}


def test_fiftyone_reads_the_sets_back(export):
    read = fo.Dataset.from_dir(str(export("fiftyone").path), dataset_type=fo.types.FiftyOneDataset)
    found = [
        {one.label: one.confidence for one in label.classifications} for label in read.values("auto_label")
    ]
    read.delete()
    assert found == SETS


def test_an_exporter_of_fiftyone_for_several_classes_gets_them(export):
    folder = export(FiftyOneImageClassificationDatasetExporter).path
    said = json.loads((folder / "labels.json").read_text())["labels"]
    assert [{*said[str(number)]} for number in range(3)] == [{*one} for one in SETS]


def test_datasets_reads_lists_of_labels(export):
    read = datasets.load_dataset("imagefolder", data_dir=str(export("hugging-face").path))["train"]
    assert [dict(zip(one["labels"], one["confidences"], strict=True)) for one in read] == SETS


def test_webdataset_reads_lists_of_labels(export):
    (tar,) = export("webdataset").path.glob("*.tar")
    read = [
        SimpleNamespace(**json.loads(one["json"]))
        for one in webdataset.WebDataset(str(tar), shardshuffle=False)
    ]
    assert [dict(zip(one.labels, one.confidences, strict=True)) for one in read] == SETS


def test_labels_below_the_minimum_of_their_class_are_left_out_one_by_one(export):
    exported = export("csv", minimum_confidence={"dog": 0.7, "owl": 0.6})
    labels = [row["label"] for row in csv.DictReader((exported.path / "labels.csv").open())]
    assert labels == ["cat", "dog", "cat"]
    assert sum(exported.missing_labels.values()) == 2


def test_corrected_sets_are_exported(dataset, export):
    labels, first = labels_of(dataset, NAMES), dataset.first().id
    keep_reviews(labels, {first: "dog|owl"})
    rows = list(csv.DictReader((export("csv", approved_only=True).path / "labels.csv").open()))
    restore_labels(labels, [first])
    assert [row["label"] for row in rows] == ["dog", "owl"]


@pytest.mark.parametrize("format", ["folders", "yolo-classification", "yolo-detection", "label-studio"])
def test_formats_with_one_class_an_image_are_refused(export, format):
    with pytest.raises(InputError, match="has one class an image"):
        export(format)
