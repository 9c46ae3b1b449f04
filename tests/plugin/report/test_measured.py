"""What an audit measured, in words that a person reads and in values that go through JSON."""

import json
from dataclasses import replace

import pytest
from fiftyone_autolabel.plugin.engine.audit import Estimate
from fiftyone_autolabel.plugin.report.confidence import what_to_expect
from fiftyone_autolabel.plugin.report.measured import MeasuredAccuracy
from fiftyone_autolabel.plugin.report.page import html_report
from fiftyone_autolabel.plugin.report.summary import RunSummary
from fiftyone_autolabel.plugin.report.text import text_report

OVERALL = Estimate(accuracy=0.8125, low=0.64, high=0.93, audited=32, more=96)
SUREST = Estimate(accuracy=0.96, low=0.8, high=0.999, audited=26, more=78)


@pytest.fixture
def measured():
    return MeasuredAccuracy(OVERALL, SUREST, {"red": OVERALL}, waiting=0)


def test_the_accuracy_is_told_with_its_interval_and_what_it_rests_on(measured):
    assert str(measured) == "measured 81% right (95% interval 64–93%, 32 images audited)"


def test_the_sentences_tell_of_the_surest_labels_and_what_would_halve_the_interval(measured):
    assert measured.sentences == [
        "Measured 81% right (95% interval 64–93%, 32 images audited).",
        "Of the most confident 80%, 96% (95% interval 80–100%, 26 images audited).",
        "96 more audited images would halve the interval.",
    ]


def test_what_waits_is_told_before_more_is_asked_for(measured):
    assert replace(measured, waiting=1).sentences[-1] == "1 image of the audit left to review."


def test_without_doubt_there_is_no_interval():
    sure = Estimate(accuracy=0.9, low=0.9, high=0.9, audited=10, more=0)
    audit = MeasuredAccuracy(sure, None, {}, waiting=0, noun="object")
    assert audit.sentences == ["Measured 90% right (10 objects audited)."]


def test_a_summary_comes_back_from_json_with_what_was_measured(run, measured):
    summary = replace(run.summary, measured=measured)
    assert RunSummary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary


def test_reports_tell_it_beside_what_was_expected(run, measured):
    summary = replace(run.summary, measured=measured)
    assert "are expected to be right; measured 81% right" in what_to_expect(summary)
    text = text_report(summary)
    assert "most confident 80%" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "measured accuracy (95% interval 64–93%)" in html_report(summary)
