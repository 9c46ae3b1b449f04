"""Workers of a Ray cluster embed what one process would, and may die meanwhile."""

import os
import signal
import sys

import numpy as np
import pytest
from fiftyone_autolabel.plugin.demo.photos import demo_photos
from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
from fiftyone_autolabel.plugin.encoders.on_ray import RayEncoder
from fiftyone_autolabel.plugin.encoders.registry import choose_encoder, load_encoder
from fiftyone_autolabel.plugin.engine.errors import InputError


@pytest.fixture(scope="module")
def on_ray(ray_of_two):
    """The offline encoder on a cluster of two workers, on this machine."""
    encoder = load_encoder("ray:offline", cache=False)
    yield encoder
    encoder.release()


@pytest.fixture(scope="module")
def here():
    """The same encoder in this process."""
    return load_encoder("offline", cache=False)


@pytest.fixture(scope="module")
def paths() -> list[str]:
    """Photos for several tasks."""
    return [str(photo.path) for photo in demo_photos(default_cache_folder() / "demo")][:150]


def test_vectors_and_errors_are_those_of_one_process(on_ray, here, paths):
    images, seen = [*paths[:70], "/nothing.jpg", *paths[70:]], []
    found = on_ray.embed_images(images, lambda done, total: seen.append((done, total)))
    expected = here.embed_images(images)
    assert np.array_equal(found.vectors, expected.vectors)
    assert found.errors == expected.errors
    assert found.digests == expected.digests
    assert seen == [(64, 151), (128, 151), (151, 151)]


def test_it_is_the_same_encoder_to_the_cache_and_to_class_names(on_ray, here):
    assert isinstance(on_ray, RayEncoder)
    assert (on_ray.name, on_ray.version) == (here.name, here.version)
    names = ["cat", "rocket"]
    assert np.array_equal(on_ray.embed_texts(names), here.embed_texts(names))
    assert np.array_equal(on_ray.name_reliability(names), here.name_reliability(names))


def test_paths_are_those_of_the_folder_that_the_caller_works_in(on_ray, here, paths, monkeypatch):
    folder, name = os.path.split(paths[0])
    monkeypatch.chdir(folder)
    assert np.array_equal(on_ray.embed_images([name]).vectors, here.embed_images([name]).vectors)


def test_a_worker_that_is_killed_costs_time_alone(on_ray, here, paths):
    def kill_one(done: int, total: int) -> None:
        if done == 64:
            os.kill(on_ray.process_ids()[-1], signal.SIGKILL)

    found = on_ray.embed_images(paths, kill_one)
    assert found.errors == {}
    assert np.array_equal(found.vectors, here.embed_images(paths).vectors)


def test_auto_on_ray_is_the_encoder_that_auto_is_here():
    assert choose_encoder("ray:auto").spec == f"ray:{choose_encoder('auto').spec}"


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [("ray:offlin", "There is no encoder 'offlin'"), ("ray:ray:offline", 'Give one "ray:" before the name')],
)
def test_a_wrong_name_is_refused_before_a_cluster_is_joined(spec, sentence):
    with pytest.raises(InputError, match=sentence):
        load_encoder(spec)


def test_a_missing_package_is_told_with_how_to_install_it(monkeypatch, here):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'fiftyone-autolabel\[ray\]'"):
        RayEncoder(here, lambda: here)
