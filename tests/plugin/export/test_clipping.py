"""What reaches out of the image is cut off, and what is inside stays as it is."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel.plugin.export.clipping import inside_image


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ([0.9, 0.9, 0.3, 0.3], [0.9, 0.9, 0.1, 0.1]),
        ([-0.1, 0.2, 0.3, 0.3], [0, 0.2, 0.2, 0.3]),
        ([-1, -1, 3, 3], [0, 0, 1, 1]),
    ],
)
def test_a_box_ends_at_the_edge_of_the_image(box, inside):
    label = fo.Detection(label="a", bounding_box=box, confidence=0.5, tags=["x"])
    clipped = inside_image(label)
    assert clipped.bounding_box == pytest.approx(inside)
    assert (clipped.id, clipped.label, clipped.confidence, clipped.tags) == (label.id, "a", 0.5, ["x"])
    assert label.bounding_box == box


@pytest.mark.parametrize("box", [[0, 0, 1, 1], [0.1, 0.2, 0.9, 0.8]])
def test_a_box_inside_stays_as_it_is(box):
    label = fo.Detection(label="a", bounding_box=box)
    assert inside_image(label) is label


@pytest.mark.parametrize("box", [[1, 0, 0.1, 0.1], [0, 0, 0, 1], [float("nan"), 0, 1, 1], None])
def test_a_box_with_nothing_inside_is_none(box):
    assert inside_image(fo.Detection(label="a", bounding_box=box)) is None


def test_a_mask_is_cut_with_its_box():
    mask = np.arange(16).reshape(4, 4)
    clipped = inside_image(fo.Detection(label="a", bounding_box=[0.5, -0.5, 1, 1], mask=mask))
    np.testing.assert_array_equal(clipped.mask, mask[2:, :2])


def test_a_shape_ends_at_the_edge_of_the_image():
    label = fo.Polyline(label="a", points=[[(0.5, 0.5), (1.5, 0.5), (0.5, -0.25)]])
    clipped = inside_image(label)
    assert clipped.points == [[[0.5, 0.5], [1, 0.5], [0.5, 0]]]
    assert clipped.id == label.id


@pytest.mark.parametrize("points", [[], [[]], [[(1.5, 0), (2, 0.5)]]])
def test_a_shape_with_nothing_inside_is_none(points):
    assert inside_image(fo.Polyline(label="a", points=points)) is None


def test_a_class_of_an_image_stays_as_it_is():
    label = fo.Classification(label="a")
    assert inside_image(label) is label
