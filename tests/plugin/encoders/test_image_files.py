"""Files of a folder that are images."""

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.encoders.image_files import image_files


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


def test_images_in_subfolders_are_found_in_order_and_hidden_ones_are_not(tmp_path):
    touch(tmp_path, "b.png", "a/2.JPG", "a/1.webp", "notes.txt", ".cache/x.jpg", "a/.thumb.jpg")
    (tmp_path / "folder.jpg").mkdir()
    assert image_files(tmp_path) == [str(tmp_path / name) for name in ("a/1.webp", "a/2.JPG", "b.png")]


def test_a_folder_without_images_is_refused(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(InputError, match="There are no images in"):
        image_files(tmp_path)
