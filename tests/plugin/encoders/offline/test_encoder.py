"""The offline encoder with its real weights, on photographs that scikit-image ships."""

import socket

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from PIL import Image
from skimage import data

NAMES = ["cat", "cup of coffee", "rocket", "dog", "bicycle", "pizza"]


@pytest.fixture(scope="module")
def encoder() -> OfflineEncoder:
    return OfflineEncoder()


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    return [data.chelsea(), data.coffee(), data.rocket(), data.astronaut()]


@pytest.mark.parametrize(
    ("photograph", "name"), [("chelsea", "cat"), ("coffee", "cup of coffee"), ("rocket", "rocket")]
)
def test_a_photograph_is_nearest_to_its_name(encoder: OfflineEncoder, photograph: str, name: str):
    image = encoder.embed_images([getattr(data, photograph)()]).vectors
    assert NAMES[np.argmax(encoder.embed_texts(NAMES) @ image[0])] == name


def test_images_and_texts_become_unit_rows_of_one_space(encoder: OfflineEncoder, photographs):
    for vectors in (encoder.embed_images(photographs).vectors, encoder.embed_texts(NAMES)):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == encoder.dimension
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_two_runs_give_the_same_bytes(encoder: OfflineEncoder, photographs):
    again = OfflineEncoder()
    assert (
        again.embed_images(photographs).vectors.tobytes()
        == encoder.embed_images(photographs).vectors.tobytes()
    )
    assert again.embed_texts(NAMES).tobytes() == encoder.embed_texts(NAMES).tobytes()


def test_the_vector_of_an_image_does_not_depend_on_its_batch(encoder: OfflineEncoder, photographs):
    alone = encoder.embed_images(photographs[:1]).vectors
    np.testing.assert_allclose(encoder.embed_images(photographs).vectors[:1], alone, atol=1e-5)


def test_the_vector_of_a_text_does_not_depend_on_its_batch(encoder: OfflineEncoder):
    longer = "a very long description of an animal that sleeps in the sun all afternoon"
    np.testing.assert_allclose(
        encoder.embed_texts(["cat", longer])[:1], encoder.embed_texts(["cat"]), atol=1e-5
    )


def test_a_description_is_nearest_to_what_it_describes(encoder: OfflineEncoder):
    description = encoder.embed_texts(["a small furry pet with whiskers that purrs and meows"])
    assert NAMES[np.argmax(encoder.embed_texts(NAMES) @ description[0])] == "cat"


def test_an_unreadable_image_costs_only_itself(encoder: OfflineEncoder, photographs, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    embedded = encoder.embed_images([photographs[0], broken])
    assert set(embedded.errors) == {1}
    np.testing.assert_array_equal(embedded.vectors[:1], encoder.embed_images(photographs[:1]).vectors)


def test_no_image_and_no_text_give_no_rows(encoder: OfflineEncoder):
    assert encoder.embed_images([]).vectors.shape == encoder.embed_texts([]).shape == (0, encoder.dimension)


def test_a_grey_image_is_read_as_well(encoder: OfflineEncoder):
    assert not encoder.embed_images([Image.fromarray(data.camera())]).errors


def test_the_network_is_not_used(monkeypatch: pytest.MonkeyPatch, photographs):
    def refuse(*_: object) -> None:
        raise AssertionError("the offline encoder opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    encoder = OfflineEncoder()
    assert not encoder.embed_images(photographs).errors
    assert encoder.embed_texts(NAMES).any()
