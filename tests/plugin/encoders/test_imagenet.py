"""The texts about the ImageNet classes."""

import pytest
from fiftyone_autolabel.plugin.encoders.imagenet import imagenet_texts


def test_every_class_has_a_name_and_a_definition():
    known = imagenet_texts()
    assert len(known.names) == len(known.definitions) == 1000
    assert all(known.names)
    assert all(known.definitions)


@pytest.mark.parametrize(("index", "name"), [(0, "tench"), (251, "Dalmatian"), (954, "banana")])
def test_classes_are_in_the_order_of_the_classifier(index: int, name: str):
    assert imagenet_texts().names[index] == name


def test_names_tell_two_meanings_of_a_word_apart():
    cranes = [name for name in imagenet_texts().names if "crane" in name]
    assert len(set(cranes)) == 2
