"""The demo: real photos with known classes, labelled end to end."""

from collections import Counter
from pathlib import Path

import fiftyone as fo
import fiftyone.zoo as foz
import pytest
from fiftyone_autolabel.plugin.demo.photos import (
    DEMO_CLASSES,
    add_largest_object,
    build_demo_dataset,
    demo_photos,
    run_demo,
)
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image


@pytest.fixture(scope="module")
def photos_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(scope="module")
def photos(photos_folder):
    return demo_photos(photos_folder)


@pytest.fixture(scope="module")
def outcome():
    return run_demo(encoder="offline")


def test_there_are_hundreds_of_photos_of_every_kind(photos):
    counts = Counter(photo.label for photo in photos)
    assert (len(photos), sorted(counts), min(counts.values())) == (370, DEMO_CLASSES, 16)


def test_every_crop_is_large_enough_to_show_something(photos):
    assert min(min(Image.open(photo.path).size) for photo in photos) >= 80


def test_no_two_crops_are_the_same(photos):
    assert len({photo.path.read_bytes() for photo in photos}) == len(photos)


def test_the_same_seed_gives_the_same_photos(photos, tmp_path):
    again = demo_photos(tmp_path)
    assert [photo.path.read_bytes() for photo in again] == [photo.path.read_bytes() for photo in photos]


def test_another_seed_gives_other_photos(photos, tmp_path):
    others = {photo.path.read_bytes() for photo in demo_photos(tmp_path, seed=52)}
    assert not others & {photo.path.read_bytes() for photo in photos}


def test_photos_are_written_once(photos, photos_folder):
    written = [photo.path.stat().st_mtime_ns for photo in photos]
    assert [photo.path.stat().st_mtime_ns for photo in demo_photos(photos_folder)] == written


def test_a_photo_that_was_deleted_comes_back(photos, photos_folder):
    before = photos[0].path.read_bytes()
    photos[0].path.unlink()
    demo_photos(photos_folder)
    assert photos[0].path.read_bytes() == before


def test_the_dataset_knows_the_true_classes():
    dataset = build_demo_dataset("photos", name="true classes")
    assert dataset.count_values("ground_truth.label") == Counter(
        Path(path).parent.name for path in dataset.values("filepath")
    )


def test_the_dataset_is_found_again():
    first = build_demo_dataset("photos", name="found again")
    assert build_demo_dataset("photos", name="found again").values("id") == first.values("id")


def test_a_dataset_whose_photos_are_gone_is_made_anew():
    dataset = build_demo_dataset("photos", name="photos gone")
    Path(dataset.first().filepath).unlink()
    dataset = build_demo_dataset("photos", name="photos gone")
    assert Path(dataset.first().filepath).is_file()


def test_an_interrupted_demo_can_be_run_again(monkeypatch):
    def press_ctrl_c(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fo.Dataset, "add_samples", press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            build_demo_dataset("photos", name="interrupted")
    assert len(build_demo_dataset("photos", name="interrupted")) == 370


def test_where_photos_cannot_be_written_the_user_reads_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="set FIFTYONE_AUTOLABEL_CACHE to a folder"):
        demo_photos(tmp_path / "file" / "cache")


def test_a_dataset_of_somebody_else_is_left_alone():
    fo.Dataset("not the demo's")
    with pytest.raises(InputError, match="Another dataset is named"):
        build_demo_dataset("photos", name="not the demo's")


def test_an_unknown_source_is_refused():
    with pytest.raises(InputError, match="choose one of photos, quickstart"):
        build_demo_dataset("imagenet")


def test_without_a_network_quickstart_says_what_to_do(monkeypatch):
    def download(*_, **__):
        raise ConnectionError

    monkeypatch.setattr(foz, "load_zoo_dataset", download)
    with pytest.raises(InputError, match="check the network, or use the demo photos"):
        build_demo_dataset("quickstart")


def test_the_largest_object_gives_an_image_its_class():
    boxes = [
        fo.Detection(label="cat", bounding_box=[0, 0, 0.2, 0.9]),
        fo.Detection(label="dog", bounding_box=[0, 0, 0.5, 0.5]),
    ]
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath="two.jpg", objects=fo.Detections(detections=boxes)))
    dataset.add_sample(fo.Sample(filepath="none.jpg", objects=fo.Detections()))
    add_largest_object(dataset, "objects", "largest")
    assert dataset.values("largest.label") == ["dog", None]


def test_every_demo_photo_gets_a_label(outcome):
    assert outcome.dataset.count("auto_label.label") == 370


def test_refinement_labels_more_demo_photos_right_than_zero_shot_does(outcome):
    assert outcome.accuracy > outcome.zero_shot_accuracy > 0.8
