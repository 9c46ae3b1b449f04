"""The skill is listed by FiftyOne, names operators and parameters that exist, and its examples run."""

import inspect
import json
import re
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import fiftyone.plugins as fop
import numpy as np
import pytest
from fiftyone.operators.executor import ExecutionError
from fiftyone.server.app import app
from fiftyone_autolabel import ExportOptions, InputError, Settings, auto_label
from fiftyone_autolabel.operators import OPERATORS
from fiftyone_autolabel.plugin.dataset.record import update_record
from starlette.testclient import TestClient

PLUGIN = "@autolabel/prototypes"
SKILL = Path(__file__).resolve().parents[2] / "skills" / "auto-label" / "SKILL.md"
TEXT = SKILL.read_text(encoding="utf-8")
ROWS = re.findall(rf"^\| `({PLUGIN}/\w+)` \| (.+?) \|", TEXT, re.MULTILINE)
NAMED = {uri: set(re.findall(r"`(\w+)`", parameters)) for uri, parameters in ROWS}

# Some inputs are there only when another one asks for them.
FORMS = (
    {},
    {"more": True},
    {"more": True, "embeddings": "vector"},
    {"objects": "boxes"},
    {"label_field": "boxes"},
)


@pytest.fixture(scope="module")
def labelled():
    """A dataset on which every input has something to choose from; its images are vectors alone."""
    dataset = fo.Dataset()
    box = fo.Detection(bounding_box=[0, 0, 0.5, 0.5])
    dataset.add_samples(
        fo.Sample(filepath=f"/{number}.jpg", boxes=fo.Detections(detections=[box.copy()]))
        for number in range(6)
    )
    dataset.add_sample_field("vector", fo.VectorField)
    dataset.add_sample_field("cluster", fo.IntField)
    for key in ("first", "second", "third"):
        X, T = np.eye(4)[[0, 0, 1, 1, 0, 1]], np.eye(4)[:2]
        auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T, run_key=key)
    beats = {"heartbeat": (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()}
    update_record(dataset, "third", {"state": "running"} | beats)  # one that can be cancelled
    yield dataset
    dataset.delete()


def inputs(uri: str, dataset: fo.Dataset) -> set[str]:
    """Names of all inputs in the forms of an operator."""
    server, names = TestClient(app), set()
    for params in FORMS:
        request = {"operator_uri": uri, "dataset_name": dataset.name, "target": "inputs", "params": params}
        names |= set(server.post("/operators/resolve-type", json=request).json()["type"]["properties"])
    return names


def test_fiftyone_lists_the_skill():
    (skill,) = fop.list_skills(plugin=PLUGIN)
    assert (skill.name, Path(skill.path)) == ("auto-label", SKILL)
    assert skill.description.startswith("Label an unlabelled FiftyOne image dataset")


def test_the_skill_names_every_operator():
    assert sorted(NAMED) == sorted(f"{PLUGIN}/{each().config.name}" for each in OPERATORS)


@pytest.mark.parametrize("uri", NAMED)
def test_every_parameter_that_the_skill_names_is_an_input_of_its_operator(labelled, uri):
    assert NAMED[uri] - inputs(uri, labelled) == set()


@pytest.mark.parametrize("uri", NAMED)
def test_every_parameter_that_the_skill_names_is_taken_by_name_from_python(uri):
    (operator,) = [each for each in OPERATORS if each().config.name == uri.rpartition("/")[2]]
    taken = set(inspect.signature(operator.__call__).parameters)
    if "given" in taken:
        taken |= {field.name for field in fields(ExportOptions)}
    if "settings" in taken:
        taken |= {field.name for field in fields(Settings)}
    assert NAMED[uri] - taken == set()


def test_an_export_takes_its_options_by_name(labelled, tmp_path):
    given = {"format": "csv", "folder": tmp_path / "out", "images": "none", "minimum_confidence": 0.0}
    done = foo.get_operator(f"{PLUGIN}/export_labels")(labelled, label_field="auto_label_first", **given)
    assert done.result["n_images"] == 6
    with pytest.raises(ValueError, match="There is no export option 'confidence'"):
        foo.get_operator(f"{PLUGIN}/export_labels")(labelled, confidence=0.5, **given)


def test_a_run_that_is_completed_is_refused_by_cancel_run_in_a_sentence(labelled):
    with pytest.raises(ExecutionError, match="Run first is completed, so it cannot be cancelled"):
        foo.get_operator(f"{PLUGIN}/cancel_run")(labelled, run_key="first")


def test_a_run_is_only_deleted_if_confirmed(labelled):
    with pytest.raises(ExecutionError, match="Select this to delete the run"):
        foo.get_operator(f"{PLUGIN}/delete_run")(labelled, run_key="second", confirmed=False)
    assert "second" in labelled.list_runs()
    foo.get_operator(f"{PLUGIN}/delete_run")(labelled, run_key="second", confirmed=True)
    assert "second" not in labelled.list_runs()


def test_frames_are_labelled_after_they_were_cloned_as_the_skill_says(tmp_path):
    video = fo.Sample(filepath=str(tmp_path / "video.mp4"))
    for number in (1, 2, 3, 4):
        video.frames[number] = fo.Frame(filepath=str(tmp_path / f"{number}.jpg"))
    videos = fo.Dataset()
    videos.add_sample(video)
    frames = videos.to_frames()
    X, T = np.eye(4)[[0, 1, 0, 1]], np.eye(4)[:2]
    given = {"embeddings": X, "text_embeddings": T}
    with pytest.raises(InputError, match="only whole images can be labelled"):
        auto_label(frames, ["red", "green"], **given)
    images = frames.clone()
    assert auto_label(images, ["red", "green"], **given).counts == {"red": 2, "green": 2}
    images.delete()
    videos.delete()


def call(name: str, samples: fo.Dataset | fo.DatasetView, **params: object) -> dict:
    """Execute an operator by its URI, with parameters and a result that go through JSON."""
    kind = "dataset" if isinstance(samples, fo.Dataset) else "view"
    done = foo.execute_operator(f"{PLUGIN}/{name}", {kind: samples}, params=json.loads(json.dumps(params)))
    return json.loads(json.dumps(done.result, allow_nan=False))


def test_every_step_runs_as_an_assistant_calls_it(tmp_path):
    np.save(tmp_path / "T.npy", np.eye(4)[:2])
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", vector=vector, truth=fo.Classification(label="red"))
        for row, vector in enumerate(np.eye(4)[[0, 0, 1, 1, 0, 1]])
    )
    given = {"embeddings": "vector", "text_embeddings": str(tmp_path / "T.npy")}
    assert len(call("auto_label", dataset, classes=["red", "green"], preview=True, **given)["previewed"]) == 6
    assert dataset.list_runs() == []
    assert call("auto_label", dataset, classes=["red", "green"], **given)["n_labelled"] == 6
    assert call("evaluate", dataset, truth_field="truth")["accuracy"] == 0.5
    page = call("review_next", dataset, count=3)["sample_ids"]
    assert call("correct", dataset.select(page[:1]), class_name="green")["n_reviewed"] == 1
    assert call("approve", dataset.select(page[1:]))["n_reviewed"] == 2
    drawn = call("audit", dataset, count=2)["sample_ids"]
    call("approve", dataset.select(drawn))
    assert call("audit", dataset, count=1)["measured_accuracy"]
    refined = call("refine_with_corrections", dataset)
    assert refined["n_reviewed"] >= 3
    assert call("show_run", dataset, run_key=refined["run_key"])["state"] == "completed"
    exported = call("export_labels", dataset, format="csv", folder=str(tmp_path / "out"), images="none")
    assert exported["n_images"] == 6
    dataset.delete()


def test_the_examples_of_the_skill_run_in_order(demo_dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^( *)```python\n(.*?)^\1```", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    names = {"dataset": demo_dataset}
    for indent, block in blocks:
        exec(re.sub(f"^{indent}", "", block, flags=re.MULTILINE), names)
    assert demo_dataset.count("auto_label") == demo_dataset.count("auto_label_more") == len(demo_dataset)
    assert demo_dataset.count("auto_label_corrected") == 48
    assert (tmp_path / "labelled" / "manifest.json").is_file()
