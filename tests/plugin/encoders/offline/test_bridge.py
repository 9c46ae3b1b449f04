"""The bridge between the towers, on small random classes."""

from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.offline.bridge import Bridge
from fiftyone_autolabel.plugin.encoders.offline.files import open_prepared
from fiftyone_autolabel.plugin.engine.vectors import unit_rows


@pytest.fixture
def embeddings() -> np.ndarray:
    return unit_rows(np.random.default_rng(0).normal(size=(40, 16)))


@pytest.fixture
def directions() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(40, 24)).astype(np.float32)


def test_a_known_text_is_nearest_to_its_own_direction(embeddings: np.ndarray, directions: np.ndarray):
    bridged = unit_rows(Bridge.fit(embeddings, directions)(embeddings))
    assert (np.argmax(bridged @ unit_rows(directions).T, axis=1) == np.arange(40)).all()


def test_a_text_between_two_known_ones_points_between_their_directions(
    embeddings: np.ndarray, directions: np.ndarray
):
    between = unit_rows(embeddings[:1] + embeddings[1:2])
    cosines = unit_rows(directions) @ unit_rows(Bridge.fit(embeddings, directions)(between))[0]
    assert set(np.argsort(cosines)[-2:]) == {0, 1}


def test_a_saved_bridge_maps_as_before(embeddings: np.ndarray, directions: np.ndarray, tmp_path: Path):
    bridge = Bridge.fit(embeddings, directions)
    bridge.save(tmp_path / "bridge.npz")
    loaded = Bridge.load(tmp_path / "bridge.npz")
    assert loaded(embeddings).tobytes() == bridge(embeddings).tobytes()


def test_a_file_cut_short_is_noticed_and_replaced(
    embeddings: np.ndarray, directions: np.ndarray, tmp_path: Path
):
    path = tmp_path / "bridge.npz"
    bridge = Bridge.fit(embeddings, directions)
    bridge.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:500])
    opened = open_prepared(path, bridge.save, Bridge.load)
    assert opened(embeddings).tobytes() == bridge(embeddings).tobytes()
    assert len(path.read_bytes()) == len(whole)
