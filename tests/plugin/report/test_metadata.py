"""`metadata.json` is strict JSON with one line per image."""

import json

import pytest
from fiftyone_autolabel.plugin.report.images_table import Failure, ImagesTable
from fiftyone_autolabel.plugin.report.metadata import write_metadata
from fiftyone_autolabel.plugin.report.summary import RunSummary


def refuse(constant):
    """NaN and the like are no JSON."""
    raise AssertionError(constant)


@pytest.fixture
def file(tmp_path):
    """Where the metadata go."""
    return tmp_path / "metadata.json"


def write(file, run, versions=None, **options):
    """Write the metadata of a run and read them as strict JSON."""
    paths = [f"/photos/{row}.jpg" for row in range(len(run.X))]
    images = ImagesTable.of(run.refinement, paths, **options)
    write_metadata(file, run.summary, images, versions=versions)
    return json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)


def test_every_image_has_its_label_confidence_second_choice_and_clusters(run, file):
    images = write(file, run)["images"]
    row = 17
    assert images[row] == {
        "path": "/photos/17.jpg",
        "label": run.classes[run.refinement.labels[row]],
        "confidence": round(float(run.refinement.confidence[row]), 4),
        "second_choice": run.classes[run.refinement.explanation.second_labels[row]],
        "margin": round(float(run.refinement.explanation.margin[row]), 4),
        "novelty": round(float(run.refinement.explanation.novelty[row]), 4),
        "meta_cluster": images[row]["meta_cluster"],
        "micro_cluster": images[row]["micro_cluster"],
    }
    for level in ("meta", "micro"):
        numbers = [-1 if (of := image[f"{level}_cluster"]) is None else of for image in images]
        assert numbers == run.refinement.clusters[level].assignments.tolist()


def test_splits_are_written_where_there_are_some(run, file):
    images = write(file, run, splits=["train", ""] * 120)["images"]
    assert [image["split"] for image in images[:2]] == ["train", None]


def test_images_that_failed_are_listed_with_the_reason(run, file):
    data = write(file, run, failures=[Failure("broken.jpg", "no image")])
    assert data["failures"] == [{"path": "broken.jpg", "error": "no image"}]


def test_the_run_is_told_with_settings_history_and_alignment(run, file):
    data = write(file, run, versions={"numpy": "2"})
    assert data["settings"]["seed"] == run.refinement.settings.seed
    assert data["class_distribution"] == dict(zip(run.classes, run.summary.counts, strict=True))
    assert [level["level"] for level in data["history"]] == [level.level for level in run.refinement.history]
    assert len(data["alignment_micro"]) == len(run.refinement.clusters["micro"])
    first = run.classes[run.refinement.alignment["micro"][0].argmax()]
    assert next(iter(data["alignment_micro"][0]["classes"])) == first


def test_figures_can_be_drawn_from_it_again(run, file):
    assert RunSummary.from_dict(write(file, run)["summary"]) == run.summary


def test_every_image_and_cluster_has_a_line_of_its_own(run, file):
    data = write(file, run)
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines < len(data["images"]) + len(data["alignment_micro"]) + len(data["alignment_meta"]) + 20
    assert lines > len(data["images"])


def test_names_of_any_script_are_kept(nasty, file):
    assert set(write(file, nasty)["class_distribution"]) == set(nasty.classes)
