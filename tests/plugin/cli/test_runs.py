"""The commands on runs: what a person types, reads and gets back."""

import json
import math
import re

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone_autolabel import auto_label, compute_clusters
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.dataset.record import update_record
from fiftyone_autolabel.plugin.engine.results import Iteration, LevelHistory
from typer.testing import CliRunner


def run(*arguments, answer: str = "", columns: int = 200):
    """Run a command as a person would; the result has `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(app, arguments, input=answer, env={"COLUMNS": str(columns)})


@pytest.fixture
def dataset():
    """Four samples; one run labelled them, another failed."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(4)])
    X = np.random.default_rng(0).normal(size=(4, 2))
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=np.eye(2))
    with pytest.raises(ValueError, match="None of the 4 images"):
        auto_label(dataset, ["red"], embeddings=np.full((4, 2), np.nan), text_embeddings=np.ones((1, 2)))
    yield dataset
    dataset.delete()


def test_runs_are_listed_with_state_and_reason(dataset):
    result = run("runs", dataset.name)
    assert result.exit_code == 0
    first, second = (line for line in result.stdout.splitlines() if "auto_label_" in line)
    assert "completed" in first
    assert re.search("failed .* None of the 4 images", second)


def test_runs_that_only_prepare_others_are_listed_with_what_they_wrote(dataset):
    compute_clusters(dataset, "groups", embeddings=np.eye(4))
    line = next(line for line in run("runs", dataset.name).stdout.splitlines() if "groups_1" in line)
    assert "clusters in groups, 4 images" in line
    last = json.loads(run("runs", dataset.name, "--json").stdout)[-1]
    assert (last["key"], last["kind"], last["fields"]) == ("groups_1", "clusters", {"clusters": "groups"})


def test_a_narrow_window_cuts_nothing_off(dataset):
    assert "…" not in run("runs", dataset.name, columns=80).stdout


def test_the_history_of_a_run_under_way_is_in_the_json(dataset):
    level = LevelHistory("image", 4, (Iteration(1, 0.5, 0.1, 0.7, -math.inf, 0.9),))
    update_record(dataset, "auto_label_1", {"history": [level.to_dict()]})
    (first, _) = json.loads(run("runs", dataset.name, "--json").stdout)
    assert LevelHistory.from_dict(first["history"][0]) == level


def test_runs_are_printed_as_json_when_asked_for(dataset):
    first, second = json.loads(run("runs", dataset.name, "--json").stdout)
    assert (first["key"], first["state"], first["n_labelled"]) == ("auto_label_1", "completed", 4)
    assert first["fields"]["label"] == "auto_label"
    assert (second["state"], second["expected_accuracy"]) == ("failed", None)


def test_a_run_that_waits_to_be_executed_is_pending(dataset):
    dataset.persistent = True
    operator = foo.get_operator("@autolabel/prototypes/auto_label")
    queued = operator(dataset, ["a"], encoder="offline", run_key="later", delegate=True).result["id"]
    waiting = json.loads(run("runs", dataset.name, "--json").stdout)[-1]
    assert (waiting["key"], waiting["state"], waiting["operation"]) == ("later", "pending", str(queued))
    assert "pending" in run("runs", dataset.name).stdout
    DelegatedOperationService().delete_operation(queued)


def test_a_dataset_without_runs_is_told_what_to_do():
    empty = fo.Dataset()
    assert "There are no runs" in run("runs", empty.name).stdout
    empty.delete()


def test_a_run_is_deleted_after_asking(dataset):
    assert run("delete-run", dataset.name, "auto_label_1", answer="n\n").exit_code == 1
    dataset.reload()
    assert "auto_label_1" in dataset.list_runs()
    result = run("delete-run", dataset.name, "auto_label_1", answer="y\n")
    assert "Delete run auto_label_1? These fields are deleted with it: auto_label" in result.stderr
    dataset.reload()
    assert dataset.list_runs() == ["auto_label_2"]
    assert not dataset.has_sample_field("auto_label")


def test_a_run_is_deleted_without_asking(dataset):
    assert "Deleted run auto_label_2." in run("delete-run", dataset.name, "auto_label_2", "-y").stdout


def test_an_unknown_run_is_answered_with_one_line(dataset):
    result = run("delete-run", dataset.name, "nothing", "-y")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: There is no run 'nothing' on this dataset (there are: auto_label_1"
    )


def test_a_run_that_somebody_cancelled_ends_with_one_line(dataset, monkeypatch):
    from fiftyone_autolabel.plugin import dataset as room
    from fiftyone_autolabel.plugin.engine.errors import RunCancelledError

    def cancelled(*_):
        raise RunCancelledError("The run was cancelled, and no label was written.")

    monkeypatch.setattr(room, "complete_interrupted", cancelled)
    result = run("runs", dataset.name)
    assert (result.exit_code, result.stderr) == (130, "The run was cancelled, and no label was written.\n")


def test_a_run_under_a_key_of_its_own_leaves_the_others_alone(demo_dataset):
    arguments = ("label", demo_dataset.name, "-c", "cat, coins", "--encoder", "offline", "--key", "few")
    assert run(*arguments).exit_code == 0
    demo_dataset.reload()
    assert demo_dataset.list_runs() == ["few"]
    assert demo_dataset.count("auto_label_few") == len(demo_dataset)
    again = run(*arguments)
    assert (again.exit_code, again.stderr[:34]) == (2, "Error: There is a run 'few' alread")
