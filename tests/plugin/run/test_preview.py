"""Class names can be tried on some images before anything is written."""

import pytest
from fiftyone_autolabel import InputError, preview

GIVEN = {"encoder": "offline", "progress": False}


def test_a_random_sample_is_labelled_and_nothing_is_written(demo_dataset):
    before = demo_dataset.get_field_schema().keys()
    frame = preview(demo_dataset, ["cat", "rocket"], n_images=6, **GIVEN).to_frame()
    assert len(frame) == 6
    assert set(frame["path"]) <= set(demo_dataset.values("filepath"))
    assert frame["confidence"].between(0, 1).all()
    assert demo_dataset.get_field_schema().keys() == before
    assert demo_dataset.list_runs() == []


def test_a_seed_gives_the_same_images(demo_dataset):
    first, second = (preview(demo_dataset, ["cat"], n_images=3, seed=1, **GIVEN).paths for _ in range(2))
    assert first == second


def test_a_selection_is_labelled_as_a_whole(demo_dataset):
    chosen = demo_dataset.limit(4)
    assert sorted(preview(chosen, ["cat"], **GIVEN).paths) == sorted(chosen.values("filepath"))


@pytest.mark.parametrize("n_images", [0, -1, 2.5])
def test_a_number_of_images_that_makes_no_sense_is_refused(demo_dataset, n_images):
    with pytest.raises(InputError, match="n_images"):
        preview(demo_dataset, ["cat"], n_images=n_images)


def test_examples_are_refused_because_a_preview_keeps_none(demo_dataset):
    with pytest.raises(InputError, match="takes no examples"):
        preview(demo_dataset, ["cat"], examples="tags", **GIVEN)
