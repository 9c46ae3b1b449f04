"""A report is one folder: for programs, for a minute, for a close look, and for new images."""

import os

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes, make_prototypes
from fiftyone_autolabel.plugin.report.writing import write_report

PATHS = [f"{row}.jpg" for row in range(240)]


def test_a_report_has_metadata_text_and_page(run, tmp_path):
    folder = write_report(tmp_path / "report", run.summary, run.refinement, PATHS)
    assert sorted(os.listdir(folder)) == ["metadata.json", "report.html", "report.txt"]


def test_a_report_can_label_new_images(run, tmp_path):
    prototypes = make_prototypes(run.refinement, run.classes, run.X, run.T)
    write_report(tmp_path / "report", run.summary, run.refinement, PATHS, prototypes=prototypes)
    assert load_prototypes(tmp_path / "report").classes == run.classes


def test_a_report_is_replaced_on_request_only(run, tmp_path):
    folder = write_report(tmp_path / "report", run.summary, run.refinement, PATHS)
    with pytest.raises(InputError, match="exists"):
        write_report(folder, run.summary, run.refinement, PATHS)
    write_report(folder, run.judged, run.refinement, PATHS, overwrite=True)
    assert "ground truth" in (folder / "report.txt").read_text()


@pytest.mark.parametrize("options", [{"paths": PATHS[1:]}, {"paths": PATHS, "splits": PATHS[1:]}])
def test_lists_of_another_length_are_refused_before_anything_is_written(run, tmp_path, options):
    with pytest.raises(InputError, match=r"There are 239 .* for 240 images"):
        write_report(tmp_path / "report", run.summary, run.refinement, **options)
    assert os.listdir(tmp_path) == []
