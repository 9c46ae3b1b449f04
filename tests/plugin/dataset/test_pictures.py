"""Small pictures of samples: those that cannot be read are left out, whatever is wrong with them."""

import fiftyone as fo
import pytest
from fiftyone_autolabel.plugin.dataset.fields import FieldNames
from fiftyone_autolabel.plugin.dataset.pictures import pictures_of
from PIL import Image


@pytest.fixture
def dataset(tmp_path):
    """A photo, and a file that is none."""
    Image.new("RGB", (300, 200), "red").save(tmp_path / "photo.jpg")
    (tmp_path / "torn.jpg").write_bytes(b"no picture")
    dataset = fo.Dataset()
    dataset.add_samples(fo.Sample(filepath=str(tmp_path / name)) for name in ("photo.jpg", "torn.jpg"))
    yield dataset
    dataset.delete()


def test_a_file_that_is_no_picture_costs_only_itself(dataset):
    (address,) = pictures_of(dataset, FieldNames(), dataset.values("id"))
    assert address.startswith("data:image/jpeg;base64,")


def test_a_slice_of_groups_that_is_not_shown_has_pictures_too(tmp_path):
    Image.new("RGB", (300, 200), "red").save(tmp_path / "photo.jpg")
    group = fo.Group()
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    dataset.add_samples(
        fo.Sample(filepath=str(tmp_path / "photo.jpg"), group=group.element(side))
        for side in ("left", "right")
    )
    right = dataset.select_group_slices("right").values("id")
    assert len(pictures_of(dataset, FieldNames(), right)) == 1
    dataset.delete()


def test_a_picture_too_large_to_be_read_is_left_out(dataset, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert pictures_of(dataset, FieldNames(), dataset.values("id")) == ()
