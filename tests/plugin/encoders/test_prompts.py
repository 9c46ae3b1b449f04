"""Class prototypes: the mean of a class's prompts, and what is refused before anything is embedded.

The encoder writes each text's letters into a vector, so that every mean can be worked out by hand.
"""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine.errors import InputError


class LetterEncoder(BatchEncoder):
    """Counts the letters a to z and the spaces of a text, and remembers what it read."""

    name = "letters"
    version = "1"
    dimension = 27
    prompt_templates = ("{}", "zz {}")

    def __init__(self) -> None:
        self.read: list[str] = []

    def preprocess(self, image):
        raise AssertionError("only the text tower may be asked")

    def forward_images(self, batch):
        raise AssertionError("only the text tower may be asked")

    def forward_texts(self, texts):
        self.read += texts
        return np.array(
            [[text.count(c) for c in "abcdefghijklmnopqrstuvwxyz "] for text in texts], np.float32
        )


def test_a_prototype_is_the_renormalised_mean_of_unit_prompt_vectors():
    prototype = class_prototypes(LetterEncoder(), ["a"])[0]

    alone, with_template = np.eye(27)[0], np.zeros(27)
    with_template[[0, 25, 26]] = np.array([1, 2, 1]) / np.sqrt(6)
    mean = (alone + with_template) / 2
    np.testing.assert_allclose(prototype, mean / np.linalg.norm(mean), atol=1e-6)


def test_prototypes_are_float32_unit_rows_in_the_order_of_the_classes():
    prototypes = class_prototypes(LetterEncoder(), ["b", "a", "c"], ["{}"])

    assert prototypes.dtype == np.float32
    assert prototypes.argmax(axis=1).tolist() == [1, 0, 2]
    np.testing.assert_allclose(np.linalg.norm(prototypes, axis=1), 1, rtol=1e-6)


def test_an_underscore_reads_as_a_space():
    encoder = LetterEncoder()
    class_prototypes(encoder, ["traffic_light"], ["a photo of a {}."])

    assert encoder.read == ["a photo of a traffic light."]


def test_a_name_may_hold_braces():
    encoder = LetterEncoder()
    class_prototypes(encoder, ["set {0}"], ["a {}"])

    assert encoder.read == ["a set {0}"]


def test_the_name_and_every_description_count_alike():
    prototype = class_prototypes(LetterEncoder(), ["a: b, c", "d"], ["{}"])

    np.testing.assert_allclose(prototype[0], np.eye(27)[:3].sum(axis=0) / np.sqrt(3), atol=1e-6)
    np.testing.assert_allclose(prototype[1], np.eye(27)[3], atol=1e-6)


def test_descriptions_go_through_every_template():
    encoder = LetterEncoder()
    class_prototypes(encoder, {"dog": ["guide_dog"]}, ["a {}", "the {}"])

    assert encoder.read == ["a dog", "the dog", "a guide dog", "the guide dog"]


@pytest.mark.parametrize("template", ["a photo", "{} and {}", "a {name}"])
def test_a_template_needs_exactly_one_place_for_the_name(template):
    encoder = LetterEncoder()

    with pytest.raises(InputError, match="exactly one"):
        class_prototypes(encoder, ["cat"], ["a {}", template])
    assert encoder.read == []


@pytest.mark.parametrize("templates", [[], "a photo of a {}", [3], 3])
def test_templates_are_a_list_that_is_not_empty(templates):
    with pytest.raises(InputError, match="list of at least one text"):
        class_prototypes(LetterEncoder(), ["cat"], templates)


@pytest.mark.parametrize("classes", [[], "cat", ["cat", " "], ["cat", "dog", "cat"]])
def test_unusable_class_names_are_refused(classes):
    with pytest.raises(InputError):
        class_prototypes(LetterEncoder(), classes)
