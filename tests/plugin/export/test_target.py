"""An export never takes the place of the images that it is made from."""

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.export.target import check_target


@pytest.fixture
def target(tmp_path):
    """An earlier export."""
    (tmp_path / "manifest.json").touch()
    return tmp_path


def test_images_of_the_dataset_are_never_overwritten(target):
    with pytest.raises(InputError, match="Images of the dataset lie in"):
        check_target(target, overwrite=True, images=[str(target / "data" / "a.jpg")])


def test_an_earlier_export_is_overwritten_on_request_only(target):
    check_target(target, overwrite=True, images=["/photos/a.jpg"])
    with pytest.raises(InputError, match="exists: choose another folder, or overwrite it"):
        check_target(target, overwrite=False)


def test_a_folder_that_is_no_export_is_never_overwritten(target):
    (target / "manifest.json").rename(target / "thesis.tex")
    with pytest.raises(InputError, match=r"holds no manifest\.json, and is not overwritten"):
        check_target(target, overwrite=True)
