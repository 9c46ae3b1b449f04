"""Images that a Ray cluster embeds get the labels of one machine, in a dataset and without one."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, correct, label_files, load_run
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.encoders.on_ray import RayEncoder
from typer.testing import CliRunner

CLASSES = ["cat", "rocket", "coffee"]
GIVEN = {"encoder": "offline", "progress": False}


@pytest.fixture(scope="module")
def paths(scene_files) -> list[str]:
    return [str(scene.path) for scene in scene_files]


@pytest.fixture(scope="module")
def here(paths):
    """The labels of one machine."""
    return label_files(paths, CLASSES, **GIVEN)


@pytest.fixture(scope="module")
def dataset(paths):
    """A dataset of the same images."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in paths], progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def on_ray(ray_of_two, dataset):
    return auto_label(dataset, CLASSES, engine="ray", **GIVEN)


def test_labels_in_a_dataset_are_those_of_one_machine(on_ray, dataset, here):
    assert dataset.values("auto_label.label") == [here.classes[number] for number in here.refinement.labels]
    np.testing.assert_allclose(dataset.values("confidence"), here.refinement.confidence, rtol=1e-6)
    assert load_run(dataset).summary == here.summary


def test_the_record_names_the_encoder_wherever_it_worked(on_ray, dataset):
    assert isinstance(on_ray.towers.encoder.encoder, RayEncoder)
    assert load_run(dataset).record.inputs["encoder"] == "offline"


def test_the_cores_of_the_cluster_are_free_after_a_run(on_ray):
    import ray

    with pytest.raises(ray.exceptions.RayError):
        on_ray.towers.encoder.encoder.process_ids()


def test_files_are_labelled_without_a_dataset(ray_of_two, paths, here):
    found = label_files(paths, CLASSES, engine="ray", **GIVEN)
    assert found.to_frame().equals(here.to_frame())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"engine": "spark"}, "no engine 'spark'"),
        ({"address": "127.0.0.1:1"}, "An address is for the engine ray"),
        ({"engine": "ray", "encoder": object()}, "give a name, not an encoder object"),
        ({"engine": "ray", "encoder": "offlin"}, "no encoder 'offlin'"),
        ({"engine": "ray", "second_encoder": "offline"}, "leave out the second encoder"),
        ({"engine": "ray", "embeddings": np.eye(8)}, "their vectors are given"),
    ],
)
def test_what_the_engine_cannot_do_is_refused_before_any_work(given, sentence, paths, monkeypatch):
    monkeypatch.setattr("fiftyone_autolabel.plugin.run.engines.joined", None)
    with pytest.raises(InputError, match=sentence):
        label_files(paths, CLASSES, **GIVEN | given)


def test_the_command_labels_a_dataset_on_ray_and_keeps_reviewed_labels(on_ray, dataset):
    one = dataset.first().id
    correct(dataset.select(one), "coffee")
    command = ["label", dataset.name, "--engine", "ray", "-c", "cat, rocket", "--encoder", "offline"]
    shown = CliRunner().invoke(app, [*command, "--quiet"])
    assert shown.exit_code == 0, shown.output
    dataset.reload()
    assert load_run(dataset).classes == ["cat", "rocket"]
    assert dataset[one].auto_label.label == "coffee"
