"""Classes as people write them, and the sentences that answer what cannot be meant."""

import pytest
from fiftyone_autolabel.plugin.encoders.descriptions import (
    ClassDescription,
    class_text,
    parse_classes,
    read_classes,
)
from fiftyone_autolabel.plugin.engine.errors import InputError
from hypothesis import given, strategies as st


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
    classes = read_classes(["rocket, on its pad", "cat"])
    assert classes == [ClassDescription("rocket, on its pad"), ClassDescription("cat")]


def test_a_mapping_may_have_colons_in_its_names_and_commas_in_its_descriptions():
    classes = read_classes({"scale 1:100": ["a map, folded"], "cat": []})
    assert classes == [ClassDescription("scale 1:100", ("a map, folded",)), ClassDescription("cat")]


def test_classes_that_were_read_are_read_again_as_they_are():
    classes = read_classes({"scale 1:100": ["map"]})
    assert read_classes(classes) == classes


@pytest.mark.parametrize(
    "text", ["daisy, dandelion, rose", "daisy\ndandelion\n\nrose\n", "daisy,dandelion,,\r\nrose,"]
)
def test_commas_and_lines_separate_the_names_of_a_text(text):
    assert [one.name for one in parse_classes(text)] == ["daisy", "dandelion", "rose"]


def test_a_line_of_a_text_may_describe_a_class():
    assert parse_classes("cat, tulip\ndog: puppy, hound\nscale: map of 1:100") == [
        ClassDescription("cat"),
        ClassDescription("tulip"),
        ClassDescription("dog", ("puppy", "hound")),
        ClassDescription("scale", ("map of 1:100",)),
    ]


def test_what_is_in_double_quotes_is_taken_as_it_is():
    assert parse_classes('"Washington, D.C.", rose, 12" disk\n"scale 1:100": "a map, folded", plan') == [
        ClassDescription("Washington, D.C."),
        ClassDescription("rose"),
        ClassDescription('12" disk'),
        ClassDescription("scale 1:100", ("a map, folded", "plan")),
    ]


def test_several_names_before_a_colon_are_refused_in_a_text():
    with pytest.raises(InputError, match="'cat, dog' are several classes before a colon"):
        parse_classes("rose\ncat, dog: puppy")


NAMES = st.text(min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.builds(ClassDescription, NAMES, st.lists(NAMES, max_size=3).map(tuple))))
def test_classes_written_as_a_text_are_read_as_they_were(classes):
    assert parse_classes(class_text(classes)) == classes


@pytest.mark.parametrize("entry", ["daisy, dandelion, rose", "cat, dog: puppy"])
def test_an_only_entry_with_commas_in_its_name_is_refused(entry):
    with pytest.raises(InputError, match="would be one class with commas in its name: give"):
        read_classes([entry])


def test_one_name_with_commas_is_given_in_a_mapping():
    assert read_classes({"Washington, D.C.": []}) == [ClassDescription("Washington, D.C.")]


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
