"""`labels.csv` has one line per image, whatever became of it."""

import csv

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.images_table import Failure, ImagesTable, write_labels

PATHS = [f"folder, with comma/{row}.jpg" for row in range(240)]


def written(file, run, **options):
    """The lines of `labels.csv`."""
    write_labels(file, ImagesTable.of(run.refinement, PATHS, **options), run.classes)
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_image_has_a_line_with_its_label_and_confidence(run, tmp_path):
    lines = written(tmp_path / "labels.csv", run)
    assert [line["path"] for line in lines] == PATHS
    assert [line["label"] for line in lines] == [run.classes[label] for label in run.refinement.labels]
    assert float(lines[3]["confidence"]) == pytest.approx(run.refinement.confidence[3], abs=1e-4)


def test_an_image_without_a_label_has_a_line_with_the_reason(run, tmp_path):
    lines = written(tmp_path / "labels.csv", run, failures=[Failure("broken.jpg", "no image")])
    assert (len(lines), lines[-1]["path"]) == (241, "broken.jpg")
    assert (lines[-1]["label"], lines[-1]["error"]) == ("", "no image")


@pytest.mark.parametrize("options", [{"paths": PATHS[1:]}, {"paths": PATHS, "splits": PATHS[1:]}])
def test_lists_of_another_length_are_refused(run, options):
    with pytest.raises(InputError, match=r"There are 239 .* for 240 images"):
        ImagesTable.of(run.refinement, **options)
