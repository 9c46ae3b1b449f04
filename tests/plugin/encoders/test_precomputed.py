"""Given vectors come back as unit rows in order, and vectors that cannot be right are refused at once.

Files are real .npy files, whole, pickled, cut short or of another kind.
"""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders import precomputed
from fiftyone_autolabel.plugin.encoders.base import BatchEncoder
from fiftyone_autolabel.plugin.encoders.precomputed import PrecomputedEncoder, PrecomputedImages
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine import config
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.engine.rows import ComputedRows
from fiftyone_autolabel.plugin.engine.vectors import unit_rows

IMAGES = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0], [1.0, 0.0, 0.0], [0.0, 5.0, 12.0]])
TEXTS = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 7.0]])
NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


class LengthEncoder(BatchEncoder):
    """A text tower of three numbers."""

    name = "length"
    version = "7"
    dimension = 3
    logit_scale = 50.0
    prompt_templates = ("a {}", "the {}")

    def preprocess(self, image):
        raise AssertionError("only the text tower may be asked")

    def forward_images(self, batch):
        raise AssertionError("only the text tower may be asked")

    def forward_texts(self, texts):
        return np.array([[len(text), 1, 2] for text in texts], np.float32)


def test_image_vectors_come_back_as_float32_unit_rows_in_order():
    result = PrecomputedEncoder(IMAGES, TEXTS).embed_images(NAMES)

    assert result.vectors.dtype == np.float32
    assert result.errors == {}
    np.testing.assert_allclose(
        result.vectors, [[0.6, 0.8, 0], [0, 0, 1], [1, 0, 0], [0, 5 / 13, 12 / 13]], atol=1e-6
    )


def test_text_vectors_are_the_class_prototypes():
    prototypes = class_prototypes(PrecomputedEncoder(IMAGES, TEXTS), ["first", "second"])

    np.testing.assert_allclose(prototypes, [[1, 0, 0], [0, 0, 1]])


def test_the_users_arrays_stay_as_they_were():
    images = np.array([[np.nan, 1.0], [3.0, 4.0]], np.float32)

    PrecomputedEncoder(images, np.eye(2)).embed_images(["a", "b"])

    np.testing.assert_array_equal(images, np.array([[np.nan, 1.0], [3.0, 4.0]], np.float32))


def test_files_give_what_arrays_give(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "texts.npy", TEXTS)

    encoder = PrecomputedEncoder(tmp_path / "images.npy", str(tmp_path / "texts.npy"))

    given = PrecomputedEncoder(IMAGES, TEXTS)
    np.testing.assert_array_equal(encoder.embed_images(NAMES).vectors, given.embed_images(NAMES).vectors)
    np.testing.assert_array_equal(encoder.embed_texts(["x", "y"]), given.embed_texts(["x", "y"]))


def test_whole_numbers_are_converted():
    vectors = PrecomputedEncoder(np.array([[3, 4]]), np.array([[0, 1]], np.uint8)).embed_images(["a"]).vectors

    np.testing.assert_allclose(vectors, [[0.6, 0.8]], rtol=1e-6)


def test_another_encoder_may_read_the_texts():
    encoder = PrecomputedEncoder(IMAGES, LengthEncoder())

    np.testing.assert_array_equal(encoder.embed_texts(["cat"]), LengthEncoder().embed_texts(["cat"]))
    assert encoder.prompt_templates == ("a {}", "the {}")
    assert encoder.logit_scale == 50.0


def test_without_a_text_tower_there_is_no_logit_scale_and_one_plain_template():
    encoder = PrecomputedEncoder(IMAGES, TEXTS)

    assert encoder.logit_scale is None
    assert encoder.prompt_templates == ("{}",)
    assert encoder.dimension == 3


@pytest.mark.parametrize("bad", [[0, 0, 0], [np.nan, 1, 1], [np.inf, 1, 1], [1e300, 0, 0]])
def test_a_bad_image_row_costs_only_itself(bad, monkeypatch):
    monkeypatch.setattr(precomputed, "ROWS_PER_CHUNK", 2)
    images = np.vstack([IMAGES, bad, IMAGES[:1]])

    result = PrecomputedEncoder(images, TEXTS).embed_images([*NAMES, "e.jpg", "f.jpg"])

    assert list(result.errors) == [4]
    assert "e.jpg: row 4" in result.errors[4]
    assert not result.vectors[4].any()
    assert np.isfinite(result.vectors).all()


def test_progress_rises_to_the_number_of_images(monkeypatch):
    monkeypatch.setattr(precomputed, "ROWS_PER_CHUNK", 3)
    calls = []

    PrecomputedEncoder(IMAGES, TEXTS).embed_images(NAMES, lambda done, total: calls.append((done, total)))

    assert calls == [(3, 4), (4, 4)]


def test_bad_text_rows_are_named():
    with pytest.raises(InputError, match=r"rows \[1, 2\]"):
        PrecomputedEncoder(IMAGES, np.array([[1.0, 0, 0], [0, 0, 0], [np.nan, 1, 0]]))


def test_images_and_vectors_are_as_many():
    with pytest.raises(InputError, match="3 images but 4 image vectors"):
        PrecomputedEncoder(IMAGES, TEXTS).embed_images(NAMES[:3])


def test_images_alone_need_no_text_vectors():
    found = PrecomputedImages(IMAGES).embed_images(NAMES).vectors

    np.testing.assert_array_equal(found, PrecomputedEncoder(IMAGES, TEXTS).embed_images(NAMES).vectors)


def test_classes_and_text_vectors_are_as_many():
    with pytest.raises(InputError, match="3 class names but 2 text vectors"):
        PrecomputedEncoder(IMAGES, TEXTS).embed_texts(["x", "y", "z"])


@pytest.mark.parametrize("text", [np.eye(2), LengthEncoder()], ids=["array", "encoder"])
def test_both_kinds_of_vectors_have_one_length(text):
    with pytest.raises(InputError, match="take both from the same model"):
        PrecomputedEncoder(np.ones((4, 5)), text)


@pytest.mark.parametrize("vectors", [np.ones(3), np.ones((2, 0)), np.ones((2, 2, 2)), np.float32(1)])
def test_vectors_are_rows(vectors):
    with pytest.raises(InputError, match="one row of numbers"):
        PrecomputedEncoder(vectors, TEXTS)


@pytest.mark.parametrize("vectors", [np.array([["a"]]), np.ones((1, 1), complex), np.array([[None]])])
def test_vectors_are_real_numbers(vectors):
    with pytest.raises(InputError, match="give real numbers"):
        PrecomputedEncoder(vectors, TEXTS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no file .*gone\.npy with image vectors"):
        PrecomputedEncoder(tmp_path / "gone.npy", TEXTS)


def test_a_pickled_array_is_never_unpickled(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([[1, None]], object), allow_pickle=True)

    with pytest.raises(InputError, match=r"cannot be read; .*no Python objects"):
        PrecomputedEncoder(tmp_path / "objects.npy", TEXTS)


@pytest.mark.parametrize("kept_bytes", [0, 40, 150])
def test_a_file_cut_short_is_refused(tmp_path, kept_bytes):
    path = tmp_path / "half.npy"
    np.save(path, IMAGES)
    path.write_bytes(path.read_bytes()[:kept_bytes])

    with pytest.raises(InputError, match="cannot be read"):
        PrecomputedEncoder(path, TEXTS)


def test_a_damaged_header_is_refused(tmp_path):
    (tmp_path / "broken.npy").write_bytes(b'\x93NUMPY\x01\x00\x10\x00{"descr": "<f4", ')
    with pytest.raises(InputError, match="cannot be read"):
        PrecomputedEncoder(tmp_path / "broken.npy", TEXTS)


def test_a_file_of_several_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "both.npz", images=IMAGES, texts=TEXTS)

    with pytest.raises(InputError, match="holds several arrays"):
        PrecomputedEncoder(tmp_path / "both.npz", TEXTS)


def test_the_version_changes_with_the_vectors():
    versions = {PrecomputedEncoder(images, TEXTS).version for images in (IMAGES, IMAGES + 1, IMAGES.copy())}

    assert len(versions) == 2


def test_the_vectors_of_a_large_file_stay_there(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "WHOLE_MOST_NUMBERS", 4)
    np.save(tmp_path / "images.npy", (2 * IMAGES).astype(np.float16))
    found = PrecomputedImages(tmp_path / "images.npy").embed_images(["photo"] * len(IMAGES))
    assert isinstance(found.vectors, ComputedRows)
    np.testing.assert_allclose(found.vectors[:], unit_rows(IMAGES), atol=1e-3)
