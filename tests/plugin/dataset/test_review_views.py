"""What to look at next is found, saved as a view, and shrinks with every answer."""

import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label, refine
from fiftyone_autolabel.plugin.dataset.fields import APPROVED_TAG
from fiftyone_autolabel.plugin.dataset.review_views import review_ranks, save_review_views
from fiftyone_autolabel.plugin.dataset.reviewing import approve, correct, review_next, review_view


@pytest.fixture
def refinement():
    rng = np.random.default_rng(0)
    return refine(rng.normal(size=(30, 4)), rng.normal(size=(3, 4)), anchors=np.r_[0, 1, np.full(28, -1)])


def test_every_image_but_the_known_ones_has_a_place_in_the_order(refinement):
    ranks = review_ranks(refinement)
    assert ranks[:2].tolist() == [0, 0]
    assert sorted(ranks[2:]) == list(range(1, 29))


def test_the_order_is_written_to_the_samples_and_can_be_sorted_by_in_the_grid(labelled):
    assert sorted(labelled.values("auto_label_review_rank")) == [1, 2, 3, 4, 5, 6]
    assert "auto_label_review_rank" in labelled.list_indexes()


def test_the_suggested_order_is_that_of_the_ranks(labelled):
    assert review_view(labelled).values("auto_label_review_rank") == [1, 2, 3, 4, 5, 6]


def test_the_worst_first_order_is_that_of_the_confidence(labelled):
    confidence = review_view(labelled, order="worst").values("confidence")
    assert confidence == sorted(labelled.values("confidence"))


def test_what_has_been_answered_is_not_asked_again(labelled):
    first, second, third, *others = review_view(labelled).values("id")
    correct(labelled.select(first), "green")
    approve(labelled.select(second))
    labelled.select(third).tag_samples(APPROVED_TAG)
    assert review_view(labelled).values("id") == others
    assert set(review_view(labelled, order="worst").values("id")) == set(others)


def test_a_run_ranks_only_what_is_left(labelled):
    correct(labelled.limit(2), "green")
    rng = np.random.default_rng(1)
    auto_label(
        labelled,
        ["red", "green"],
        embeddings=rng.normal(size=(6, 4)),
        text_embeddings=rng.normal(size=(2, 4)),
    )
    ranks = labelled.values("auto_label_review_rank")
    assert ranks[:2] == [None, None]
    assert sorted(ranks[2:]) == [1, 2, 3, 4]


def test_the_next_samples_stay_in_view_when_they_are_answered(labelled):
    page = review_next(labelled, 2)
    ids = page.values("id")
    assert ids == review_view(labelled).limit(2).values("id")
    approve(page)
    assert page.values("id") == ids
    assert not set(review_next(labelled, 2).values("id")) & set(ids)


def test_only_the_samples_of_a_view_are_looked_at(labelled):
    view = labelled.limit(3)
    assert set(review_next(view, 10).values("id")) == set(view.values("id"))


def test_when_all_is_answered_nothing_is_next(labelled):
    approve(labelled)
    assert len(review_next(labelled)) == 0


def test_a_run_saves_what_to_review_as_views(labelled):
    assert labelled.list_saved_views() == ["auto_label review first", "auto_label worst first"]
    correct(labelled.limit(1), "green")
    assert len(labelled.load_saved_view("auto_label review first")) == 5


def test_a_view_that_a_person_saved_under_that_name_is_left_alone(labelled):
    labelled.save_view("auto_label worst first", labelled.limit(1), overwrite=True)
    assert save_review_views(labelled, FieldNames()) == ["auto_label review first"]
    assert len(labelled.load_saved_view("auto_label worst first")) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"order": "best"}, "no order 'best': choose suggested or worst"),
        ({"count": 0}, "1 to 100,000 labels at a time, not 0"),
        ({"count": 10**6}, "not 1,000,000"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(labelled, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        review_next(labelled, **arguments)
