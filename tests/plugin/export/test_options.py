"""What cannot be exported is refused with one sentence, before any work starts."""

import pytest
from fiftyone_autolabel import ExportOptions, InputError
from fiftyone_autolabel.plugin.export.options import (
    Format,
    check_options,
    confidence_text,
    parse_classes,
    parse_confidence,
)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"minimum_confidence": 1.5}, "minimum confidence is 1.5: give one from 0 to 1"),
        ({"minimum_confidence": float("nan")}, "minimum confidence is nan"),
        ({"minimum_confidence": {"cat": 2}}, "minimum confidence of 'cat' is 2"),
        ({"images": "move"}, "Images can be 'copy', 'symlink', 'hardlink' or 'none', not 'move'"),
        ({"margin": 2}, "The margin is a share of the box from 0 to 1, not 2"),
        ({"splits": (0.8, 0.2)}, r"Give three shares, .*, not 0\.8, 0\.2"),
        ({"splits": (0, 1, 1)}, "that of train above 0"),
        ({"splits": (1, -1, 1)}, "none below 0"),
        ({"classes": "cat, dog"}, "Give the classes as a list of names, not 'cat, dog'"),
        ({"classes": ("cat", "cat")}, "The class 'cat' is given twice"),
        ({"seed": -1}, "seed is -1: give a whole number"),
        ({"near_duplicates": 0}, "cosine of near-duplicates is 0: give one above 0"),
    ],
)
def test_an_impossible_value_is_refused(options, sentence):
    with pytest.raises(InputError, match=sentence):
        ExportOptions(**options)


@pytest.mark.parametrize(
    ("format", "options", "sentence"),
    [
        ("voc", {}, "There is no export format 'voc': choose 'folders', 'yolo-classification'"),
        ("coco", {"near_duplicates": 0.98}, "Near-duplicates only matter where there are splits"),
        ("coco", {"spreadsheet": True}, "Only the format 'csv' can be written for a spreadsheet"),
        ("csv", {"write_split_tags": True}, "There are no splits to write as tags"),
        ("folders", {"images": "none"}, "needs the images"),
        ("yolo-detection", {"splits": (1, 0, 0)}, "needs images in val"),
    ],
)
def test_what_makes_no_sense_in_a_format_is_refused(format, options, sentence):
    with pytest.raises(InputError, match=sentence):
        check_options(format, ExportOptions(**options))


def test_shares_may_be_percentages():
    assert ExportOptions(splits=(80, 10, 10)).splits == (0.8, 0.1, 0.1)


def test_only_yolo_is_split_unasked():
    split = [chosen.value for chosen in Format if ExportOptions().shares(chosen)]
    assert split == ["yolo-classification", "yolo-detection"]


def test_classes_are_typed_with_commas_or_on_lines():
    assert parse_classes("cat, sports car\ndog\n") == ("cat", "sports car", "dog")
    assert parse_classes(" \n") is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (None, 0.0),
        (" ", 0.0),
        ("0.8", 0.8),
        (0.8, 0.8),
        ("cat: 0.9, dog: 0.6", {"cat": 0.9, "dog": 0.6}),
        ('{"a, b": 0.5}', {"a, b": 0.5}),
    ],
)
def test_minimum_confidences_are_read_as_they_are_typed(text, read):
    assert parse_confidence(text) == read


@pytest.mark.parametrize("minimum", [0.25, {"cat": 0.9, "a: b, c": 0.6}])
def test_minimum_confidences_come_back_from_their_text(minimum):
    assert parse_confidence(confidence_text(minimum)) == minimum


@pytest.mark.parametrize("text", ["high", "cat: high", "cat: 0.5, dog", "{cat: 1}"])
def test_other_texts_are_no_minimum_confidences(text):
    with pytest.raises(InputError, match=r"Give minimum confidences like 0\.8, or like"):
        parse_confidence(text)
