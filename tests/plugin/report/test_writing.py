"""A report is one folder: for programs, for a minute, for a close look, and for new images."""

import os

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.images_table import ImagesTable
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes, make_prototypes
from fiftyone_autolabel.plugin.report.writing import write_report

PATHS = [f"{row}.jpg" for row in range(240)]


def test_a_report_has_metadata_labels_text_and_page(run, tmp_path):
    folder = write_report(tmp_path / "report", run.summary, ImagesTable.of(run.refinement, PATHS))
    assert sorted(os.listdir(folder)) == ["labels.csv", "metadata.json", "report.html", "report.txt"]


def test_a_report_can_label_new_images(run, tmp_path):
    prototypes = make_prototypes(run.refinement, run.classes, run.X, run.T)
    write_report(
        tmp_path / "report", run.summary, ImagesTable.of(run.refinement, PATHS), prototypes=prototypes
    )
    assert load_prototypes(tmp_path / "report").classes == run.classes


def test_a_report_is_replaced_on_request_only(run, tmp_path):
    folder = write_report(tmp_path / "report", run.summary, ImagesTable.of(run.refinement, PATHS))
    with pytest.raises(InputError, match="exists"):
        write_report(folder, run.summary, ImagesTable.of(run.refinement, PATHS))
    write_report(folder, run.judged, ImagesTable.of(run.refinement, PATHS), overwrite=True)
    assert "ground truth" in (folder / "report.txt").read_text()
