"""Odd image files: pipes, damaged metadata, deep pixels, and pictures that change while they are read."""

import io
import json
import os
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import CachedEncoder, ExportOptions, InputError, export_labels
from fiftyone_autolabel.plugin.encoders.opening import open_image, upright_size
from fiftyone_autolabel.plugin.encoders.precomputed import PrecomputedImages
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

ORIENTATION = 0x0112
PICTURES = arrays(np.uint8, (6, 5))


def grey(image) -> np.ndarray:
    """What the encoders see of an image, its red channel."""
    return np.asarray(open_image(image))[..., 0]


def save_png(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


class TestOnlyRegularFilesAreOpened:
    @pytest.fixture
    def odd_paths(self, photos):
        if not hasattr(os, "mkfifo"):
            pytest.skip("there are no pipes here")
        os.mkfifo(photos / "pipe.png")
        (photos / "zero.png").symlink_to("/dev/zero")
        (photos / "folder.png").mkdir()
        return [str(photos / name) for name in ("0.png", "pipe.png", "zero.png", "folder.png")]

    @pytest.mark.timeout(20)
    def test_a_pipe_a_device_and_a_folder_fail_at_once_and_alone(self, odd_paths, label):
        run = label(odd_paths)

        assert run.paths == odd_paths[:1]
        assert run.failures == {
            path: f"Cannot read {path}: it is not a regular file" for path in odd_paths[1:]
        }

    @pytest.mark.timeout(20)
    def test_the_cache_does_not_wait_for_them_either(self, odd_paths, encoder, tmp_path):
        result = CachedEncoder(encoder, tmp_path).embed_images(odd_paths)

        assert sorted(result.errors) == [1, 2, 3]

    @pytest.mark.timeout(20)
    def test_an_export_takes_none_of_them(self, odd_paths, tmp_path):
        dataset = fo.Dataset()
        truth = fo.Classification(label="red")
        dataset.add_samples([fo.Sample(filepath=path, truth=truth) for path in odd_paths])
        options = ExportOptions(label_field="truth")

        with pytest.raises(InputError, match=r"3 images are missing, the first is .*pipe\.png"):
            export_labels(dataset, tmp_path / "export", "folders", options=options)

        dataset.delete()

    @pytest.mark.timeout(20)
    def test_vectors_are_not_read_from_a_pipe(self, tmp_path):
        os.mkfifo(tmp_path / "vectors.npy")

        with pytest.raises(InputError, match=r"There is no file .*vectors\.npy with image vectors"):
            PrecomputedImages(tmp_path / "vectors.npy")

    def test_a_folder_lists_no_pipes(self, odd_paths, label):
        assert len(label(Path(odd_paths[0]).parent).paths) == 4


class TestAPictureThatIsReplacedWhileItIsRead:
    """The cache holds under the digest of a file what was decoded from those very bytes."""

    def embed(self, encoder, tmp_path, path):
        return CachedEncoder(encoder, tmp_path / "cache").embed_images([str(path)]).vectors[0]

    @pytest.fixture
    def pictures(self, tmp_path):
        """A path, and what to put there: red or blue."""
        path = tmp_path / "picture.png"

        def put(colour):
            Image.new("RGB", (8, 8), colour).save(tmp_path / "next.png")
            os.replace(tmp_path / "next.png", path)

        put("red")
        return path, put

    def test_its_vector_is_kept_for_what_was_decoded(self, encoder, tmp_path, pictures):
        path, put = pictures
        decode = encoder.embed_images

        def replaced_at_first(images, progress=None):
            put("blue")
            return decode(images, progress)

        encoder.embed_images = replaced_at_first
        self.embed(encoder, tmp_path, path)
        encoder.embed_images = decode
        put("red")

        assert self.embed(encoder, tmp_path, path).argmax() == 0

    def test_also_if_the_old_one_comes_back_at_once(self, encoder, tmp_path, pictures):
        path, put = pictures
        decode = encoder.embed_images

        def replaced_for_a_moment(images, progress=None):
            put("blue")
            result = decode(images, progress)
            put("red")
            return result

        encoder.embed_images = replaced_for_a_moment
        self.embed(encoder, tmp_path, path)
        encoder.embed_images = decode

        assert self.embed(encoder, tmp_path, path).argmax() == 0

    def test_also_with_an_encoder_that_cannot_tell_what_it_decoded(self, encoder, tmp_path, pictures):
        path, put = pictures
        decode = encoder.embed_images

        def silent(images, progress=None):
            put("blue")
            result = decode(images, progress)
            result.digests.clear()
            return result

        encoder.embed_images = silent
        self.embed(encoder, tmp_path, path)
        encoder.embed_images = decode
        put("red")

        assert self.embed(encoder, tmp_path, path).argmax() == 0

    def test_an_equal_picture_keeps_its_own_vector(self, encoder, tmp_path, pictures):
        path, put = pictures
        equal = tmp_path / "equal.png"
        equal.write_bytes(path.read_bytes())
        decode, colours = encoder.embed_images, iter(["blue"])

        def replaced_at_first(images, progress=None):
            for colour in colours:
                put(colour)
            return decode(images, progress)

        encoder.embed_images = replaced_at_first
        result = CachedEncoder(encoder, tmp_path / "cache").embed_images([str(equal), str(path)])

        assert result.vectors.argmax(axis=1).tolist() == [0, 2]


class TestMemoryIsBounded:
    def test_a_few_huge_pngs_take_no_more_than_one_of_them(self, tmp_path):
        """Four images of 81 million pixels each, a few kB on disk, took 2 GB."""
        row = b"\0" + b"\xff" * (9000 // 8)
        image = _png(9000, 9000, bit_depth=1, colour_type=0, data=zlib.compress(row * 9000, 1))
        for number in range(4):
            (tmp_path / f"{number}.png").write_bytes(image)
        program = (
            "import json, resource, sys\n"
            "from test_base import MeanColourEncoder\n"
            "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
            "before = peak()\n"
            "result = MeanColourEncoder().embed_images(sys.argv[1:])\n"
            "print(json.dumps([len(result.errors), peak() - before]))\n"
        )
        tests = Path(__file__).parents[1] / "plugin" / "encoders"
        environment = os.environ | {"PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}{tests}"}
        paths = [str(path) for path in sorted(tmp_path.glob("*.png"))]

        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, *paths],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

        errors, mebibytes = json.loads(done.stdout)
        assert errors == 0
        assert mebibytes < 300

    def test_a_large_png_is_no_larger_than_needed_once_it_is_open(self, tmp_path):
        path = save_png(tmp_path / "large.png", np.zeros((1500, 2000), np.uint8))

        assert open_image(path, decoded_side=300).size == (400, 300)
        assert open_image(path).size == (2000, 1500)


def _png(width: int, height: int, bit_depth: int, colour_type: int, data: bytes, *chunks: bytes) -> bytes:
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bit_depth, colour_type, 0, 0, 0])
    parts = [_chunk(b"IHDR", head), *chunks, _chunk(b"IDAT", data), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + checksum.to_bytes(4, "big")


class TestDamagedMetadata:
    """Pixels are what counts."""

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
    @pytest.mark.parametrize(
        "exif", [b"garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff"]
    )
    def test_an_image_with_damaged_exif_is_read(self, tmp_path, suffix, exif):
        path = tmp_path / f"image.{suffix}"
        Image.new("RGB", (20, 10), "red").save(path, exif=exif)

        opened = open_image(path)

        assert opened.size == (20, 10)
        assert opened.getpixel((5, 5))[0] > 240

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_the_size_of_a_turned_image_is_that_of_the_image_as_it_is_shown(
        self, tmp_path, suffix, orientation
    ):
        path = tmp_path / f"image.{suffix}"
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        Image.new("RGB", (20, 10)).save(path, exif=exif)

        assert upright_size(path) == open_image(path).size == ((20, 10) if orientation < 5 else (10, 20))

    def test_no_library_turns_an_upright_image_again(self, tmp_path):
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        Image.new("RGB", (20, 10)).save(tmp_path / "image.jpg", exif=exif)

        assert open_image(tmp_path / "image.jpg").getexif().get(ORIENTATION) is None

    @given(
        st.binary(max_size=200),
        st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"II*\0"]),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_bytes_are_a_failure_that_names_the_file(self, tmp_path, encoder, data, start):
        path = tmp_path / "image.png"
        path.write_bytes(start + data)

        assert encoder.embed_images([path]).errors[0].startswith(f"Cannot read {path}: ")

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tiff", "bmp"])
    def test_an_image_with_flipped_bytes_is_read_or_fails_alone(self, tmp_path, encoder, suffix):
        whole = io.BytesIO()
        Image.effect_noise((32, 32), 60).convert("RGB").save(whole, suffix.replace("jpg", "jpeg"))
        rng, paths = np.random.default_rng(0), []
        for number in range(40):
            data = bytearray(whole.getvalue())
            for place in rng.integers(0, len(data), 4):
                data[place] ^= int(rng.integers(1, 256))
            paths.append(tmp_path / f"{number}.{suffix}")
            paths[-1].write_bytes(data[: int(rng.integers(1, len(data)))] if number % 2 else data)

        result = encoder.embed_images(paths)

        good = [row for row in range(40) if row not in result.errors]
        assert result.vectors[good].any(axis=1).all()
        assert all(error.startswith("Cannot read ") for error in result.errors.values())


class TestDeepPixels:
    @pytest.mark.parametrize("hot", [65_535, 40_000])
    def test_one_hot_pixel_does_not_blacken_the_rest(self, hot):
        pixels = np.linspace(1000, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
        plain = grey(pixels)
        pixels[5, 5] = hot

        seen = grey(pixels)

        assert seen[5, 5] == 255
        others = np.ones_like(seen, bool)
        others[5, 5] = False
        np.testing.assert_allclose(seen[others], plain[others].astype(float), atol=2)

    @given(PICTURES, st.sampled_from([256, 257]))
    def test_a_picture_is_the_same_in_8_and_in_16_bits(self, picture, step):
        np.testing.assert_array_equal(grey(picture.astype(np.uint16) * np.uint16(step)), picture)

    @given(
        PICTURES.filter(lambda picture: picture.max() > 63),
        st.sampled_from([np.uint16, np.int32, np.float32]),
    )
    def test_what_is_in_the_range_of_8_bits_is_not_stretched(self, picture, kind):
        np.testing.assert_array_equal(grey(picture.astype(kind)), picture)

    def test_what_fills_its_range_is_not_stretched(self):
        ramp = np.linspace(0.1, 0.9, 10_000).reshape(100, 100)
        expected = np.rint(ramp * 255)

        np.testing.assert_array_equal(grey(ramp.astype(np.float32)), expected)
        np.testing.assert_allclose(grey((ramp * 65_535).astype(np.uint16)), expected, atol=1)

    def test_a_16_bit_file_gives_the_vector_of_the_8_bit_file(self, tmp_path, encoder):
        picture = np.random.default_rng(0).integers(20, 120, (30, 40), np.uint8)
        files = [
            save_png(tmp_path / "8.png", picture),
            save_png(tmp_path / "16.png", picture.astype(np.uint16) * 257),
        ]

        first, second = encoder.embed_images(files).vectors

        np.testing.assert_array_equal(first, second)

    @pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
    def test_a_pixel_that_is_not_a_number_does_not_spoil_the_others(self, odd):
        ramp = np.linspace(0, 1, 10_000).reshape(100, 100).astype(np.float32)
        ramp[50, 50] = odd

        assert abs(int(grey(ramp)[50, 60]) - 129) <= 1


class TestHeic:
    HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)

    @pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="the package is installed")
    def test_one_that_cannot_be_read_names_the_package(self, tmp_path, encoder):
        path = tmp_path / "photo.heic"
        path.write_bytes(self.HEIC)

        (error,) = encoder.embed_images([path]).errors.values()

        assert error == f"Cannot read {path}: it is a HEIC image: install pillow-heif to read it"
