"""A further class is looked for on what the last run labelled, with everything else as it was."""

import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, Settings, add_classes, auto_label
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from fiftyone_autolabel.plugin.encoders.descriptions import ClassDescription

KNOWN = [name for name in DEMO_CLASSES if name != "grass"]


def test_a_further_class_is_found_where_it_was_missing(demo_dataset):
    auto_label(demo_dataset, KNOWN, encoder="offline")
    labelling = add_classes(demo_dataset, ["grass"])
    assert labelling.classes == [*KNOWN, "grass"]
    grass = demo_dataset.match({"ground_truth.label": "grass"}).values("auto_label.label")
    assert np.mean(np.array(grass) == "grass") > 0.5


def test_samples_settings_prompts_descriptions_and_fields_stay_as_they_were(demo_dataset):
    settings = Settings(method="prototype", iterations=2)
    auto_label(
        demo_dataset.limit(40),
        {"cat": ["kitten"], "coins": []},
        prompt_templates=["a crop of {}"],
        encoder="offline",
        settings=settings,
        fields=FieldNames(label="guess", confidence="sure"),
    )
    key = add_classes(demo_dataset, [ClassDescription("grass", ["lawn"])], "guess").run_key
    first, second = (demo_dataset.get_run_info(name).config for name in ("guess_1", key))
    assert second.descriptions == [["kitten"], [], ["lawn"]]
    for name in ("prompt_templates", "encoder", "settings", "fields"):
        assert getattr(first, name) == getattr(second, name)
    assert demo_dataset.count("guess") == 40


def test_a_class_that_is_there_already_is_refused_and_nothing_is_labelled(demo_dataset):
    auto_label(demo_dataset, KNOWN, encoder="offline")
    with pytest.raises(InputError, match="Class 'cat' is given twice"):
        add_classes(demo_dataset, ["cat"])
    assert demo_dataset.list_runs() == ["auto_label_1"]


def test_where_classes_came_as_vectors_a_further_one_needs_vectors_of_all(demo_dataset):
    X = np.random.default_rng(0).normal(size=(len(demo_dataset), 8))
    demo_dataset.set_values("vector", list(X))
    auto_label(demo_dataset, ["a", "b"], embeddings="vector", text_embeddings=np.eye(8)[:2])
    with pytest.raises(InputError, match="label again with vectors for all classes"):
        add_classes(demo_dataset, ["c"])
    labelling = add_classes(demo_dataset, ["c"], text_embeddings=np.eye(8)[:3])
    assert labelling.classes == ["a", "b", "c"]


def test_arrays_must_be_given_again(demo_dataset):
    X = np.random.default_rng(0).normal(size=(len(demo_dataset), 384))
    auto_label(demo_dataset, ["cat", "dog"], encoder="offline", second_embeddings=X)
    with pytest.raises(InputError, match=r"call add_classes or .* from Python, with the same ones"):
        add_classes(demo_dataset, ["grass"])
