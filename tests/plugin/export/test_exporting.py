"""An export as a whole: splits, tags, near-duplicates, manifest, and what is left when it fails."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
import yaml
from fiftyone_autolabel import ExportOptions, InputError, export_labels
from fiftyone_autolabel.plugin.encoders import registry
from fiftyone_autolabel.plugin.export import formats
from fiftyone_autolabel.plugin.export.exporting import STAGES
from torchvision.datasets import ImageFolder

from .conftest import CLASSES, add_image

SPLIT = ExportOptions(splits=(0.6, 0.2, 0.2), write_split_tags=True)


@pytest.fixture
def folder(tmp_path):
    """Where the export goes."""
    return tmp_path / "exports" / "first"


def splits_of(dataset):
    """Sample id → its split tag."""
    return {key: tags[0] for key, tags in zip(*dataset.values(["id", "tags"]), strict=True) if tags}


def test_the_result_counts_what_was_exported(dataset, folder):
    exported = export_labels(dataset, folder, "coco")
    assert (exported.path, exported.format) == (folder, "coco")
    assert exported.images == {"all": sum(CLASSES.values())}
    assert exported.labels == {"all": CLASSES}
    assert exported.left_out == {"without a label": 1}


def test_the_result_counts_every_split(dataset, folder):
    exported = export_labels(dataset, folder, "csv", options=SPLIT)
    assert list(exported.images) == ["train", "val", "test"]
    assert exported.n_images == sum(CLASSES.values())
    assert exported.labels["train"] == {"Dog": 1, "cat": 12, "dog": 6, "sports car/van": 3}


def test_split_tags_are_written_when_asked_for(dataset, folder):
    exported = export_labels(dataset, folder, "csv", options=SPLIT)
    assert dataset.count_sample_tags() == exported.images


def test_new_splits_replace_the_tags_of_an_earlier_export(dataset, folder):
    dataset.tag_samples(["val", "mine"])
    exported = export_labels(dataset, folder, "csv", options=replace(SPLIT, new_splits=True))
    labelled = dataset.exists("auto_label")
    assert labelled.count_sample_tags() == exported.images | {"mine": sum(CLASSES.values())}


def test_images_stay_in_the_split_of_their_tag(dataset, folder):
    export_labels(dataset.limit(30), folder / "first", "csv", options=SPLIT)
    first = splits_of(dataset)
    exported = export_labels(dataset, folder / "second", "csv", options=replace(SPLIT, seed=9))
    second = splits_of(dataset)
    assert {key: second[key] for key in first} == first
    assert (exported.kept_splits, exported.n_images) == (30, 36)
    assert "30 images kept the split of their tags." in exported.notes


def test_the_tags_of_fiftyones_zoo_are_known(dataset, folder):
    dataset.limit(20).tag_samples("train")
    dataset.skip(20).limit(10).tag_samples("validation")
    exported = export_labels(dataset, folder, "csv", options=ExportOptions(splits=(1, 1, 0)))
    assert exported.kept_splits == 30
    assert exported.labels["val"]["dog"] == 10


def test_a_class_that_is_empty_in_a_split_has_a_folder_and_is_named(dataset, folder):
    exported = export_labels(dataset, folder, "yolo-classification", options=SPLIT)
    assert (folder / "val" / "Dog").is_dir()
    assert exported.labels["val"]["Dog"] == 0
    assert "No labels in val of Dog." in exported.notes


@pytest.mark.parametrize("format", ["folders", "yolo-detection", "coco", "csv"])
def test_the_classes_have_the_ids_that_were_asked_for(dataset, folder, format):
    names = ("dog", "cat", "bird", "Dog", "sports car/van")
    exported = export_labels(dataset, folder, format, options=ExportOptions(classes=names))
    assert json.loads((folder / "classes.json").read_text()) == {"classes": list(names)}
    assert exported.labels[next(iter(exported.labels))]["bird"] == 0
    if format == "folders":
        assert ImageFolder(str(folder), allow_empty=True).classes == [
            "0-dog-2",
            "1-cat",
            "2-bird",
            "3-Dog",
            "4-sports car_van",
        ]
    if format == "yolo-detection":
        description = yaml.safe_load((folder / "dataset.yaml").read_text())
        assert description["names"] == dict(enumerate(names))
    if format == "coco":
        categories = json.loads((folder / "labels.json").read_text())["categories"]
        assert [(one["id"], one["name"]) for one in categories] == list(enumerate(names, 1))


@pytest.mark.parametrize("format", ["yolo-detection", "coco"])
def test_two_exports_of_parts_give_a_class_the_same_id(dataset, folder, format):
    of_part = export_labels(dataset.skip(20), folder / "part", format).classes
    assert of_part == export_labels(dataset, folder / "whole", format).classes == sorted(CLASSES)


def test_the_classes_of_the_dataset_are_the_default_in_their_order(dataset, folder):
    dataset.classes = {"auto_label": ["sports car/van", "bird", "dog"]}
    exported = export_labels(dataset, folder, "coco")
    assert exported.classes == ["sports car/van", "bird", "dog", "Dog", "cat"]


def test_folders_are_not_numbered_unasked_and_their_ids_are_told(dataset, folder):
    dataset.classes = {"auto_label": ["sports car/van", "dog", "cat", "Dog"]}
    exported = export_labels(dataset, folder, "folders")
    assert exported.classes == ["Dog", "cat", "dog", "sports car/van"]
    assert ImageFolder(str(folder)).classes == list(exported.folders.values())


@pytest.mark.parametrize("format", ["folders", "yolo-detection", "coco", "csv", "fiftyone"])
def test_the_manifest_leads_from_every_image_to_its_source(dataset, folder, format):
    export_labels(dataset, folder, format)
    sources = json.loads((folder / "manifest.json").read_text())["sources"]
    assert sorted(sources.values()) == sorted(dataset.exists("auto_label").values("filepath"))
    assert all((folder / where).read_bytes() == Path(path).read_bytes() for where, path in sources.items())


def test_an_image_that_vanishes_meanwhile_is_named(dataset, folder, tmp_path):
    def remove_one(stage, done, total):
        (tmp_path / "images" / "0" / "9.png").unlink(missing_ok=True)

    for images in ("copy", "symlink", "hardlink"):
        with pytest.raises(InputError, match=r"9\.png is (not there any more: nothing was written|missing)"):
            export_labels(dataset, folder, "coco", options=ExportOptions(images=images), progress=remove_one)
        assert list(folder.parent.iterdir()) == []
        add_back = dataset.match({"filepath": {"$regex": "/0/9.png"}}).first().filepath
        Path(add_back).write_bytes((tmp_path / "images" / "0" / "8.png").read_bytes())


@pytest.mark.parametrize("name", ["manifest.json", "classes.json"])
def test_a_class_may_be_called_like_a_file_of_the_export(empty, folder, tmp_path, name):
    add_image(empty, tmp_path / "a.png", name)
    exported = export_labels(empty, folder, "folders")
    assert (folder / exported.folders[name] / "a.png").is_file()
    assert (folder / name).is_file()


def test_every_format_has_the_same_splits(dataset, folder):
    export_labels(dataset, folder / "csv", "csv", options=SPLIT)
    first = splits_of(dataset)
    export_labels(dataset, folder / "yolo", "yolo-classification", options=SPLIT)
    assert splits_of(dataset) == first


def test_near_duplicates_are_on_one_side(dataset, folder):
    angles = np.arange(len(dataset)) // 3
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    options = ExportOptions(splits=(1, 1, 1), near_duplicates=0.999, write_split_tags=True)
    export_labels(dataset, folder, "csv", options=options, embeddings=embeddings)
    splits = list(splits_of(dataset).values())
    assert [len(set(splits[start : start + 3])) for start in range(0, 36, 3)] == [1] * 12
    assert set(splits) == {"train", "val", "test"}


def test_embeddings_come_from_a_field_too(dataset, folder):
    dataset.set_values("vector", [np.float32([1, number // 12]) for number in range(len(dataset))])
    options = ExportOptions(splits=(1, 1, 0), near_duplicates=0.99999, write_split_tags=True)
    export_labels(dataset, folder, "csv", options=options, embeddings="vector")
    splits = list(splits_of(dataset).values())
    assert [len(set(splits[start : start + 12])) for start in (0, 12, 24)] == [1, 1, 1]


def test_without_embeddings_the_images_are_embedded(demo_dataset, folder, monkeypatch):
    monkeypatch.setattr(registry, "choose_encoder", lambda spec: registry.Choice("offline", ""))
    pair = [demo_dataset.add_sample(demo_dataset.first().copy()), demo_dataset.first().id]
    view = demo_dataset.select([*demo_dataset.values("id")[:20], *pair])
    for seed in range(5):
        options = ExportOptions(
            "ground_truth", splits=(1, 1, 1), near_duplicates=0.999, write_split_tags=True, seed=seed
        )
        export_labels(view, folder / str(seed), "csv", options=options)
        assert len(demo_dataset.select(pair).count_sample_tags()) == 1


def test_embeddings_of_other_samples_are_refused(dataset, folder):
    options = ExportOptions(splits=(1, 1, 1), near_duplicates=0.9)
    with pytest.raises(InputError, match=r"have the shape \(3, 2\): give one row for each of the 37"):
        export_labels(dataset, folder, "csv", options=options, embeddings=np.ones((3, 2)))


def test_too_few_images_for_a_split_are_refused(dataset, folder):
    with pytest.raises(InputError, match=r"too few images.* for 10% of them in val"):
        export_labels(dataset.limit(2), folder, "csv", options=ExportOptions(splits=(0.8, 0.1, 0.1)))


def test_the_manifest_says_what_was_exported_and_how(dataset, folder):
    export_labels(dataset, folder, "yolo-classification", options=ExportOptions(seed=7))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["dataset"] == dataset.name
    assert manifest["settings"]["seed"] == 7
    assert manifest["settings"]["splits"] == [0.8, 0.1, 0.1]
    assert manifest["versions"]["fiftyone"] == fo.__version__
    assert manifest["folders"]["sports car/van"] == "sports car_van"
    assert manifest["left_out"] == {"without a label": 1}


@pytest.mark.parametrize("images", ["copy", "symlink"])
def test_the_manifest_has_a_checksum_of_every_other_file(dataset, folder, images):
    export_labels(dataset, folder, "coco", options=ExportOptions(images=images))
    checksums = json.loads((folder / "manifest.json").read_text())["files"]
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files["manifest.json"]
    assert checksums == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_a_name_that_ends_in_zip_makes_one_file(dataset, tmp_path):
    exported = export_labels(dataset, tmp_path / "labels.zip", "csv")
    names = zipfile.ZipFile(exported.path).namelist()
    assert {"labels.csv", "manifest.json"} <= set(names)
    assert len([name for name in names if name.endswith(".png")]) == sum(CLASSES.values())


def test_an_earlier_export_is_replaced_when_asked_for(dataset, folder):
    export_labels(dataset, folder, "csv")
    with pytest.raises(InputError, match="exists"):
        export_labels(dataset, folder, "coco")
    assert (folder / "labels.csv").exists()
    export_labels(dataset, folder, "coco", options=ExportOptions(overwrite=True))
    assert sorted(path.name for path in folder.iterdir()) == [
        "classes.json",
        "data",
        "labels.json",
        "manifest.json",
    ]


def test_an_export_that_has_become_a_dataset_is_not_replaced_by_its_own(dataset, folder):
    export_labels(dataset, folder, "fiftyone")
    back = fo.Dataset.from_dir(str(folder), fo.types.FiftyOneDataset)
    with pytest.raises(InputError, match="Images of the dataset lie in"):
        export_labels(back, folder, "coco", options=ExportOptions(overwrite=True))
    back.delete()


def test_a_full_disk_leaves_nothing_but_the_earlier_export(dataset, folder, monkeypatch):
    export_labels(dataset, folder, "csv")

    def fill_the_disk(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(formats.shutil, "copyfile", fill_the_disk)
    with pytest.raises(InputError, match="is full: nothing was written"):
        export_labels(dataset, folder, "coco", options=ExportOptions(overwrite=True))
    assert [path.name for path in folder.parent.iterdir()] == ["first"]
    assert (folder / "labels.csv").exists()


def test_an_interrupted_export_leaves_nothing(dataset, folder):
    def press_ctrl_c(stage, done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_labels(dataset, folder, "yolo-detection", options=SPLIT, progress=press_ctrl_c)
    assert list(folder.parent.iterdir()) == []
    assert dataset.count_sample_tags() == {}


def test_missing_images_are_named_before_anything_is_written(dataset, folder, tmp_path):
    (tmp_path / "images" / "0" / "3.png").unlink()
    with pytest.raises(InputError, match=r"1 images are missing, the first is .*0/3\.png"):
        export_labels(dataset, folder, "folders")
    assert not folder.parent.exists()


def test_images_of_the_same_name_all_survive(empty, tmp_path, folder):
    for name in ("x/a.png", "y/a.png", "z/a-2.png", "z/A.PNG"):
        add_image(empty, tmp_path / name, "cat")
    for format in ("folders", "coco", "csv", "yolo-detection", "fiftyone"):
        options = None if format != "yolo-detection" else ExportOptions(splits=(1, 1, 1))
        export_labels(empty, folder / format, format, options=options)
        images = [path for path in (folder / format).rglob("*") if path.suffix.lower() == ".png"]
        assert len({path.read_bytes() for path in images}) == 4


def test_progress_goes_through_every_stage(dataset, folder):
    seen = []
    export_labels(dataset, folder, "csv", progress=lambda *step: seen.append(step))
    total = sum(CLASSES.values())
    assert seen[total - 1] == ("copy", total, total)
    assert seen[-1] == ("check", total + 2, total + 2)
    assert {stage for stage, _, _ in seen} <= set(STAGES)
