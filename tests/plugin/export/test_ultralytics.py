"""Ultralytics checks and reads the exports that are made for it, without a word of warning.

It is installed by `make setup`, without what it depends on: those are here under other names.
"""

from collections import Counter

import pytest
from fiftyone_autolabel import ExportOptions, export_labels

from .conftest import CLASSES

SPLITS = ("train", "val", "test")


@pytest.fixture(scope="module", autouse=True)
def ultralytics(tmp_path_factory):
    """Ultralytics with settings of its own, which neither looks for a network nor installs anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("ultralytics")))
        patch.setenv("YOLO_OFFLINE", "true")
        patch.setenv("YOLO_AUTOINSTALL", "false")
        yield pytest.importorskip("ultralytics")


@pytest.fixture(autouse=True)
def warnings(monkeypatch):
    """What Ultralytics warns of, which must be nothing."""
    from ultralytics.utils import LOGGER

    said = []
    monkeypatch.setattr(LOGGER, "warning", said.append)
    yield
    assert said == []


def boxes_read(description):
    """Split → for every image, the names and boxes that Ultralytics would train on."""
    from ultralytics.data import YOLODataset
    from ultralytics.data.utils import check_det_dataset

    data = check_det_dataset(str(description), autodownload=False)
    read = {split: YOLODataset(img_path=data[split], data=data, task="detect") for split in SPLITS}
    return {
        split: [
            [
                (data["names"][int(number)], *box)
                for number, box in zip(label["cls"][:, 0], label["bboxes"].tolist(), strict=True)
            ]
            for label in dataset.labels
        ]
        for split, dataset in read.items()
    }


def test_class_folders_are_read_with_every_class(dataset, tmp_path):
    from ultralytics.data.utils import check_cls_dataset

    result = export_labels(dataset, tmp_path / "out", "yolo-classification")
    data = check_cls_dataset(str(result.path))
    assert (data["nc"], sorted(data["names"].values())) == (4, ["Dog", "cat", "dog-2", "sports car_van"])
    assert [data[split].name for split in SPLITS] == list(SPLITS)


def test_whole_images_are_read_as_boxes_with_their_classes(dataset, tmp_path):
    result = export_labels(dataset, tmp_path / "out", "yolo-detection")
    images = [image for split in boxes_read(result.path / "dataset.yaml").values() for image in split]
    assert Counter(name for [(name, *_)] in images) == CLASSES
    assert {tuple(box) for [(_, *box)] in images} == {(0.5, 0.5, 1.0, 1.0)}


def test_boxes_of_objects_are_read_as_they_are(boxes, tmp_path):
    options = ExportOptions(label_field="objects", splits=(1, 1, 1))
    result = export_labels(boxes, tmp_path / "out", "yolo-detection", options=options)
    images = [image for split in boxes_read(result.path / "dataset.yaml").values() for image in split]
    cat, dog = ("cat", 0.5, 0.625, 0.5, 0.25), ("dog", 0.25, 0.25, 0.5, 0.5)
    assert sorted(images) == [[cat], [cat, dog], [dog]]
