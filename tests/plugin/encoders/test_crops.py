"""Boxes become the pixels that a person sees in them, and a file is opened once for all of its boxes."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders import base
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.cache import CachedEncoder
from fiftyone_autolabel.plugin.encoders.crops import ImageCrop
from fiftyone_autolabel.plugin.encoders.opening import open_image
from PIL import Image

RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)
LEFT, MIDDLE, RIGHT = (0, 0, 1 / 3, 1), (1 / 3, 0, 1 / 3, 1), (2 / 3, 0, 1 / 3, 1)


class MeanColourEncoder(BatchEncoder):
    """Embeds an image as its mean colour, two at a time."""

    name = "mean-colour-of-crops"
    version = "1"
    dimension = 3
    batch_size = 2

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((4, 4)), np.float32)

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        return batch.mean(axis=(1, 2))

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        return np.ones((len(texts), 3))


@pytest.fixture
def flag(tmp_path) -> str:
    """Three upright stripes: red, green and blue."""
    return stripes(tmp_path / "flag.png", (RED, GREEN, BLUE))


@pytest.fixture
def openings(monkeypatch) -> Counter:
    """How often each file was decoded."""
    counts: Counter = Counter()

    def counting(image: str, *args: object) -> Image.Image:
        counts[Path(image).name] += 1
        return open_image(image, *args)

    monkeypatch.setattr(base, "open_image", counting)
    return counts


def stripes(path: Path, colours: tuple) -> str:
    Image.fromarray(np.repeat(np.array([colours], np.uint8), 20, axis=1).repeat(30, axis=0)).save(path)
    return str(path)


def colours_of(vectors: np.ndarray) -> str:
    return "".join("rgb"[row] for row in vectors.argmax(axis=1))


def crops(path: str, *boxes: tuple) -> list[ImageCrop]:
    return [ImageCrop(path, box) for box in boxes]


def test_a_crop_shows_what_is_in_its_box(flag):
    result = MeanColourEncoder().embed_images(crops(flag, LEFT, MIDDLE, RIGHT))

    assert colours_of(result.vectors) == "rgb"


def test_a_margin_adds_a_share_of_the_box_on_every_side(flag):
    crop = open_image(ImageCrop(flag, (0.4, 0.4, 0.2, 0.2), margin=0.5))

    assert crop.size == (24, 12)


def test_a_margin_ends_where_the_image_ends(flag):
    assert open_image(ImageCrop(flag, (0, 0, 1, 1), margin=0.5)).size == (60, 30)


def test_a_box_that_juts_out_of_the_image_counts_as_far_as_it_is_inside(flag):
    assert ImageCrop(flag, (-0.5, 0.5, 1, 1)).region == (0, 0.5, 0.5, 1)


def test_a_box_that_is_smaller_than_a_pixel_is_one_pixel(flag):
    assert open_image(ImageCrop(flag, (0.999, 0.999, 1e-6, 1e-6))).size == (1, 1)


def test_a_box_lies_in_the_image_as_the_camera_was_held(tmp_path):
    path = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees: what is stored as left is seen at the top
    Image.open(stripes(path, (RED, GREEN, BLUE))).save(path, exif=exif)

    seen = MeanColourEncoder().embed_images(crops(str(path), (0, 0, 1, 1 / 3), (0, 2 / 3, 1, 1 / 3)))

    assert colours_of(seen.vectors) == "rb"


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((0.5, 0.5, 0, 0.2), "its box has no area"),
        ((0.5, 0.5, -0.1, 0.2), "its box has no area"),
        ((0.5, 0.5, np.nan, 0.2), "its box has no area"),
        ((1.2, 0.5, 0.1, 0.2), "its box lies outside the image"),
        ((0.5, -0.3, 0.1, 0.2), "its box lies outside the image"),
    ],
)
def test_a_bad_box_costs_only_its_object(flag, box, reason):
    result = MeanColourEncoder().embed_images(crops(flag, LEFT, box, RIGHT))

    assert result.errors == {1: f"Cannot read an object in {flag}: {reason}"}
    assert colours_of(result.vectors[[0, 2]]) == "rb"


def test_a_missing_file_costs_only_its_own_objects(flag, tmp_path):
    gone = str(tmp_path / "gone.png")

    result = MeanColourEncoder().embed_images([*crops(gone, LEFT, RIGHT), *crops(flag, MIDDLE)])

    assert list(result.errors) == [0, 1]
    assert colours_of(result.vectors[2:]) == "g"


def test_a_file_is_opened_once_for_all_of_its_boxes_whatever_the_batches(flag, tmp_path, openings):
    other = stripes(tmp_path / "other.png", (BLUE, RED, GREEN))

    result = MeanColourEncoder().embed_images([*crops(flag, *[LEFT, RIGHT] * 5), *crops(other, LEFT, MIDDLE)])

    assert openings == {"flag.png": 1, "other.png": 1}
    assert colours_of(result.vectors) == "rb" * 5 + "br"


def test_a_damaged_file_is_tried_once_for_all_of_its_boxes(tmp_path, openings):
    path = tmp_path / "notes.png"
    path.write_text("no image")

    result = MeanColourEncoder().embed_images(crops(str(path), LEFT, MIDDLE, RIGHT))

    assert len(result.errors) == 3
    assert openings == {"notes.png": 1}


def test_the_cache_opens_a_file_once_for_more_boxes_than_it_embeds_at_a_time(flag, tmp_path, openings):
    boxes = [(0, 0, 1 / 3, 1 / (1 + number)) for number in range(40)]

    result = CachedEncoder(MeanColourEncoder(), tmp_path).embed_images(crops(flag, *boxes))

    assert openings == {"flag.png": 1}
    assert colours_of(result.vectors) == "r" * 40


def test_the_cache_tells_boxes_of_one_file_apart_and_knows_them_in_a_copy(flag, tmp_path, openings):
    encoder = CachedEncoder(MeanColourEncoder(), tmp_path)
    encoder.embed_images(crops(flag, LEFT, MIDDLE))
    copy = tmp_path / "copy.png"
    copy.write_bytes(Path(flag).read_bytes())

    again = encoder.embed_images(crops(str(copy), MIDDLE, LEFT))

    assert colours_of(again.vectors) == "gr"
    assert openings == {"flag.png": 1}


def test_the_cache_tells_a_crop_from_its_whole_image(flag, tmp_path):
    encoder = CachedEncoder(MeanColourEncoder(), tmp_path)
    whole = encoder.embed_images([flag]).vectors

    np.testing.assert_allclose(encoder.embed_images(crops(flag, (0, 0, 1, 1))).vectors, whole, atol=1e-6)
    assert colours_of(encoder.embed_images(crops(flag, RIGHT)).vectors) == "b"


def test_the_cache_leaves_a_bad_box_to_its_object(flag, tmp_path):
    result = CachedEncoder(MeanColourEncoder(), tmp_path).embed_images(crops(flag, LEFT, (2, 2, 1, 1), RIGHT))

    assert list(result.errors) == [1]
    assert colours_of(result.vectors[[0, 2]]) == "rb"
