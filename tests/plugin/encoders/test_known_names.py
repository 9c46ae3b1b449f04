"""What the text tower knows of the class names, with the real offline encoder where it counts."""

import logging

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.base import KnowsNames
from fiftyone_autolabel.plugin.encoders.cache import CachedEncoder
from fiftyone_autolabel.plugin.encoders.known_names import (
    class_reliability,
    name_warnings,
    reliability_with_warnings,
    unknown_names,
)
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.engine.errors import InputError


class SilentEncoder:
    """A text tower that does not say what it knows, as CLIP's."""

    name = "silent"
    version = "1"
    dimension = 2
    logit_scale = None
    prompt_templates = ("{}",)


@pytest.fixture(scope="module")
def encoder() -> OfflineEncoder:
    return OfflineEncoder()


def test_names_of_imagenet_are_known_and_those_of_blood_cells_are_not(encoder):
    reliability = class_reliability(encoder, ["tabby cat", "goldfish", "eosinophil", "lymphocyte"])
    assert reliability.dtype == np.float32
    assert (reliability[:2] > 0.95).all()
    assert (reliability[2:] < 0.3).all()


def test_a_name_is_as_reliable_as_the_best_of_its_descriptions(encoder):
    plain, described, description = class_reliability(encoder, ["tulip", "dandelion: daisy", "daisy flower"])
    assert plain < 0.5 < described
    assert described >= class_reliability(encoder, ["daisy"])[0]
    assert description > 0.5


def test_a_name_is_read_in_words(encoder):
    written = class_reliability(encoder, ["trafficLight", "/t/traffic_lights"])
    assert written[0] == pytest.approx(class_reliability(encoder, ["traffic light"])[0], abs=1e-6)


def test_an_unknown_name_comes_with_what_it_is_taken_for(encoder):
    unknown = unknown_names(encoder, ["daisy", "dandelion", "tulip"])
    assert [one.name for one in unknown] == ["dandelion", "tulip"]
    assert [one.taken_for for one in unknown] == ["Pickelhaube", "cauliflower"]
    assert all(one.reliability < 0.5 for one in unknown)


def test_one_sentence_says_which_names_are_unknown_and_what_to_do(encoder):
    assert name_warnings(encoder, ["daisy", "dandelion", "tulip"]) == [
        "The offline encoder does not know: dandelion (taken for Pickelhaube), tulip (taken for "
        "cauliflower). Describe them, name them differently, or use OpenCLIP."
    ]


def test_a_described_class_is_no_longer_unknown(encoder):
    assert name_warnings(encoder, ["goldfish", "tulip: daisy in a flower pot"]) == []


def test_codes_are_said_for_every_encoder():
    assert name_warnings(SilentEncoder(), ["n02084071", "2c", "dog"]) == [
        "A text encoder reads words, not codes: n02084071, 2c. Describe these classes or name them in words."
    ]


def test_a_code_that_is_described_is_no_cause_for_warning():
    assert name_warnings(SilentEncoder(), ["n02084071: dog", "cat"]) == []


def test_a_long_list_is_cut(encoder):
    names = [f"xq{letter}zv" for letter in "abcdefghijklmnop"]
    assert name_warnings(encoder, names)[0].count("taken for") == 12
    assert "and 4 more." in name_warnings(encoder, names)[0]


def test_an_encoder_that_cannot_tell_says_nothing():
    assert class_reliability(SilentEncoder(), ["eosinophil"]) is None
    assert name_warnings(SilentEncoder(), ["eosinophil"]) == []


def test_without_a_text_tower_nothing_is_said():
    assert class_reliability(None, ["2c"]) is None
    assert name_warnings(None, ["2c"]) == []


def test_unusable_classes_are_refused(encoder):
    with pytest.raises(InputError, match="given twice"):
        class_reliability(encoder, ["cat", "Cat"])


def test_warnings_are_logged_beside_the_same_reliability(encoder, caplog):
    with caplog.at_level(logging.WARNING):
        reliability = reliability_with_warnings(encoder, ["eosinophil", "cat"])
    assert "does not know: eosinophil" in caplog.text
    np.testing.assert_array_equal(reliability, class_reliability(encoder, ["eosinophil", "cat"]))


@pytest.mark.parametrize("silent", [None, SilentEncoder()])
def test_an_encoder_that_cannot_tell_has_no_reliability(silent):
    assert reliability_with_warnings(silent, ["cat"]) is None


def test_a_cache_around_an_encoder_knows_what_the_encoder_knows(encoder, tmp_path):
    cached = CachedEncoder(encoder, tmp_path)
    assert isinstance(cached, KnowsNames)
    assert cached.name_reliability(["cat"]) == encoder.name_reliability(["cat"])


def test_no_text_has_no_reliability(encoder):
    assert encoder.name_reliability([]).shape == (0,)
