"""What a person says is kept, shows at once, and can be taken back."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label, undo_review
from fiftyone_autolabel.plugin.dataset.fields import APPROVED_TAG
from fiftyone_autolabel.plugin.dataset.reviewing import (
    approve,
    correct,
    known_classes,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset.reviews import anchors_of, read_reviews


def label_again(dataset, classes=("red", "green"), seed=1, **arguments):
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(len(classes), 4))
    return auto_label(dataset, classes, embeddings=X, text_embeddings=T, **arguments)


def test_a_correction_is_kept_apart_and_shows_in_the_label_at_once(labelled):
    ids = labelled.values("id")
    assert correct(labelled.select(ids[:2]), "green").sample_ids == ids[:2]
    assert labelled.values("auto_label_corrected.label") == ["green"] * 2 + [None] * 4
    assert labelled.limit(2).values("auto_label.label") == ["green"] * 2
    assert labelled.limit(2).values("confidence") == [1, 1]
    assert labelled.limit(2).values("auto_label.confidence") == [1, 1]


def test_a_correction_leaves_the_other_samples_alone(labelled):
    before = labelled.skip(2).values(["auto_label", "confidence", "tags"])
    correct(labelled.limit(2), "green")
    assert labelled.skip(2).values(["auto_label", "confidence", "tags"]) == before


def test_a_correction_remembers_what_the_run_had_said(labelled):
    said, confidence = labelled.first().auto_label.label, labelled.first().confidence
    correct(labelled.limit(1), "blue")
    correct(labelled.limit(1), "yellow")
    answer = labelled.first().auto_label_corrected
    assert (answer.label, answer.run_label, answer.run_confidence) == ("yellow", said, confidence)


def test_a_correction_to_a_known_class_in_other_letters_is_that_class(labelled):
    correct(labelled.limit(1), " GREEN ")
    assert labelled.first().auto_label_corrected.label == "green"


def test_a_sample_without_a_label_can_be_corrected(labelled):
    labelled.add_sample(fo.Sample(filepath="/unreadable.jpg"))
    correct(labelled.skip(6), "red")
    assert labelled.last().auto_label.label == labelled.last().auto_label_corrected.label == "red"


def test_what_else_the_run_wrote_into_a_label_survives_a_correction(labelled):
    labelled.set_values("auto_label.margin", [0.25] * 6, dynamic=True)
    correct(labelled.limit(1), "green")
    assert labelled.first().auto_label.margin == 0.25


def test_a_correction_can_be_made_in_a_view_that_shows_no_labels(labelled):
    correct(labelled.select_fields().limit(1), "green")
    assert labelled.first().auto_label_corrected.label == "green"


def test_an_approval_keeps_the_label_of_that_moment_and_tags_the_sample(labelled):
    labels = labelled.values("auto_label.label")
    approved = approve(labelled.limit(3))
    assert len(approved.sample_ids) == 3
    assert labelled.values("auto_label_corrected.label") == labels[:3] + [None] * 3
    assert labelled.match_tags(APPROVED_TAG).values("id") == approved.sample_ids
    assert labelled.limit(3).values("confidence") == [1, 1, 1]


def test_approving_a_view_passes_over_corrected_and_unlabelled_samples(labelled):
    labelled.add_sample(fo.Sample(filepath="/unreadable.jpg"))
    correct(labelled.limit(2), "green")
    approved = approve(labelled)
    assert len(approved.sample_ids) == 4
    assert approved.passed_over == {"reviewed before": 2, "without a label": 1}
    assert labelled.limit(2).values("auto_label_corrected.label") == ["green", "green"]


def test_a_corrected_sample_is_no_longer_approved(labelled):
    approve(labelled)
    correct(labelled.limit(1), "green")
    assert labelled.count_sample_tags() == {APPROVED_TAG: 5}


def test_what_was_said_can_be_taken_back(labelled):
    fields = ["auto_label.label", "auto_label.confidence", "confidence", "tags"]
    before = labelled.values(fields)
    correct(labelled.limit(2), "blue")
    approve(labelled.skip(4))
    assert len(withdraw(labelled).sample_ids) == 4
    assert labelled.values(fields) == before
    assert read_reviews(labelled, FieldNames()) == {}


def test_taking_back_gives_a_sample_that_had_no_label_none_again(labelled):
    labelled.add_sample(fo.Sample(filepath="/unreadable.jpg"))
    correct(labelled.skip(6), "red")
    withdraw(labelled)
    assert (labelled.last().auto_label, labelled.last().confidence) == (None, None)


def test_no_run_overwrites_what_was_said(labelled):
    correct(labelled.limit(1), "green")
    approve(labelled.limit(1).skip(0))
    approve(labelled.skip(5))
    said = labelled.values("auto_label_corrected")
    for seed in (1, 2, 3):
        label_again(labelled, seed=seed)
        assert labelled.values("auto_label_corrected") == said
        assert labelled.first().auto_label.label == "green"
        assert labelled.last().auto_label.label == said[-1].label
        assert (labelled.first().confidence, labelled.last().confidence) == (1, 1)


def test_what_was_said_anchors_the_next_run(labelled):
    correct(labelled.limit(2), "green")
    refinement = label_again(labelled).refinement
    assert refinement.is_known.tolist() == [True] * 2 + [False] * 4
    assert refinement.labels[:2].tolist() == [1, 1]


def test_what_is_said_while_a_run_is_at_work_is_kept(labelled):
    def correct_in_between(stage, done, total):
        if stage == "refine" and done == 0:
            correct(labelled.limit(1), "blue")

    label_again(labelled, progress=correct_in_between)
    assert (labelled.first().auto_label.label, labelled.first().confidence) == ("blue", 1)


def test_a_class_that_the_run_does_not_know_stays_on_its_sample_and_is_reported(labelled):
    correct(labelled.limit(2), "blue")
    labelling = label_again(labelled)
    assert labelling.unlisted_classes == {"blue": 2}
    assert labelled.count_values("auto_label.label")["blue"] == 2


def test_a_sample_that_can_no_longer_be_read_keeps_what_was_said(labelled):
    correct(labelled.limit(1), "green")
    vectors = np.random.default_rng(0).normal(size=(6, 4))
    vectors[0] = 0
    auto_label(labelled, ["red", "green"], embeddings=vectors, text_embeddings=np.eye(4)[:2])
    assert labelled.first().auto_label_error
    assert labelled.first().auto_label.label == "green"


def test_a_tag_given_by_hand_is_an_approval(labelled):
    said = labelled.first().auto_label.label
    labelled.limit(1).tag_samples(APPROVED_TAG)
    assert list(read_reviews(labelled, FieldNames()).values()) == [said]
    for seed in (1, 2):
        label_again(labelled, seed=seed)
        assert labelled.first().auto_label.label == said


def test_an_approval_of_one_label_field_is_none_of_another(labelled):
    approve(labelled)
    other = FieldNames(label="other", confidence="other_confidence")
    label_again(labelled, fields=other)
    assert read_reviews(labelled, other) == {}


def test_the_confidence_field_of_the_run_is_the_one_that_is_set(labelled):
    label_again(labelled, fields=FieldNames(label="other", confidence="other_confidence"))
    before = labelled.values("confidence")
    correct(labelled.limit(1), "green", "other")
    assert labelled.first().other_confidence == 1
    assert labelled.values("confidence") == before


def test_known_classes_are_those_of_the_last_run_and_those_given_since(labelled):
    correct(labelled.limit(1), "blue")
    assert known_classes(labelled) == ["red", "green", "blue"]


def test_anchors_are_class_numbers_in_the_order_of_the_samples():
    assert anchors_of({"a": "dog", "c": "bird"}, ["c", "b", "a"], ["cat", "dog"]).tolist() == [-1, -1, 1]


def test_a_field_that_no_run_wrote_cannot_be_corrected(labelled, dataset):
    with pytest.raises(InputError, match="No run wrote a label field 'guess': choose auto_label"):
        correct(labelled, "green", "guess")


def test_before_the_first_run_there_is_nothing_to_approve(dataset):
    with pytest.raises(InputError, match="run Auto-label first"):
        approve(dataset)


def test_a_blank_class_is_refused(labelled):
    with pytest.raises(InputError, match="name is blank"):
        correct(labelled, "  ")


def test_a_class_that_looks_like_a_path_of_mongodb_is_a_class_like_any(dataset):
    labelling = label_again(dataset, ["$red", "$label"])
    correct(dataset.limit(1), "$red")
    approve(dataset.skip(1).limit(1))
    said = dataset.values("auto_label.label")
    assert said[1:] == [["$red", "$label"][one] for one in labelling.refinement.labels[1:]]
    assert read_reviews(dataset, FieldNames()) == dict(zip(dataset.values("id")[:2], said[:2], strict=True))
    assert known_classes(dataset) == ["$red", "$label"]


def test_the_last_approval_is_undone_whole_and_alone(labelled):
    before = labelled.values(["auto_label.label", "confidence", "tags"])
    correct(labelled.limit(1), "blue")
    approve(labelled)
    assert len(undo_review(labelled).sample_ids) == 5
    assert read_reviews(labelled, FieldNames()) == {labelled.first().id: "blue"}
    withdraw(labelled)
    assert labelled.values(["auto_label.label", "confidence", "tags"]) == before


def test_undoing_a_correction_brings_back_the_review_that_it_replaced(labelled):
    correct(labelled.limit(2), "blue")
    correct(labelled.limit(1), "yellow")
    undo_review(labelled)
    assert labelled.limit(2).values("auto_label_corrected.label") == ["blue", "blue"]
    assert labelled.limit(2).values("auto_label.label") == ["blue", "blue"]


def test_undoing_a_correction_of_an_approved_label_approves_it_again(labelled):
    label = labelled.first().auto_label.label
    approve(labelled.limit(1))
    correct(labelled.limit(1), "blue")
    undo_review(labelled)
    assert (labelled.first().auto_label.label, labelled.first().tags) == (label, [APPROVED_TAG])


def test_a_review_is_undone_once(labelled):
    approve(labelled.limit(2))
    undo_review(labelled)
    assert undo_review(labelled).sample_ids == []


def test_an_edit_made_outside_is_not_undone(labelled):
    sample = labelled.first()
    sample.auto_label.label = "blue"
    sample.save()
    assert undo_review(labelled).sample_ids == []
    assert labelled.first().auto_label.label == "blue"
