"""Settings refuse what cannot work and say what would."""

from dataclasses import fields

import pytest
from fiftyone_autolabel.plugin.engine.config import (
    HDBSCAN_MOST_IMAGES,
    PRESETS,
    SMALL_MOST_IMAGES,
    Settings,
    setting_docs,
)
from fiftyone_autolabel.plugin.engine.errors import InputError


def test_every_setting_is_explained():
    assert list(setting_docs()) == [field.name for field in fields(Settings)]
    assert all(text.endswith(".") for text in setting_docs().values())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_settings(name):
    assert Settings.preset(name).method == "anchored"


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(InputError, match=r"Unknown preset 'smal'.*did you mean 'small'\?"):
        Settings.preset("smal")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", "magic"),
        ("clustering", "dbscan"),
        ("iterations", 0),
        ("tolerance", 1.0),
        ("temperature", 0.0),
        ("min_cluster_size", 1),
        ("meta_per_class", 0.0),
        ("confidence_temperature", 0.5),
        ("seed", -1),
        ("seed", 2.5),
        ("iterations", "5"),
        ("iterations", True),
        ("meta_per_class", float("inf")),
        ("temperature", float("nan")),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=field):
        Settings(**{field: value})


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(InputError, match=r"did you mean 'temperature'\?"):
        Settings().with_overrides(temperatur=0.1)


@pytest.mark.parametrize(
    ("n", "preset"),
    [
        (SMALL_MOST_IMAGES, "small"),
        (SMALL_MOST_IMAGES + 1, "medium"),
        (HDBSCAN_MOST_IMAGES, "medium"),
        (HDBSCAN_MOST_IMAGES + 1, "large"),
    ],
)
def test_automatic_settings_are_those_of_the_preset_for_that_many_images(n, preset):
    assert Settings().resolved(n, 2) == Settings.preset(preset).resolved(n, 2)
    assert Settings().resolved(n, 2).clustering == Settings.preset(preset).clustering


def test_a_chosen_cluster_size_stays():
    assert Settings(min_cluster_size=7).resolved(10**6, 2).min_cluster_size == 7


def test_a_chosen_clustering_stays():
    assert Settings(clustering="none").resolved(10**6, 2).clustering == "none"


@pytest.mark.parametrize(
    ("n", "k", "size"), [(3000, 10, 5), (4000, 1000, 2), (300, 30, 2), (100_000, 100, 20)]
)
def test_clusters_are_small_enough_for_every_class_to_have_some(n, k, size):
    assert Settings().resolved(n, k).min_cluster_size == size


def test_what_is_chosen_automatically_is_said():
    assert Settings().choices(3074, 64) == (
        "Chosen for 3,074 images and 64 classes: clusters by HDBSCAN, micro-clusters of at least 5 images."
    )
    assert Settings(clustering="kmeans").choices(3074, 64).endswith(": micro-clusters of about 10 images.")
    assert Settings(clustering="none").choices(10, 2) == ""
    assert Settings.preset("large").choices(10, 2) == ""
