"""The text report fits a terminal and does not call expected what is not known."""

import pytest
from fiftyone_autolabel.plugin.report.summarising import summarise
from fiftyone_autolabel.plugin.report.text import text_report

from .conftest import make_run


@pytest.mark.parametrize("name", ["run", "leveled", "nasty"])
def test_no_line_is_longer_than_a_terminal(name, request):
    report = text_report(request.getfixturevalue(name).judged)
    assert max(map(len, report.splitlines())) <= 80


def test_the_first_sentence_tells_images_classes_and_what_to_expect(run):
    expected = f"{run.refinement.expected_accuracy:.0%}"
    lines = " ".join(text_report(run.summary).splitlines()[2:4])
    assert lines.startswith(f"240 images labelled with 6 classes; {expected} of the labels are expected")


def test_accuracy_is_only_told_by_a_ground_truth(run):
    assert "ground truth" not in text_report(run.summary)
    assert "By ground truth, known for 240 images" in text_report(run.judged)


def test_many_classes_are_cut_to_the_largest():
    report = text_report(make_run(100, 300).summary)
    assert "and 80 classes more with" in report
    assert len(report.splitlines()) < 80


def test_failures_are_told(run):
    assert "3 images could not be labelled." in text_report(
        summarise(run.refinement, run.classes, failures=3)
    )


def test_clusters_that_fit_no_class_are_listed(run):
    first = run.refinement.novel_clusters[0]
    report = text_report(run.summary)
    assert f"micro-cluster {first.cluster} " in report
    assert f"nearest: {run.classes[first.rivals[0]]}" in report
