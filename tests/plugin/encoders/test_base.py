"""What every encoder promises about images, through one that computes mean colours.

The images are real files that Pillow wrote, whole or damaged.
"""

from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.opening import open_image
from PIL import Image

RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)


class MeanColourEncoder(BatchEncoder):
    """Embeds an image as its mean colour, and a text as the colour that its first letter names."""

    name = "mean-colour"
    version = "1"
    dimension = 3
    batch_size = 2

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((4, 4)), np.float32)

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        return batch.mean(axis=(1, 2))

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        return np.array([[text.startswith(letter) for letter in "rgb"] for text in texts], np.float32)


def colour_file(path: Path, colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", (16, 12), colour).save(path)
    return path


def nearest_colours(vectors: np.ndarray) -> str:
    return "".join("rgb"[i] for i in vectors.argmax(axis=1))


def test_vectors_come_in_the_order_of_the_images_when_the_last_batch_is_short(tmp_path):
    images = [colour_file(tmp_path / f"{i}.png", c) for i, c in enumerate((RED, GREEN, BLUE, RED, BLUE))]

    result = MeanColourEncoder().embed_images(images)

    assert nearest_colours(result.vectors) == "rgbrb"


def test_vectors_are_float32_unit_rows():
    vectors = MeanColourEncoder().embed_images([Image.new("RGB", (8, 8), RED)] * 3).vectors

    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_a_bad_image_costs_only_itself(tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("no image")
    images = [Image.new("RGB", (8, 8), RED), bad, Image.new("RGB", (8, 8), BLUE)]

    result = MeanColourEncoder().embed_images(images)

    assert nearest_colours(result.vectors[[0, 2]]) == "rb"
    assert not result.vectors[1].any()
    assert list(result.errors) == [1]


def test_a_failure_names_the_image_and_the_reason(tmp_path):
    missing = tmp_path / "gone.jpg"

    error = MeanColourEncoder().embed_images([missing]).errors[0]

    assert str(missing) in error
    assert "No such file" in error


def test_a_truncated_jpeg_is_a_failure(tmp_path):
    path = tmp_path / "half.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:1500])

    assert "truncated" in MeanColourEncoder().embed_images([path]).errors[0]


def test_an_array_that_is_no_image_is_a_failure():
    result = MeanColourEncoder().embed_images([np.zeros((4, 4, 7), np.uint8)])

    assert "the given image" in result.errors[0]


@pytest.mark.parametrize("bad", [np.inf, np.nan, 0.0])
def test_a_vector_that_has_no_direction_is_a_failure(bad):
    class Failing(MeanColourEncoder):
        def forward_images(self, batch):
            return np.where(np.arange(len(batch))[:, None] == 0, bad, super().forward_images(batch))

    result = Failing().embed_images([Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)])

    assert list(result.errors) == [0]
    assert np.isfinite(result.vectors).all()


class FailingEncoder(MeanColourEncoder):
    """Fails as a model without memory does: on batches of more than `most` images, and on red ones."""

    def __init__(self, most: int) -> None:
        self.most = most

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        if len(batch) > self.most or (batch == RED).all(axis=-1).any():
            raise MemoryError("no memory left")
        return super().forward_images(batch)


def test_a_batch_that_is_too_large_for_the_model_is_embedded_image_by_image():
    images = [Image.new("RGB", (8, 8), colour) for colour in (GREEN, BLUE, BLUE, GREEN)]

    result = FailingEncoder(most=1).embed_images(images)

    assert nearest_colours(result.vectors) == "gbbg"
    assert result.errors == {}


def test_an_image_on_which_the_model_fails_costs_only_itself():
    images = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, GREEN, RED, RED, RED)]

    result = FailingEncoder(most=2).embed_images(images)

    assert nearest_colours(result.vectors[[1, 2]]) == "bg"
    assert list(result.errors) == [0, 3, 4, 5]
    assert "no memory left" in result.errors[0]


def test_a_model_that_fails_on_a_plain_image_too_ends_the_run():
    with pytest.raises(MemoryError, match="no memory left"):
        FailingEncoder(most=0).embed_images([Image.new("RGB", (8, 8), GREEN)] * 4)


def test_a_failure_without_a_message_is_named_by_its_kind():
    class Silent(MeanColourEncoder):
        def preprocess(self, image):
            raise MemoryError

    assert "MemoryError" in Silent().embed_images([Image.new("RGB", (8, 8))]).errors[0]


def test_progress_rises_to_the_number_of_images(tmp_path):
    calls = []
    images = [Image.new("RGB", (8, 8), RED), tmp_path / "missing.png", *[Image.new("RGB", (8, 8))] * 3]

    MeanColourEncoder().embed_images(images, lambda done, total: calls.append((done, total)))

    assert calls == [(2, 5), (4, 5), (5, 5)]


def test_no_images_give_no_rows():
    result = MeanColourEncoder().embed_images([])

    assert result.vectors.shape == (0, 3)
    assert result.errors == {}


def test_texts_are_embedded_in_order_across_batches():
    vectors = MeanColourEncoder().embed_texts(["blue", "red", "green", "blue", "red"])

    assert nearest_colours(vectors) == "brgbr"
    assert vectors.dtype == np.float32


def test_no_texts_give_no_rows():
    assert MeanColourEncoder().embed_texts([]).shape == (0, 3)


def test_greyscale_becomes_rgb():
    opened = open_image(np.full((5, 7), 99, np.uint8))

    assert opened.mode == "RGB"
    assert opened.size == (7, 5)
    assert opened.getpixel((0, 0)) == (99, 99, 99)


def test_an_array_with_one_channel_is_greyscale():
    assert open_image(np.full((5, 7, 1), 99, np.uint8)).getpixel((0, 0)) == (99, 99, 99)


def test_transparent_pixels_become_white():
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (*RED, 255))

    opened = open_image(image)

    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), RED]


def test_a_transparent_palette_colour_becomes_white(tmp_path):
    path = tmp_path / "palette.png"
    Image.new("P", (2, 2), 0).save(path, transparency=0)

    assert open_image(path).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_deep_pixels_are_stretched_to_8_bit_instead_of_clipped(dtype):
    ramp = np.linspace(1000, 3000, 256).reshape(16, 16).astype(dtype)

    opened = np.asarray(open_image(ramp))[..., 0].ravel()

    assert opened[0] == 0
    assert opened[-1] == 255
    assert 126 <= opened[128] <= 129


def test_a_16_bit_png_file_is_stretched(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.array([[0, 2000], [4000, 4000]], np.uint16)).save(path)

    assert [open_image(path).getpixel(xy)[0] for xy in ((0, 0), (1, 0), (0, 1))] == [0, 127, 255]


def test_an_image_of_one_deep_value_is_black_and_no_failure():
    assert open_image(np.full((4, 4), 3000, np.uint16)).getpixel((0, 0)) == (0, 0, 0)


def test_pixels_that_are_not_finite_are_a_failure():
    result = MeanColourEncoder().embed_images([np.full((4, 4), np.nan, np.float32)])

    assert "not finite" in result.errors[0]


def test_an_image_is_turned_upright_by_its_exif_orientation(tmp_path):
    path = tmp_path / "rotated.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(path, exif=exif)

    assert open_image(path).size == (10, 20)


def test_a_large_jpeg_is_decoded_no_smaller_than_asked(tmp_path):
    path = tmp_path / "large.jpg"
    Image.new("RGB", (1600, 1200), RED).save(path)

    assert open_image(path).size == (1600, 1200)
    assert open_image(path, decoded_side=500).size == (800, 600)
    assert open_image(path, decoded_side=700).size == (1600, 1200)


def test_a_rotated_large_jpeg_is_upright_and_smaller(tmp_path):
    path = tmp_path / "large.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (1600, 1200)).save(path, exif=exif)

    assert open_image(path, decoded_side=300).size == (300, 400)


def test_an_animation_gives_its_first_frame(tmp_path):
    path = tmp_path / "animated.gif"
    Image.new("RGB", (8, 8), RED).save(path, save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)])

    assert nearest_colours(MeanColourEncoder().embed_images([path]).vectors) == "r"


def test_a_users_own_image_stays_open_and_unchanged(tmp_path):
    with Image.open(colour_file(tmp_path / "own.png", RED)) as own:
        MeanColourEncoder().embed_images([own])

        assert own.getpixel((0, 0)) == RED
