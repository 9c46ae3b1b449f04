"""What is exported is read back by the programs that it is meant for: same images, labels, splits."""

import csv
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import datasets
import fiftyone as fo
import pandas
import pytest
import webdataset
import yaml
from fiftyone_autolabel import ExportOptions, InputError, export_labels
from fiftyone_autolabel.plugin.export import plan
from fiftyone_autolabel.plugin.export.formats import write_format
from fiftyone_autolabel.plugin.export.options import Format
from fiftyone_autolabel.plugin.export.plan import Plan
from fiftyone_autolabel.plugin.export.selection import select_images
from PIL import Image
from pycocotools.coco import COCO
from torchvision.datasets import ImageFolder

from .conftest import CLASSES, add_image

SPLIT = ExportOptions(splits=(0.6, 0.2, 0.2))


@pytest.fixture
def export(dataset, tmp_path):
    """Export all labelled images and return the folder."""

    def export(format, options=None, samples=dataset):
        return export_labels(samples, tmp_path / "export", format, options=options).path

    return export


def shade(path):
    """Which of the images it is: their grey values are all different."""
    return Image.open(path).getpixel((0, 0))[0]


def shades(dataset):
    """Grey value → class, of all labelled images of the dataset."""
    labelled = dataset.exists("auto_label")
    paths, labels = labelled.values(["filepath", "auto_label.label"])
    return {shade(path): label for path, label in zip(paths, labels, strict=True)}


class TestFolders:
    def test_torchvision_reads_every_image_with_its_class(self, export, dataset):
        folders = {"sports car/van": "sports car_van", "Dog": "Dog", "dog": "dog-2", "cat": "cat"}
        read = ImageFolder(str(export("folders")))
        classes = {shade(path): read.classes[target] for path, target in read.samples}
        assert classes == {number: folders[label] for number, label in shades(dataset).items()}

    def test_every_split_has_the_folders_of_all_classes(self, export):
        folder = export("folders", SPLIT)
        read = {
            split: ImageFolder(str(folder / split), allow_empty=True) for split in ("train", "val", "test")
        }
        assert read["train"].classes == read["val"].classes == read["test"].classes
        assert sum(len(split) for split in read.values()) == sum(CLASSES.values())
        assert set(read["train"].targets) == {0, 1, 2, 3}

    def test_images_that_stay_where_they_are_are_refused(self, export):
        with pytest.raises(InputError, match="needs the images"):
            export("folders", ExportOptions(images="none"))


class TestCrops:
    """Objects in class folders: every object is an image, which leads back to where it is from."""

    TIGHT = ExportOptions("objects", margin=0)

    @pytest.fixture
    def halves(self, boxes):
        """Images whose upper left quarter, where the dog is, is bright."""
        for path in boxes.values("filepath"):
            image = Image.new("RGB", (16, 12), (10, 10, 10))
            image.paste((200, 200, 200), (0, 0, 8, 6))
            image.save(path)
        return boxes

    @pytest.fixture
    def crops(self, halves, tmp_path):
        """Export objects as class folders and return the folder."""

        def crops(format, options, samples=halves):
            return export_labels(samples, tmp_path / "export", format, options=options).path

        return crops

    @staticmethod
    def manifest(folder):
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    def test_torchvision_reads_one_image_per_object(self, crops):
        read = ImageFolder(str(crops("folders", self.TIGHT)))
        found = sorted((Path(path).name, read.classes[target]) for path, target in read.samples)
        assert found == [("0-1.jpg", "cat"), ("0-2.jpg", "dog"), ("1-1.jpg", "cat"), ("2-1.jpg", "dog")]
        sizes = {read.classes[target]: Image.open(path).size for path, target in read.samples}
        assert sizes == {"cat": (8, 3), "dog": (8, 6)}
        assert all((shade(path) > 150) == (read.classes[target] == "dog") for path, target in read.samples)

    def test_the_manifest_leads_from_a_crop_to_its_object(self, crops, halves):
        manifest = self.manifest(crops("folders", self.TIGHT))
        first, dog = halves.first(), halves.first().objects.detections[1]
        assert manifest["sources"]["dog/0-2.jpg"] == first.filepath
        assert manifest["objects"]["dog/0-2.jpg"] == {
            "id": dog.id,
            "sample_id": first.id,
            "bounding_box": dog.bounding_box,
        }
        assert manifest["labels"] == {"all": {"cat": 2, "dog": 2}}

    def test_a_margin_shows_what_is_around_and_ends_at_the_image(self, crops):
        folder = crops("folders", ExportOptions("objects", margin=0.5))
        assert Image.open(folder / "cat" / "1-1.jpg").size == (16, 6)
        assert Image.open(folder / "dog" / "2-1.jpg").size == (12, 9)

    def test_a_crop_is_upright(self, crops, halves):
        path, exif = halves.first().filepath, Image.Exif()
        exif[0x0112] = 6
        Image.open(path).save(path, exif=exif)
        folder = crops("folders", self.TIGHT, halves.limit(1))
        dog = Image.open(folder / "dog" / "0-2.jpg")
        assert dog.size == (6, 8)
        assert shade(folder / "dog" / "0-2.jpg") < 100  # the bright quarter is on the right now

    def test_no_name_is_in_the_way_of_another(self, crops, halves, tmp_path):
        for where in ("images/0-1.png", "elsewhere/0.png"):
            sample = add_image(halves, tmp_path / where, None)
            whole = [fo.Detection(label="cat", bounding_box=[0, 0, 1, 1]) for _ in range(2)]
            sample["objects"] = fo.Detections(detections=whole)
            sample.save()
        folder = crops("folders", self.TIGHT)
        assert len(list(folder.glob("*/*.jpg"))) == len(self.manifest(folder)["objects"]) == 8

    def test_the_objects_of_an_image_are_in_one_split(self, crops):
        folder = crops("yolo-classification", replace(self.TIGHT, splits=(1, 1, 1)))
        manifest = self.manifest(folder)
        splits = {}
        for where, source in manifest["sources"].items():
            splits.setdefault(source, set()).add(where.split("/")[0])
        assert all(len(of_image) == 1 for of_image in splits.values())
        assert sum(manifest["images"].values()) == 4

    def test_what_is_left_out_is_not_said_to_be_background(self, halves, tmp_path):
        options = replace(self.TIGHT, minimum_confidence=0.5)
        exported = export_labels(halves, tmp_path / "out", "folders", options=options)
        assert exported.n_images == 2
        assert "Images that were exported lack 1 label below the minimum confidence." in exported.notes

    def test_links_are_refused(self, crops):
        with pytest.raises(InputError, match="cut out of their images, which no link can do"):
            crops("folders", replace(self.TIGHT, images="symlink"))

    def test_a_damaged_image_is_named(self, crops, halves, tmp_path):
        Path(halves.last().filepath).write_text("no image")
        with pytest.raises(InputError, match=r"2\.png cannot be read \(it is not an image"):
            crops("folders", self.TIGHT)
        assert not (tmp_path / "export").exists()


class TestYoloClassification:
    """Ultralytics reads `train`, `val` and maybe `test` with torchvision's ImageFolder, empty folders too."""

    def test_there_are_train_val_and_test_with_the_same_folders(self, export):
        folder = export("yolo-classification")
        splits = {path.name: sorted(os.listdir(path)) for path in folder.iterdir() if path.is_dir()}
        classes = ["Dog", "cat", "dog-2", "sports car_van"]
        assert splits == {"train": classes, "val": classes, "test": classes}

    def test_a_test_split_is_not_needed(self, export):
        folder = export("yolo-classification", ExportOptions(splits=(80, 20, 0)))
        assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["train", "val"]

    def test_a_val_split_is(self, export):
        with pytest.raises(InputError, match="needs images in val"):
            export("yolo-classification", ExportOptions(splits=(80, 0, 20)))


class TestYoloDetection:
    """Ultralytics' rules: `names` and the folders of the splits in a YAML file, `images` ↔ `labels`."""

    @staticmethod
    def rows(folder, split):
        """Image → rows of its label file."""
        images = sorted((folder / "images" / split).iterdir())
        labels = [Path(str(path).replace("/images/", "/labels/")).with_suffix(".txt") for path in images]
        assert sorted(labels) == sorted((folder / "labels" / split).iterdir())
        return {path.name: label.read_text().splitlines() for path, label in zip(images, labels, strict=True)}

    def test_a_class_is_a_box_around_the_whole_image(self, export, dataset):
        folder = export("yolo-detection", SPLIT)
        names = yaml.safe_load((folder / "dataset.yaml").read_text())["names"]
        read = {}
        for split in ("train", "val", "test"):
            for image, rows in self.rows(folder, split).items():
                number, *box = rows[0].split()
                assert (len(rows), [float(value) for value in box]) == (1, [0.5, 0.5, 1, 1])
                read[shade(folder / "images" / split / image)] = names[int(number)]
        assert read == shades(dataset)

    def test_the_description_names_no_absolute_path(self, export):
        description = yaml.safe_load((export("yolo-detection", SPLIT) / "dataset.yaml").read_text())
        assert description == {
            "train": "images/train",
            "val": "images/val",
            "test": "images/test",
            "names": {0: "Dog", 1: "cat", 2: "dog", 3: "sports car/van"},
        }

    def test_boxes_are_the_real_ones(self, export, boxes):
        options = ExportOptions(label_field="objects", splits=(1, 1, 1))
        folder = export("yolo-detection", options, boxes)
        rows = {
            name: row for split in ("train", "val", "test") for name, row in self.rows(folder, split).items()
        }
        assert rows["0.png"] == [
            "0 0.500000 0.625000 0.500000 0.250000",
            "1 0.250000 0.250000 0.500000 0.500000",
        ]

    def test_patches_of_one_image_are_gathered(self, export, boxes):
        options = ExportOptions(label_field="objects", splits=(1, 1, 1))
        folder = export("yolo-detection", options, boxes.to_patches("objects"))
        rows = [len(row) for split in ("train", "val", "test") for row in self.rows(folder, split).values()]
        assert sorted(rows) == [1, 1, 2]

    def test_fiftyone_reads_it(self, export, dataset):
        folder = export("yolo-detection", SPLIT)
        read = Counter()
        for split in ("train", "val", "test"):
            back = fo.Dataset.from_dir(str(folder), fo.types.YOLOv5Dataset, split=split)
            read.update(back.count_values("ground_truth.detections.label"))
            back.delete()
        assert read == CLASSES


class TestCoco:
    def test_pycocotools_reads_every_image_with_its_class_and_score(self, export, dataset):
        folder = export("coco")
        coco = COCO(str(folder / "labels.json"))
        read = {}
        for annotation in coco.loadAnns(coco.getAnnIds()):
            image = coco.loadImgs(annotation["image_id"])[0]
            assert annotation["bbox"] == [0, 0, image["width"], image["height"]] == [0, 0, 16, 12]
            number = shade(folder / "data" / image["file_name"])
            read[number] = (coco.cats[annotation["category_id"]]["name"], annotation["score"])
        assert read == {number: (label, 0.5 + number / 100) for number, label in shades(dataset).items()}

    def test_images_that_stay_are_named_by_their_paths(self, export, dataset):
        coco = COCO(str(export("coco", ExportOptions(images="none")) / "labels.json"))
        names = [image["file_name"] for image in coco.imgs.values()]
        assert names == dataset.exists("auto_label").values("filepath")

    def test_pycocotools_reads_real_boxes(self, export, boxes):
        coco = COCO(str(export("coco", ExportOptions(label_field="objects"), boxes) / "labels.json"))
        found = {(box["image_id"], *box["bbox"], box["area"], box["iscrowd"]) for box in coco.anns.values()}
        assert found == {
            (1, 4.0, 6.0, 8.0, 3.0, 24.0, 0),
            (1, 0.0, 0.0, 8.0, 6.0, 48.0, 0),
            (2, 4.0, 6.0, 8.0, 3.0, 24.0, 0),
            (3, 0.0, 0.0, 8.0, 6.0, 48.0, 0),
        }

    def test_every_split_is_complete_with_the_same_categories(self, export):
        folder = export("coco", SPLIT)
        read = [
            json.loads((folder / split / "labels.json").read_text()) for split in ("train", "val", "test")
        ]
        assert read[0]["categories"] == read[1]["categories"] == read[2]["categories"]
        assert all(len(split["annotations"]) == len(split["images"]) > 0 for split in read)
        assert sum(len(split["images"]) for split in read) == sum(CLASSES.values())

    def test_fiftyone_reads_it(self, export):
        back = fo.Dataset.from_dir(str(export("coco")), fo.types.COCODetectionDataset)
        assert back.count_values("detections.detections.label") == CLASSES
        assert back.count("detections.detections.confidence") == sum(CLASSES.values())
        back.delete()

    @pytest.mark.parametrize("is_known", [True, False])
    def test_the_size_of_a_turned_image_is_that_of_the_image_as_it_is_shown(
        self, export, dataset, tmp_path, is_known
    ):
        turned = []
        for suffix in ("png", "jpg", "webp"):
            sample = add_image(dataset, tmp_path / "images" / f"turned.{suffix}", "cat", 0.9)
            turned.append(sample.id)
            exif = Image.Exif()
            exif[0x0112] = 6
            Image.new("RGB", (16, 12)).save(sample.filepath, exif=exif)
        if is_known:
            dataset.compute_metadata()

        coco = COCO(str(export("coco", samples=dataset.select(turned)) / "labels.json"))

        assert [(image["width"], image["height"]) for image in coco.imgs.values()] == [(12, 16)] * 3

    def test_the_size_of_an_image_that_is_elsewhere_is_what_the_dataset_knows(self, export, dataset):
        dataset.compute_metadata()
        for path in dataset.values("filepath"):
            Path(path).unlink()

        coco = COCO(str(export("coco", ExportOptions(images="none")) / "labels.json"))

        assert {(image["width"], image["height"]) for image in coco.imgs.values()} == {(16, 12)}

    def test_an_image_whose_size_cannot_be_read_is_named(self, export, dataset, tmp_path):
        add_image(dataset, tmp_path / "images" / "damaged.png", "cat")
        (tmp_path / "images" / "damaged.png").write_text("no image")
        with pytest.raises(InputError, match=r"The size of .*damaged\.png cannot be read"):
            export("coco")
        assert not (tmp_path / "export").exists()


class TestCsv:
    @staticmethod
    def rows(folder):
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_a_row_says_all_of_an_image(self, export, dataset):
        folder = export("csv", SPLIT)
        rows = self.rows(folder)
        assert {shade(folder / "data" / row["filepath"]): row["label"] for row in rows} == shades(dataset)
        assert [row["sample_id"] for row in rows] == dataset.exists("auto_label").values("id")
        assert {row["split"] for row in rows} == {"train", "val", "test"}
        assert float(rows[0]["confidence"]) == dataset.first().auto_label.confidence

    def test_images_that_stay_are_named_by_their_paths(self, export, dataset):
        rows = self.rows(export("csv", ExportOptions(images="none")))
        assert [row["filepath"] for row in rows] == dataset.exists("auto_label").values("filepath")

    def test_every_box_has_a_row(self, export, boxes):
        rows = self.rows(export("csv", ExportOptions(label_field="objects"), boxes))
        assert [row["filepath"] for row in rows] == ["0.png", "0.png", "1.png", "2.png"]
        assert [rows[0][name] for name in ("x", "y", "width", "height")] == ["0.25", "0.5", "0.5", "0.25"]

    def test_it_looks_through_the_images_a_few_times_however_many_there_are(self, dataset, tmp_path):
        class Counted(list):
            passes = 0

            def __iter__(self):
                Counted.passes += 1
                return super().__iter__()

        options = ExportOptions(images="none")
        selection = select_images(dataset, options)
        counted = replace(selection, images=Counted(selection.images))
        planned = Plan(dataset, counted, [""] * len(counted.images), Format.CSV, options)
        write_format(planned, tmp_path, lambda done, total: None)
        assert len(self.rows(tmp_path)) == len(selection.images)
        assert Counted.passes < 10

    FORMULAS = ("=1+2", "+a", "-b", "@c", "plain")

    def add_formulas(self, empty, tmp_path):
        for number, label in enumerate(self.FORMULAS):
            add_image(empty, tmp_path / f"{number}.png", label, 0.5)
        return empty

    def test_names_like_formulas_come_back_unchanged(self, empty, tmp_path):
        folder = export_labels(self.add_formulas(empty, tmp_path), tmp_path / "out", "csv").path
        assert tuple(row["label"] for row in self.rows(folder)) == self.FORMULAS
        assert tuple(pandas.read_csv(folder / "labels.csv")["label"]) == self.FORMULAS

    def test_names_like_formulas_are_harmless_in_a_spreadsheet_when_asked_for(self, empty, tmp_path):
        options = ExportOptions(spreadsheet=True)
        folder = export_labels(
            self.add_formulas(empty, tmp_path), tmp_path / "out", "csv", options=options
        ).path
        assert [row["label"] for row in self.rows(folder)] == ["'=1+2", "'+a", "'-b", "'@c", "plain"]

    def test_fiftyone_reads_it(self, export):
        back = fo.Dataset.from_dir(str(export("csv")), fo.types.CSVDataset, fields=["label"])
        assert back.count_values("label") == CLASSES
        back.delete()


class TestFiftyOne:
    @pytest.fixture
    def read(self, export):
        """Export, read, and delete what was read afterwards."""
        datasets = []

        def read(*arguments):
            datasets.append(
                fo.Dataset.from_dir(str(export("fiftyone", *arguments)), fo.types.FiftyOneDataset)
            )
            return datasets[-1]

        yield read
        for back in datasets:
            back.delete()

    def test_samples_labels_and_splits_are_the_same(self, read, dataset):
        back = read(ExportOptions(splits=(0.6, 0.2, 0.2), write_split_tags=True))
        dataset.reload()
        fields = ["id", "auto_label.label", "auto_label.confidence", "tags"]
        assert back.values(fields) == dataset.exists("auto_label").values(fields)
        assert shades(back) == shades(dataset)

    def test_the_dataset_itself_gets_no_tags_unasked(self, read, dataset):
        assert set(read(SPLIT).count_sample_tags()) == {"train", "val", "test"}
        assert dataset.count_sample_tags() == {}

    def test_images_that_stay_are_named_by_their_paths(self, read, dataset):
        back = read(ExportOptions(images="none"))
        assert back.values("filepath") == dataset.exists("auto_label").values("filepath")

    def test_a_whole_dataset_keeps_its_saved_views(self, read, dataset):
        dataset.delete_samples(dataset.exists("auto_label", False))
        dataset.save_view("first", dataset.limit(1))
        assert read().list_saved_views() == ["first"]

    def test_only_the_boxes_that_are_exported_are_in_it(self, read, boxes):
        back = read(ExportOptions(label_field="objects", minimum_confidence=0.5), boxes)
        assert back.count_values("objects.detections.label") == {"cat": 2}

    @pytest.mark.parametrize("images", ["copy", "symlink", "hardlink"])
    def test_files_that_fields_name_stay_where_they_are(self, read, dataset, tmp_path, images):
        mask = tmp_path / "elsewhere" / "mask.png"
        add_image(dataset, mask, None)
        sample = dataset.first()
        sample["mask"] = fo.Segmentation(mask_path=str(mask))
        sample.save()
        content = mask.read_bytes()
        back = read(ExportOptions(images=images))
        assert back.first().mask.mask_path == str(mask)
        assert (mask.read_bytes(), mask.is_symlink()) == (content, False)

    def test_no_copy_of_the_dataset_stays(self, read):
        before = fo.list_datasets()
        read()
        assert len(fo.list_datasets()) == len(before) + 1


@pytest.mark.parametrize("format", ["folders", "yolo-detection", "coco", "csv", "fiftyone"])
class TestImages:
    @staticmethod
    def images(folder):
        return sorted(folder.rglob("*.png"))

    def test_images_are_copied(self, export, dataset, format):
        images = self.images(export(format))
        assert (len(images), {path.is_symlink() for path in images}) == (sum(CLASSES.values()), {False})
        assert {path.stat().st_nlink for path in images} == {1}

    def test_images_are_linked(self, export, dataset, format):
        images = self.images(export(format, ExportOptions(images="symlink")))
        assert {os.readlink(path) for path in images} == set(dataset.exists("auto_label").values("filepath"))

    def test_images_share_their_content_with_the_originals(self, export, dataset, format):
        images = self.images(export(format, ExportOptions(images="hardlink")))
        originals = dataset.exists("auto_label").values("filepath")
        assert not any(path.is_symlink() for path in images)
        assert {path.stat().st_ino for path in images} == {os.stat(path).st_ino for path in originals}


@pytest.mark.parametrize("format", ["yolo-detection", "coco", "csv", "fiftyone"])
def test_labels_are_exported_without_images(export, format):
    folder = export(format, ExportOptions(images="none"))
    assert not list(folder.rglob("*.png"))
    assert len(list(folder.rglob("*"))) > 1


class TestHuggingFace:
    def test_datasets_reads_every_image_with_its_class(self, export, dataset, tmp_path):
        folder = export("hugging-face")
        cache = str(tmp_path / "cache")
        (read,) = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=cache).values()
        assert {row["image"].getpixel((0, 0))[0]: row["label"] for row in read} == shades(dataset)

    def test_datasets_reads_the_splits(self, export, tmp_path):
        folder = export("hugging-face", SPLIT)
        read = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(tmp_path / "cache"))
        made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["images"]
        assert {split: len(rows) for split, rows in read.items()} == made | {"validation": made.pop("val")}

    def test_boxes_are_in_pixels(self, boxes, tmp_path):
        options = ExportOptions(label_field="objects")
        folder = export_labels(boxes, tmp_path / "out", "hugging-face", options=options).path
        lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
        expected = {"bbox": [[4, 6, 8, 3]], "categories": ["cat"], "confidence": [0.9]}
        assert json.loads(lines[1])["objects"] == expected

    def test_images_that_stay_where_they_are_are_refused(self, export):
        with pytest.raises(InputError, match="needs the images"):
            export("hugging-face", ExportOptions(images="none"))


class TestWebDataset:
    @staticmethod
    def read(folder, *kinds, shards="data-000000.tar"):
        """What the library reads, image by image."""
        stream = webdataset.WebDataset(str(folder / shards), shardshuffle=False).decode("pil")
        return list(stream.to_tuple("__key__", "png", *kinds))

    def test_it_reads_every_image_with_its_class_and_its_source(self, export, dataset):
        folder = export("webdataset")
        classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))["classes"]
        read = self.read(folder, "cls", "json")
        assert {image.getpixel((0, 0))[0]: classes[number] for _, image, number, _ in read} == shades(dataset)
        sources = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sources"]
        assert [said["label"] for *_, said in read] == dataset.exists("auto_label").values("auto_label.label")
        for key, image, _, said in read:
            assert sources[f"data-000000.tar/{key}.png"] == said["source"]
            assert dataset[said["sample_id"]].filepath == said["source"]
            assert shade(said["source"]) == image.getpixel((0, 0))[0]

    def test_datasets_reads_the_splits(self, export, tmp_path):
        folder = export("webdataset", SPLIT)
        files = {split: str(folder / f"{split}-*.tar") for split in ("train", "val", "test")}
        read = datasets.load_dataset("webdataset", data_files=files, cache_dir=str(tmp_path / "cache"))
        made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["images"]
        assert {split: len(rows) for split, rows in read.items()} == made
        assert read["train"][0]["png"].size == (16, 12)

    def test_shards_hold_so_many_images_and_no_more(self, export, monkeypatch):
        monkeypatch.setattr(plan, "IMAGES_PER_SHARD", 10)
        folder = export("webdataset", ExportOptions(minimum_confidence=0.6))
        lengths = [len(self.read(folder, shards=path.name)) for path in sorted(folder.glob("*.tar"))]
        assert lengths == [10, 10, 6]

    def test_dots_in_names_are_not_taken_for_kinds(self, empty, tmp_path):
        for name in ("a.b.png", "a_b.png", "a.b.c.PNG"):
            add_image(empty, tmp_path / "images" / name, "cat", 0.5)
        folder = export_labels(empty, tmp_path / "out", "webdataset").path
        assert [key for key, _ in self.read(folder)] == ["a_b", "a_b-2", "a_b_c"]

    def test_boxes_are_in_pixels(self, boxes, tmp_path):
        options = ExportOptions(label_field="objects", minimum_confidence=0.5)
        folder = export_labels(boxes, tmp_path / "out", "webdataset", options=options).path
        expected = {"bbox": [[4, 6, 8, 3]], "categories": ["cat"], "confidence": [0.9]}
        assert [said["objects"] for *_, said in self.read(folder, "json")] == [expected] * 2

    def test_links_are_refused(self, export):
        with pytest.raises(InputError, match="holds the images themselves"):
            export("webdataset", ExportOptions(images="symlink"))
