"""Every class has a folder that every file system takes, and no image overwrites another."""

import unicodedata
from pathlib import PurePath

import pytest
from fiftyone_autolabel.plugin.export.names import safe_folder_names, unique_file_names
from hypothesis import given, strategies as st


def folder_of(name):
    return safe_folder_names([name])[name]


@pytest.mark.parametrize("name", ["cat", "sports car", "Bär", "犬", "3.5 mm plug", "C++", "don't"])
def test_a_harmless_name_is_kept(name):
    assert folder_of(name) == name


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("car/van", "car_van"),
        (r"car\van", "car_van"),
        ("what?", "what_"),
        ("..", "_"),
        ("../../etc", "_.._.._etc"),
        (".hidden", "_.hidden"),
        ("etc.", "etc"),
        (" cat ", "cat"),
        ("two\nlines", "two_lines"),
        ("", "_"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
    ],
)
def test_a_name_that_some_file_system_refuses_is_changed(name, folder):
    assert folder_of(name) == folder


def test_a_name_of_any_length_fits():
    assert len(folder_of("犬" * 300).encode()) <= 255


def test_names_that_differ_in_case_have_folders_that_differ_in_more():
    assert safe_folder_names(["dog", "Dog", "DOG"]) == {"DOG": "DOG", "Dog": "Dog-2", "dog": "dog-3"}


def test_names_that_differ_in_how_accents_are_encoded_have_folders_that_differ_in_more():
    composed, decomposed = (unicodedata.normalize(form, "Bär") for form in ("NFC", "NFD"))
    assert safe_folder_names([decomposed, composed]) == {composed: composed, decomposed: f"{composed}-2"}


def test_a_changed_name_does_not_take_a_name_that_another_class_has():
    assert safe_folder_names(["a/b", "a_b", "a_b-2"]) == {"a_b": "a_b", "a_b-2": "a_b-2", "a/b": "a_b-3"}


def test_the_order_of_the_classes_does_not_matter():
    names = ["dog", "a/b", "Dog", "a_b"]
    assert safe_folder_names(names) == safe_folder_names(names[::-1])


@given(st.lists(st.text(max_size=8), unique=True, max_size=30))
def test_any_names_have_folders_of_their_own_one_level_down(names):
    folders = list(safe_folder_names(names).values())
    assert len({unicodedata.normalize("NFKC", folder).casefold() for folder in folders}) == len(names)
    assert all(PurePath(folder).name == folder for folder in folders)
    assert not any(folder.startswith(".") or folder.endswith((".", " ")) for folder in folders)


def test_the_first_image_of_a_name_keeps_it():
    assert unique_file_names(["x/a.jpg", "y/a.jpg", "y/b.jpg"]) == ["a.jpg", "a-2.jpg", "b.jpg"]


def test_a_number_is_not_given_to_two_images():
    assert unique_file_names(["x/a.jpg", "y/a.jpg", "z/a-2.jpg"]) == ["a.jpg", "a-3.jpg", "a-2.jpg"]


def test_images_differ_in_more_than_their_extension():
    assert unique_file_names(["a.jpg", "a.png", "A.jpeg"]) == ["a.jpg", "a-2.png", "A-3.jpeg"]


@given(st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "a-2-2", "b"]), max_size=30))
def test_all_images_could_lie_in_one_folder(stems):
    names = unique_file_names([f"{row}/{stem}.jpg" for row, stem in enumerate(stems)])
    assert len({name.casefold() for name in names}) == len(stems)
