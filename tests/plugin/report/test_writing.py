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
    files = ["labels.csv", "manifest.json", "metadata.json", "report.html", "report.txt"]
    assert sorted(os.listdir(folder)) == files


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


def test_a_report_in_which_something_else_lies_is_not_replaced(run, tmp_path):
    images = ImagesTable.of(run.refinement, PATHS)
    folder = write_report(tmp_path / "report", run.summary, images)
    (folder / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"also holds thesis\.tex, which is not part of the report"):
        write_report(folder, run.summary, images, overwrite=True)
    assert (folder / "thesis.tex").read_text() == "mine"


def test_a_folder_with_a_metadata_file_of_another_program_is_not_replaced(run, tmp_path):
    (tmp_path / "metadata.json").write_text("{}")
    with pytest.raises(InputError, match="is not an earlier report, and is not overwritten"):
        write_report(tmp_path, run.summary, ImagesTable.of(run.refinement, PATHS), overwrite=True)
