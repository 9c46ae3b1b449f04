"""The command that draws labels to audit: what a person reads, and what a program gets."""

import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import approve, auto_label
from fiftyone_autolabel.plugin.cli.app import app
from typer.testing import CliRunner


def run(*arguments):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


@pytest.fixture
def dataset():
    """Thirty samples that one run labelled."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(30)])
    X = np.random.default_rng(0).normal(size=(30, 2))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=np.eye(2))
    yield dataset
    dataset.delete()


def test_what_to_audit_is_saved_as_a_view_that_the_command_names(dataset):
    result = run("audit", dataset.name, "-n", "10")
    assert "To audit: 10. Open the saved view 'auto_label audit' in the App" in result.stdout
    dataset.reload()
    assert len(dataset.load_saved_view("auto_label audit")) == 10


def test_the_measured_accuracy_is_shown_with_its_interval(dataset):
    ids = json.loads(run("audit", dataset.name, "-n", "10", "--json").stdout)["ids"]
    approve(dataset.select(ids))
    shown = run("audit", dataset.name, "-n", "10").stdout
    assert "all labels" in shown
    assert "100%" in shown
    assert "10 images of the audit left to review." in shown


def test_the_json_has_the_estimate_and_what_it_rests_on(dataset):
    told = json.loads(run("audit", dataset.name, "-n", "10", "--json").stdout)
    assert (len(told["ids"]), told["view"], told["measured_accuracy"]) == (10, "auto_label audit", None)
    approve(dataset.select(told["ids"]))
    measured = json.loads(run("audit", dataset.name, "--json").stdout)["measured_accuracy"]
    assert (measured["overall"]["accuracy"], measured["overall"]["audited"]) == (1.0, 10)
    assert measured["overall"]["low"] < 1


def test_the_list_of_runs_tells_what_was_measured(dataset):
    ids = json.loads(run("audit", dataset.name, "-n", "10", "--json").stdout)["ids"]
    approve(dataset.select(ids))
    assert "measured 100% right (95% interval" in run("runs", dataset.name).stdout
    (listed,) = json.loads(run("runs", dataset.name, "--json").stdout)
    assert listed["measured_accuracy"]["overall"]["audited"] == 10


def test_a_report_tells_what_was_measured(dataset, tmp_path):
    ids = json.loads(run("audit", dataset.name, "-n", "10", "--json").stdout)["ids"]
    approve(dataset.select(ids))
    assert run("report", dataset.name, "--output", str(tmp_path / "report")).exit_code == 0
    assert "Measured by an audit" in (tmp_path / "report" / "report.txt").read_text("utf-8")
    assert "measured accuracy (95% interval" in (tmp_path / "report" / "report.html").read_text("utf-8")
    summary = json.loads((tmp_path / "report" / "metadata.json").read_text("utf-8"))["summary"]
    assert summary["measured"]["overall"]["audited"] == 10


def test_when_every_label_is_reviewed_it_says_so(dataset):
    approve(dataset)
    assert "Every label is reviewed." in run("audit", dataset.name).stdout


def test_a_field_that_no_run_wrote_is_refused_in_one_line(dataset):
    result = run("audit", dataset.name, "--label-field", "mine")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "No run wrote a label field 'mine'" in result.stderr
