"""Neighbours count as much as they prove right."""

import numpy as np
from fiftyone_autolabel.plugin.engine.channel import NeighborChannel, measure_channel


def test_neighbors_that_always_agree_count_and_random_ones_do_not():
    labels = np.arange(400) % 2
    z = np.eye(2, dtype=np.float32)[labels]
    same, random = z[(np.arange(400) + 2) % 400], z[np.random.default_rng(0).integers(400, size=400)]
    loud, quiet = measure_channel(z, same).message(same), measure_channel(z, random).message(random)
    assert (loud[np.arange(400), labels] > 0.6).all()
    assert np.abs(quiet).max() < 0.2


def test_a_vote_at_the_class_frequencies_says_nothing():
    frequencies = np.array([0.2, 0.8], np.float32)
    np.testing.assert_allclose(NeighborChannel(0.9, frequencies).message(frequencies[None]), 0, atol=1e-6)
