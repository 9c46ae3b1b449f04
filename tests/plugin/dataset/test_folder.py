"""A folder of images becomes a FiftyOne dataset once, and is found again later."""

import fiftyone as fo
import pytest
from fiftyone_autolabel.plugin.dataset.folder import (
    dataset_from_folder,
    find_source,
    open_source,
    opened_source,
)
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image


@pytest.fixture
def folder(tmp_path, request):
    """Two images, one of them in a subfolder, in a folder named after the test."""
    folder = tmp_path / request.node.name
    (folder / "more").mkdir(parents=True)
    for name in ("a.jpg", "more/b.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    return folder


def _names(dataset):
    return [path.rpartition("/")[2] for path in dataset.values("filepath")]


def test_a_folder_becomes_a_dataset_of_its_name(folder):
    dataset = dataset_from_folder(folder)
    assert (dataset.name, _names(dataset)) == (folder.name, ["a.jpg", "b.png"])


def test_the_dataset_of_a_folder_is_kept_when_the_work_on_it_ends_well(folder):
    with opened_source(str(folder)) as dataset:
        assert not dataset.persistent
    assert dataset.persistent


def test_the_dataset_of_a_folder_does_not_stay_when_the_work_on_it_fails(folder):
    with pytest.raises(InputError, match="no good"), opened_source(str(folder)):
        raise InputError("no good")
    assert not fo.dataset_exists(folder.name)


def test_a_dataset_that_was_kept_stays_when_later_work_on_it_fails(folder):
    with opened_source(str(folder)):
        pass
    with pytest.raises(InputError, match="no good"), opened_source(str(folder)):
        raise InputError("no good")
    assert fo.dataset_exists(folder.name)


def test_somebody_elses_dataset_stays_as_it_is():
    fo.Dataset("not persistent")
    with opened_source("not persistent") as dataset:
        pass
    assert not dataset.persistent


def test_the_dataset_can_have_another_name(folder):
    assert dataset_from_folder(folder, "holiday photos").name == "holiday photos"


def test_files_that_are_no_images_are_left_out(folder):
    (folder / "notes.txt").write_text("no image")
    assert len(dataset_from_folder(folder)) == 2


def test_hidden_files_and_folders_are_left_out(folder):
    (folder / ".thumbnails").mkdir()
    Image.new("RGB", (8, 8)).save(folder / ".thumbnails" / "a.jpg")
    Image.new("RGB", (8, 8)).save(folder / "._a.jpg")
    assert len(dataset_from_folder(folder)) == 2


def test_opening_a_folder_again_adds_only_new_images(folder):
    first_ids = dataset_from_folder(folder).values("id")
    Image.new("RGB", (8, 8)).save(folder / "new.jpg")
    dataset = dataset_from_folder(folder)
    assert (dataset.values("id")[:2], _names(dataset)) == (first_ids, ["a.jpg", "b.png", "new.jpg"])


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(InputError, match="There are no images in"):
        dataset_from_folder(tmp_path)


def test_a_dataset_that_is_not_the_folders_is_left_alone(folder):
    fo.Dataset(folder.name)
    with pytest.raises(InputError, match="was not made from"):
        dataset_from_folder(folder)


def test_a_name_that_fiftyone_refuses_is_refused(folder):
    with pytest.raises(InputError, match="give another name"):
        dataset_from_folder(folder, "???")


def test_a_source_can_be_the_path_of_a_folder(folder):
    assert len(open_source(str(folder))) == 2


def test_a_source_can_be_the_name_of_a_dataset(folder):
    dataset = dataset_from_folder(folder, "known by name")
    assert open_source("known by name") is dataset


def test_a_source_that_is_neither_is_refused():
    with pytest.raises(InputError, match="'nowhere' is neither a folder nor a FiftyOne dataset"):
        open_source("nowhere")


def test_a_dataset_is_not_given_another_name():
    fo.Dataset("has a name")
    with pytest.raises(InputError, match="is a dataset already"):
        open_source("has a name", "another")


def test_a_dataset_that_is_there_is_found_by_folder_or_name_and_left_as_it_is(folder):
    dataset = dataset_from_folder(folder, "found")
    Image.new("RGB", (8, 8)).save(folder / "new.jpg")
    assert find_source(str(folder)) is dataset
    assert find_source("found") is dataset
    assert len(dataset) == 2


def test_a_dataset_with_the_name_of_a_folder_is_found_where_the_folder_made_none(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    dataset = fo.Dataset(folder.name)
    assert find_source(folder.name) is dataset


def test_nothing_is_made_of_a_folder_that_is_only_looked_for(folder):
    with pytest.raises(InputError, match="No dataset was made from the folder"):
        find_source(str(folder))
    assert not fo.dataset_exists(folder.name)


def test_an_unknown_name_is_answered_with_at_most_five_similar_ones():
    for number in range(8):
        fo.Dataset(f"similar album {number}")
    fo.Dataset("something quite different")
    with pytest.raises(InputError, match="check the path or name; similar datasets are ") as refusal:
        find_source("similar album")
    assert str(refusal.value).count("similar album ") == 5
    assert "quite different" not in str(refusal.value)


def test_a_file_in_place_of_a_folder_is_called_a_file(folder):
    path = next(path for path in folder.rglob("*") if path.is_file())
    with pytest.raises(InputError, match="is a file, not a folder or a FiftyOne dataset"):
        find_source(str(path))
