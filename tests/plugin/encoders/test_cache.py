"""What is computed once stays computed, whatever happens to the run, the files or the cache.

The encoder under the cache really computes, and counts what it was asked for.
"""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.cache import CachedEncoder, default_cache_folder
from PIL import Image


class CountingEncoder(BatchEncoder):
    """Embeds an image as its mean colour and a text as its length, and counts both."""

    name = "counting:tiny/model"
    version = "1"
    dimension = 3
    logit_scale = 100.0
    prompt_templates = ("a photo of {}",)
    batch_size = 2

    def __init__(self) -> None:
        self.images_seen = 0
        self.texts_seen = 0

    def preprocess(self, image):
        self.images_seen += 1
        return np.asarray(image.resize((2, 2)), np.float32)

    def forward_images(self, batch):
        return batch.mean(axis=(1, 2)) + 1

    def forward_texts(self, texts):
        self.texts_seen += len(texts)
        return np.array([[len(text), 1, 2] for text in texts], np.float32)


@pytest.fixture
def images(tmp_path) -> list[Path]:
    """Forty files of different content: more than two chunks of the counting encoder."""
    folder = tmp_path / "images"
    folder.mkdir()
    paths = [folder / f"{i}.png" for i in range(40)]
    for i, path in enumerate(paths):
        Image.new("RGB", (6, 6), (i * 6, 255 - i * 3, 40)).save(path)
    return paths


def embed(folder: Path, images: list, progress=None):
    encoder = CountingEncoder()
    return CachedEncoder(encoder, folder).embed_images(images, progress), encoder.images_seen


def test_a_second_run_computes_nothing_and_gives_the_same_vectors(tmp_path, images):
    first, _ = embed(tmp_path, images)
    second, computed = embed(tmp_path, images)

    assert computed == 0
    np.testing.assert_array_equal(second.vectors, first.vectors)


def test_the_vectors_are_those_of_the_encoder(tmp_path, images):
    cached, _ = embed(tmp_path, images)

    np.testing.assert_array_equal(cached.vectors, CountingEncoder().embed_images(images).vectors)


def test_a_renamed_image_is_known(tmp_path, images):
    embed(tmp_path, images)
    renamed = shutil.copy(images[3], tmp_path / "other name.png")

    assert embed(tmp_path, [renamed])[1] == 0


def test_a_changed_image_is_computed_again(tmp_path, images):
    before, _ = embed(tmp_path, images[:1])
    Image.new("RGB", (6, 6), (1, 2, 250)).save(images[0])
    after, computed = embed(tmp_path, images[:1])

    assert computed == 1
    assert not np.allclose(before.vectors, after.vectors)


def test_equal_images_are_embedded_once(tmp_path, images):
    result, computed = embed(tmp_path, [images[0]] * 5 + [images[1]] * 5)

    assert computed == 2
    assert len(np.unique(result.vectors, axis=0)) == 2


def test_pictures_and_arrays_are_known_by_their_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)

    _, first = embed(tmp_path, [pixels])
    _, second = embed(tmp_path, [Image.fromarray(pixels)])
    _, reshaped = embed(tmp_path, [pixels.reshape(7, 5, 3)])

    assert (first, second, reshaped) == (1, 0, 1)


def test_a_failure_is_not_kept(tmp_path):
    path = tmp_path / "late.png"
    missing, _ = embed(tmp_path, [path])
    Image.new("RGB", (4, 4)).save(path)
    arrived, _ = embed(tmp_path, [path])

    assert list(missing.errors) == [0]
    assert arrived.errors == {}
    assert arrived.vectors.any()


def test_equal_bad_images_are_each_reported_by_their_own_name(tmp_path, images):
    bad = [tmp_path / "bad one.png", tmp_path / "bad two.png"]
    for path in bad:
        path.write_bytes(b"no image")

    result, _ = embed(tmp_path, [bad[0], images[0], bad[1]])

    assert "bad one.png" in result.errors[0]
    assert "bad two.png" in result.errors[2]
    assert result.vectors[1].any()


def test_a_bad_image_is_given_to_the_encoder_once(tmp_path):
    class Asked(CountingEncoder):
        images_asked = 0

        def embed_images(self, images, progress=None):
            self.images_asked += len(images)
            return super().embed_images(images, progress)

    bad = [tmp_path / f"bad {name}.png" for name in ("one", "two", "two again", "missing")]
    for path, content in zip(bad, (b"1", b"2", b"2"), strict=False):
        path.write_bytes(content)
    encoder = Asked()

    result = CachedEncoder(encoder, tmp_path).embed_images(bad)

    assert encoder.images_asked == len(bad)
    assert all(path.name in result.errors[row] for row, path in enumerate(bad))


def test_an_interrupted_run_continues_where_it_stopped(tmp_path, images):
    def interrupt_late(done, total):
        if done > 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path, images, interrupt_late)
    _, computed = embed(tmp_path, images)

    assert computed == 8


def test_progress_rises_to_the_end_and_counts_known_images(tmp_path, images):
    calls = []
    embed(tmp_path, images[:30])

    embed(tmp_path, images, lambda done, total: calls.append((done, total)))

    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert calls[0] == (16, 40)
    assert calls[-1] == (40, 40)


def test_texts_are_computed_once(tmp_path):
    first = CountingEncoder()
    vectors = CachedEncoder(first, tmp_path).embed_texts(["cat", "doggy", "cat"])
    second = CountingEncoder()
    again = CachedEncoder(second, tmp_path).embed_texts(["doggy", "cat", "cat"])

    assert (first.texts_seen, second.texts_seen) == (2, 0)
    np.testing.assert_array_equal(again, vectors[[1, 0, 2]])


def test_texts_that_were_computed_are_known(tmp_path):
    CachedEncoder(CountingEncoder(), tmp_path).embed_texts(["cat"])
    again = CountingEncoder()

    assert CachedEncoder(again, tmp_path).unknown_texts(["doggy", "cat"]) == ["doggy"]
    assert again.texts_seen == 0


def test_no_images_and_no_texts_give_no_rows(tmp_path):
    encoder = CachedEncoder(CountingEncoder(), tmp_path)

    assert encoder.embed_images([]).vectors.shape == (0, 3)
    assert encoder.embed_texts([]).shape == (0, 3)


def test_another_version_of_an_encoder_shares_nothing(tmp_path, images):
    embed(tmp_path, images)
    newer = CountingEncoder()
    newer.version = "2"

    CachedEncoder(newer, tmp_path).embed_images(images)

    assert newer.images_seen == len(images)


def test_the_encoder_looks_like_the_one_inside(tmp_path):
    inner = CountingEncoder()
    cached = CachedEncoder(inner, tmp_path)

    for attribute in (
        "name",
        "version",
        "dimension",
        "logit_scale",
        "prompt_templates",
    ):
        assert getattr(cached, attribute) == getattr(inner, attribute)


@pytest.mark.parametrize("kept_bytes", [0, 3000])
def test_a_damaged_cache_is_moved_aside_with_a_warning(tmp_path, images, caplog, kept_bytes):
    embed(tmp_path, images)
    (file,) = tmp_path.glob("vectors/*.sqlite3")
    file.write_bytes(file.read_bytes()[:kept_bytes] + b"\xff" * 9000)

    result, computed = embed(tmp_path, images)
    _, afterwards = embed(tmp_path, images)

    assert result.errors == {}
    assert (computed, afterwards) == (len(images), 0)
    assert "damaged" in caplog.text
    assert len(list(tmp_path.glob("vectors/*.damaged"))) == 1


def test_a_folder_that_cannot_be_written_costs_one_warning_and_no_vectors(tmp_path, images, caplog):
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way")

    result, computed = embed(no_folder, images)

    assert computed == len(images)
    assert result.vectors.any(axis=1).all()
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "not cached" in warnings[0].message


def test_a_cache_file_that_cannot_be_opened_costs_one_warning_and_no_vectors(tmp_path, images, caplog):
    embed(tmp_path, images)
    (file,) = tmp_path.glob("vectors/*.sqlite3")
    file.unlink()
    file.mkdir()  # unlike a file without permissions, not even root can open it

    result, computed = embed(tmp_path, images)

    assert computed == len(images)
    assert result.vectors.any(axis=1).all()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "not cached" in caplog.text


def test_processes_share_one_cache(tmp_path, images):
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_cache import CachedEncoder, CountingEncoder, Path\n"
        f"images = sorted(Path({str(images[0].parent)!r}).iterdir())\n"
        f"result = CachedEncoder(CountingEncoder(), Path({str(tmp_path)!r})).embed_images(images)\n"
        "assert result.vectors.any(axis=1).all() and not result.errors\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]

    messages = [run.communicate()[1] for run in runs]

    assert [run.returncode for run in runs] == [0, 0, 0]
    assert not any("cache" in message for message in messages)
    assert embed(tmp_path, images)[1] == 0


def test_the_cache_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("FIFTYONE_AUTOLABEL_CACHE", str(tmp_path / "mine"))

    assert default_cache_folder() == tmp_path / "mine"


def test_the_cache_folder_is_the_operating_systems_otherwise(monkeypatch):
    monkeypatch.delenv("FIFTYONE_AUTOLABEL_CACHE", raising=False)

    assert default_cache_folder().name == "fiftyone-autolabel"
