"""An exporter class, FiftyOne's or one's own, does what a named format does."""

import json

import fiftyone as fo
import pytest
from fiftyone.utils.data import FiftyOneImageClassificationDatasetExporter
from fiftyone.utils.voc import VOCDetectionDatasetExporter
from fiftyone_autolabel import ExportOptions, InputError, export_labels

from .conftest import CLASSES

SPLIT = ExportOptions(splits=(0.6, 0.2, 0.2))


def read(folder, kind):
    """A dataset that FiftyOne reads from a folder; it deletes itself."""
    dataset = fo.Dataset.from_dir(dataset_dir=str(folder), dataset_type=kind)
    dataset.persistent = False
    return dataset


class OnlyTheFirst(FiftyOneImageClassificationDatasetExporter):
    """Fails at the second image."""

    def export_sample(self, image_or_path, label, metadata=None):
        if self._labels_dict:
            raise ValueError("no more than one")
        super().export_sample(image_or_path, label, metadata=metadata)


def test_its_export_is_read_back(dataset, tmp_path):
    exported = export_labels(dataset, tmp_path / "export", FiftyOneImageClassificationDatasetExporter)
    dataset_read = read(exported.path, fo.types.FiftyOneImageClassificationDataset)
    assert exported.format == "FiftyOneImageClassificationDatasetExporter"
    assert dataset_read.count_values("ground_truth.label") == CLASSES


def test_it_is_made_once_for_every_split(dataset, tmp_path):
    exporter = FiftyOneImageClassificationDatasetExporter
    exported = export_labels(dataset, tmp_path / "export", exporter, options=SPLIT)
    for split, counts in exported.labels.items():
        labels = json.loads((exported.path / split / "labels.json").read_text())["labels"]
        assert len(labels) == sum(counts.values()) == exported.images[split]


def test_one_that_takes_boxes_gets_the_whole_image_as_a_box(dataset, tmp_path):
    exported = export_labels(dataset.limit(2), tmp_path / "export", VOCDetectionDatasetExporter)
    found = read(exported.path, fo.types.VOCDetectionDataset).values("ground_truth.detections.label")
    assert found == [["cat"], ["cat"]]


def test_boxes_come_as_they_are(boxes, tmp_path):
    options = ExportOptions(label_field="objects")
    exported = export_labels(boxes, tmp_path / "export", VOCDetectionDatasetExporter, options=options)
    first = read(exported.path, fo.types.VOCDetectionDataset).first().ground_truth.detections
    assert [one.label for one in first] == ["cat", "dog"]


def test_boxes_are_refused_where_it_takes_classes(boxes, tmp_path):
    exporter, options = FiftyOneImageClassificationDatasetExporter, ExportOptions(label_field="objects")
    with pytest.raises(InputError, match="takes Classification or Classifications, not Detections"):
        export_labels(boxes, tmp_path / "export", exporter, options=options)
    assert not (tmp_path / "export").exists()


def test_an_exporter_that_fails_leaves_nothing(dataset, tmp_path):
    with pytest.raises(ValueError, match="no more than one"):
        export_labels(dataset, tmp_path / "export", OnlyTheFirst)
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_what_becomes_of_the_images_is_up_to_it(dataset, tmp_path):
    options = ExportOptions(images="symlink")
    with pytest.raises(InputError, match="up to VOCDetectionDatasetExporter: leave images at 'copy'"):
        export_labels(dataset, tmp_path / "export", VOCDetectionDatasetExporter, options=options)


def test_a_class_that_is_no_exporter_is_refused(dataset, tmp_path):
    with pytest.raises(InputError, match="dict exports no labelled images: derive it from fiftyone"):
        export_labels(dataset, tmp_path / "export", dict)
