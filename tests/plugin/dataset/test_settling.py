"""Labels that were edited outside auto-label count as reviews, and nothing half-written is read."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, auto_label
from fiftyone_autolabel.plugin.dataset import running
from fiftyone_autolabel.plugin.dataset.record import find_run
from fiftyone_autolabel.plugin.dataset.reviewing import approve, correct, review_next, review_view, withdraw
from fiftyone_autolabel.plugin.dataset.reviews import read_reviews
from fiftyone_autolabel.plugin.dataset.schema import RunState
from fiftyone_autolabel.plugin.dataset.settling import settle

NAMES = FieldNames()
RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4))


def label_again(dataset, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    auto_label(
        dataset, ["red", "green"], embeddings=rng.normal(size=(6, 4)), text_embeddings=rng.normal(size=(2, 4))
    )


def edit(dataset: fo.Dataset, label: str, row: int = 0, field: str = "auto_label") -> str:
    """Change a label as the Annotate tab does: its class, and nothing else of it."""
    sample = dataset.skip(row).first()
    sample[field].label = label
    sample.save()
    return sample.id


def other(dataset: fo.Dataset) -> str:
    """The class that the first sample was not given."""
    return {"red": "green", "green": "red"}[dataset.first().auto_label.label]


def test_an_edited_label_is_a_review(labelled):
    one = edit(labelled, "blue")
    assert read_reviews(labelled, NAMES) == {one: "blue"}


def test_a_label_that_nobody_edited_is_no_review(labelled):
    assert read_reviews(labelled, NAMES) == {}


def test_a_label_that_was_replaced_whole_is_a_review(labelled):
    label = labelled.first().auto_label.label
    sample = labelled.first()
    sample.auto_label = fo.Classification(label=label)
    sample.save()
    assert read_reviews(labelled, NAMES) == {sample.id: label}


def test_a_label_given_to_an_image_that_no_run_labelled_is_a_review(labelled):
    labelled.add_sample(fo.Sample(filepath="/unreadable.jpg", auto_label=fo.Classification(label="blue")))
    assert read_reviews(labelled, NAMES) == {labelled.last().id: "blue"}


def test_labels_of_version_0_1_are_no_reviews_for_want_of_the_class_of_their_run(labelled):
    labelled.set_values("auto_label.run_label", [None] * 6)
    assert read_reviews(labelled, NAMES) == {}


def test_a_later_run_keeps_an_edit(labelled):
    one = edit(labelled, "blue")
    label_again(labelled)
    assert (labelled[one].auto_label.label, labelled[one].confidence) == ("blue", 1)
    assert labelled[one].auto_label_corrected.label == "blue"


def test_a_label_that_was_deleted_is_given_again_by_the_next_run_alone(labelled):
    sample = labelled.first()
    sample.auto_label = None
    sample.save()
    approve(labelled.skip(1))
    assert labelled.first().auto_label is None
    label_again(labelled)
    assert labelled.first().auto_label.label in ("red", "green")


def test_an_edit_made_while_a_run_is_at_work_is_kept(labelled):
    def edit_in_between(stage, done, total):
        if stage == "refine" and done == 0:
            edit(labelled, "blue")

    vectors = np.random.default_rng(1).normal(size=(6, 4))
    auto_label(labelled, ["red", "green"], embeddings=vectors, text_embeddings=T, progress=edit_in_between)
    assert labelled.first().auto_label.label == "blue"


def test_an_edit_wins_over_an_earlier_approval(labelled):
    approve(labelled.limit(1))
    one = edit(labelled, other(labelled))
    settle(labelled)
    assert labelled[one].auto_label_corrected.label == labelled[one].auto_label.label
    assert labelled[one].tags == []


def test_a_review_that_is_edited_where_it_is_kept_shows_in_the_label(labelled):
    correct(labelled.limit(1), "blue")
    one = edit(labelled, "yellow", field="auto_label_corrected")
    settle(labelled)
    assert labelled[one].auto_label.label == labelled[one].auto_label_corrected.label == "yellow"


def test_where_label_and_review_were_edited_the_label_wins(labelled):
    correct(labelled.limit(1), "blue")
    edit(labelled, "yellow", field="auto_label_corrected")
    one = edit(labelled, "white")
    settle(labelled)
    assert labelled[one].auto_label_corrected.label == "white"


def test_a_correction_of_an_edited_label_wins_over_the_edit(labelled):
    one = edit(labelled, "blue")
    correct(labelled.limit(1), "yellow")
    settle(labelled)
    assert labelled[one].auto_label.label == "yellow"


def test_an_edit_is_withdrawn_to_what_the_run_said(labelled):
    before = labelled.values(["auto_label.label", "confidence"])
    edit(labelled, "blue")
    withdraw(labelled)
    assert labelled.values(["auto_label.label", "confidence"]) == before
    assert read_reviews(labelled, NAMES) == {}


def test_an_edited_label_is_not_to_be_reviewed_again(labelled):
    one = edit(labelled, "blue")
    assert one not in review_view(labelled).values("id")


def test_nothing_is_written_where_nothing_was_edited(labelled):
    before = labelled.values("last_modified_at")
    settle(labelled)
    assert labelled.values("last_modified_at") == before


@pytest.fixture
def half_written(labelled, monkeypatch):
    """The same images after a second run that died when half of its labels were written."""
    write = running.write_outcome

    def write_half(dataset, outcome, fields, progress):
        monkeypatch.setattr(running, "_mark_completed", lambda *given: None)
        write(dataset, outcome, fields, progress)
        dataset.limit(3).clear_sample_field("auto_label")

    monkeypatch.setattr(running, "write_outcome", write_half)
    label_again(labelled)
    monkeypatch.undo()
    assert find_run(labelled, "auto_label_2").state == RunState.RUNNING
    assert labelled.count("auto_label") == 3
    return labelled


def test_a_half_written_run_is_completed_before_anything_is_reviewed(half_written):
    assert len(review_next(half_written)) == 6


def test_a_half_written_run_is_completed_before_labels_are_approved(half_written):
    assert len(approve(half_written).sample_ids) == 6


def test_a_completed_run_is_recorded_as_completed(half_written):
    settle(half_written)
    assert find_run(half_written, "auto_label_2").state == RunState.COMPLETED
