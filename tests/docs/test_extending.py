"""The examples of `docs/extending.md` work as they stand there, on real images."""

import json

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from .conftest import ROOT, blocks

ENCODER, CLUSTERING, EXPORT = blocks(ROOT / "docs" / "extending.md", "python")
SCENES = ["cat", "rocket", "cup of coffee"]


def run(code, **names):
    """Run an example with what the page takes as given; return all its names."""
    exec(compile(code, "docs/extending.md", "exec"), names)
    return names


@pytest.fixture
def coloured(tmp_path):
    """Twenty noisy images each of three colours, with the true colour."""
    rng = np.random.default_rng(51)
    colours = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
    dataset = fo.Dataset()
    for name, colour in colours.items():
        for number in range(20):
            path = str(tmp_path / f"{name}-{number}.png")
            pixels = np.clip(rng.normal(colour, 60, size=(16, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
            truth = fo.Classification(label=name)
            dataset.add_sample(fo.Sample(filepath=path, ground_truth=truth))
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("code", [ENCODER, CLUSTERING, EXPORT])
def test_every_example_has_less_than_thirty_lines(code):
    assert len([line for line in code.splitlines() if line.strip()]) < 30


def test_the_encoder_labels_images(coloured, tmp_path, monkeypatch):
    monkeypatch.setenv("FIFTYONE_AUTOLABEL_CACHE", str(tmp_path / "cache"))
    labelling = run(ENCODER, dataset=coloured)["labelling"]
    labels, truth = coloured.values(["auto_label.label", "ground_truth.label"])
    assert (labels, labelling.encoder) == (truth, "colour")


def test_the_clusters_are_those_of_the_run(demo_dataset):
    labelling = run(CLUSTERING, dataset=demo_dataset, classes=SCENES)["labelling"]
    micro = labelling.refinement.clusters["micro"]
    written = demo_dataset.values("auto_label_micro_cluster")
    assert len(micro) > len(SCENES)
    assert np.unique(written).tolist() == list(range(len(micro)))


def test_the_export_is_an_image_folder_of_hugging_face(demo_dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = [
        fo.Classification(label=each.label, confidence=0.9) for each in demo_dataset.values("ground_truth")
    ]
    demo_dataset.set_values("auto_label", labels)
    run(EXPORT, dataset=demo_dataset)
    found = []
    for split in ("train", "val", "test"):
        folder = tmp_path / "hugging-face" / split
        lines = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
        assert all(Image.open(folder / line["file_name"]).size for line in lines)
        found += [line["label"] for line in lines]
    assert sorted(found) == sorted(demo_dataset.values("ground_truth.label"))
