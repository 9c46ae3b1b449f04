"""What labels come from is told from how far each term of the logits moves the odds."""

import numpy as np
import pytest
from fiftyone_autolabel.plugin.engine.sources import Sources, odds_moved


def test_a_term_moves_the_odds_between_the_label_and_its_runner_up():
    text, images = np.array([[3.0, 1.0, 0.0]]), np.array([[0.0, 1.0, -9.0]])
    assert odds_moved([text, images]).tolist() == [2, 1]


def test_a_term_that_says_the_same_of_all_classes_moves_nothing():
    assert odds_moved([np.array([[1.0, 0.0]]), np.array([5.0, 5.0])]).tolist() == [1, 0]


def test_shares_sum_to_one():
    shares = Sources.of_moves(np.array([3.0, 4.0, 2.0, 1.0]))
    assert shares == Sources(0.3, 0.4, 0.2, 0.1)
    assert sum(vars(shares).values()) == pytest.approx(1)


def test_where_nothing_moves_the_odds_the_names_are_all_there_is():
    assert Sources.of_moves(np.zeros(4)) == Sources(1.0)
