"""What class counts say about a run beside its expected accuracy."""

import pytest
from fiftyone_autolabel.plugin.report.remarks import remarks


def test_a_run_with_one_class_says_that_the_accuracy_is_unknown():
    (sentence,) = remarks({"cat": 12})
    assert sentence.startswith(
        "With one class every image gets that label, so the expected accuracy is unknown"
    )


def test_one_of_several_classes_that_got_everything_is_named():
    (sentence,) = remarks({"cat": 0, "dog": 1_200, "cow": 0}, "object")
    assert sentence.startswith("All 1,200 objects are labelled 'dog', one of 3 classes")


def test_a_class_without_images_is_named():
    assert remarks({"cat": 3, "dog": 0, "cow": 1}) == ["1 class without images: dog."]


def test_of_many_classes_without_images_five_are_named():
    empty = {f"kind {number}": 0 for number in range(9)}
    assert remarks({"cat": 3, "dog": 2} | empty) == [
        "9 classes without images: kind 0, kind 1, kind 2, kind 3, kind 4 and 4 more."
    ]


@pytest.mark.parametrize("counts", [{"cat": 3, "dog": 2}, {}])
def test_there_is_nothing_to_say_where_every_class_got_images(counts):
    assert remarks(counts) == []


def test_a_single_image_is_not_taken_for_a_sign():
    assert remarks({"cat": 1, "dog": 0}) == ["1 class without images: dog."]
