"""Classes as people write them, and the sentences that answer what cannot be meant."""

import pytest
from fiftyone_autolabel.plugin.encoders.descriptions import ClassDescription, read_classes
from fiftyone_autolabel.plugin.engine.errors import InputError


def test_a_plain_name_is_a_class_without_descriptions():
    assert read_classes([" cat "]) == [ClassDescription("cat")]


def test_what_follows_a_colon_describes_the_class():
    assert read_classes(["dog: puppy , hound", "cat"]) == [
        ClassDescription("dog", ("puppy", "hound")),
        ClassDescription("cat"),
    ]


def test_only_the_first_colon_ends_the_name():
    assert read_classes(["scale: map of 1:100"]) == [ClassDescription("scale", ("map of 1:100",))]


def test_nothing_after_the_colon_means_no_descriptions():
    assert read_classes(["dog: "]) == [ClassDescription("dog")]


def test_a_comma_in_a_name_without_descriptions_is_part_of_it():
    assert read_classes(["rocket, on its pad"]) == [ClassDescription("rocket, on its pad")]


def test_a_mapping_may_have_colons_in_its_names_and_commas_in_its_descriptions():
    classes = read_classes({"scale 1:100": ["a map, folded"], "cat": []})
    assert classes == [ClassDescription("scale 1:100", ("a map, folded",)), ClassDescription("cat")]


def test_classes_that_were_read_are_read_again_as_they_are():
    classes = read_classes({"scale 1:100": ["map"]})
    assert read_classes(classes) == classes


@pytest.mark.parametrize("entry", ["cat", "dog: puppy, hound", "rocket, on its pad"])
def test_a_class_is_written_as_it_is_read(entry):
    assert read_classes([entry])[0].entry == entry


@pytest.mark.parametrize("one", [ClassDescription("1:100"), ClassDescription("map", ("folded, old",))])
def test_what_one_line_cannot_hold_is_not_written_in_one(one):
    with pytest.raises(InputError, match="cannot be written in one line"):
        _ = one.entry


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ("dog: puppy", "Classes must be a list of names, not the single text"),
        (3, "Classes must be a list of names, not 3"),
        ([], "No classes given"),
        ([3], "Class names must be text"),
        ([": puppy"], "Class name number 1 is blank"),
        (["dog: puppy", "Dog"], "Class 'Dog' is given twice"),
        (["dog: puppy,,hound"], "Description number 2 of class 'dog' is blank"),
        (["dog: puppy", "cat: kitten, Puppy"], "'Puppy' stands for both class 'dog' and class 'cat'"),
        (["dog: puppy", "puppy"], "'puppy' stands for both class 'dog' and class 'puppy'"),
        (["dog: puppy, puppy"], "Class 'dog' is described twice in the same words"),
        (["dog: Dog"], "Class 'dog' is described twice in the same words"),
        ({"dog": "puppy"}, "The descriptions of class 'dog' must be a list of texts, not 'puppy'"),
        ({"dog": None}, "The descriptions of class 'dog' must be a list of texts, not None"),
        ({"dog": [3]}, "The descriptions of class 'dog' must be text"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(classes, sentence):
    with pytest.raises(InputError, match=sentence):
        read_classes(classes)
