"""Every form that cannot be executed says why, in a sentence that a person reads in it."""

from collections.abc import Callable
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label
from playwright.sync_api import Locator, Page, expect

from .forms import add_to, choose_encoder, class_field, field_of, open_form, open_more, type_classes

NEEDS_LABELS = {
    "Review next": "run Auto-label first",
    "Correct labels": "run Auto-label first",
    "Approve labels": "run Auto-label first",
    "Withdraw approvals and corrections": "run Auto-label first",
    "Refine with corrections": "run Auto-label first",
    "Add class": "run Auto-label first",
    "Evaluate labels": "There are no labels",
    "Export labels": "label the images first",
    "Show run": "There are no runs to choose from on this dataset",
    "Cancel run": "There are no runs to choose from on this dataset",
    "Delete run": "There are no runs to choose from on this dataset",
    "Compare runs": "There are no runs to choose from on this dataset",
}
"""Operator → what its form says where nothing was labelled."""


def is_refused(form: Locator, sentence: str) -> None:
    """Read a sentence in a form that cannot be executed."""
    expect(form.get_by_text(sentence).first).to_be_visible()
    expect(form.locator("button", has_text="Cancel").locator("xpath=following::button[1]")).to_be_disabled()


def close(form: Locator) -> None:
    """Leave a form."""
    form.get_by_role("button", name="Cancel", exact=True).click()
    expect(form).to_be_hidden()


@pytest.fixture
def unlabelled(open_dataset: Callable[[fo.Dataset], Page], fresh: fo.Dataset) -> Page:
    return open_dataset(fresh)


@pytest.fixture(scope="module")
def labelled_photos(dataset: fo.Dataset, keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    """Photos that a run with made-up vectors has labelled; forms that are refused leave them as they are."""
    photos = keep(dataset.exists("ground_truth").select_fields().clone(persistent=True))
    T = np.eye(8)[:3]
    X = T[np.arange(len(photos)) % 3] + np.random.default_rng(0).normal(scale=0.2, size=(len(photos), 8))
    auto_label(photos, ["cat", "coins", "rocket"], embeddings=X, text_embeddings=T)
    return photos


@pytest.fixture
def labelled(open_dataset: Callable[[fo.Dataset], Page], labelled_photos: fo.Dataset) -> Page:
    """The App on those photos."""
    return open_dataset(labelled_photos)


def test_forms_that_need_labels_say_so_where_there_are_none(unlabelled):
    for operator, sentence in NEEDS_LABELS.items():
        form = open_form(unlabelled, operator)
        is_refused(form, sentence)
        close(form)


def test_nothing_is_said_of_all_samples_because_none_is_selected(labelled):
    for operator in ("Correct labels", "Approve labels", "Withdraw approvals and corrections"):
        form = open_form(labelled, operator)
        is_refused(form, "Nothing is selected: select samples, or open a view of them.")
        close(form)


def test_without_an_answer_there_is_nothing_to_refine_with(labelled):
    is_refused(
        open_form(labelled, "Refine with corrections"),
        "No label is reviewed yet",
    )


def test_one_run_cannot_be_compared(labelled):
    is_refused(open_form(labelled, "Compare runs"), "There is only one run to choose from.")


def test_a_run_that_no_record_can_bring_back_is_not_repeated_with_a_class_more(labelled, screenshot):
    form = open_form(labelled, "Add class")
    is_refused(form, "label again with vectors for all classes")
    screenshot("add-class-refused")


def test_without_a_ground_truth_there_is_nothing_to_evaluate_with(labelled):
    is_refused(open_form(labelled, "Evaluate labels"), "no labels and ground truth to compare")


def test_splits_that_are_no_shares_are_refused(labelled):
    form = open_form(labelled, "Export labels")
    form.get_by_role("textbox").last.fill("most, few")
    is_refused(form, "Give shares of train, val and test like 80, 10, 10")


@pytest.mark.parametrize("operator", ["Embed images", "Cluster images"])
def test_a_field_that_holds_something_else_is_not_computed_into(labelled, operator):
    form = open_form(labelled, operator)
    form.get_by_role("textbox").last.fill("confidence")
    is_refused(form, "Field 'confidence' exists and does not hold")


def test_the_classes_of_the_last_run_are_there_and_can_be_replaced(labelled):
    form = open_form(labelled, "Auto-label")
    expect(class_field(form)).to_have_value("cat\ncoins\nrocket")
    expect(form.get_by_text("3 classes: cat, coins, rocket")).to_be_visible()
    class_field(form).fill("")
    expect(form.get_by_text("No classes yet: type their names.")).to_be_visible()
    class_field(form).press_sequentially("tulip, rose", delay=60)
    expect(form.get_by_text("2 classes: tulip, rose")).to_be_visible()
    expect(class_field(form)).to_have_value("tulip, rose")


@pytest.fixture
def options(labelled: Page) -> Locator:
    """The form of Auto-label with two classes and all its options."""
    form = open_form(labelled, "Auto-label")
    type_classes(form, ["cat", "coins"])
    choose_encoder(form, "offline")
    open_more(form)
    return form


def test_a_prompt_without_a_place_for_the_name_is_refused(options):
    add_to(field_of(options, "Prompt templates"), "a photo")
    is_refused(options, "needs exactly one {} for the class name")


def test_a_second_encoder_that_does_not_exist_is_refused(options):
    field = field_of(options, "Second image encoder")
    field.press_sequentially("ofline")
    field.press("Enter")
    is_refused(options, "did you mean 'offline'?")


def test_clusters_that_are_in_no_field_are_refused(options):
    field = field_of(options, "Clusters")
    field.press_sequentially("no_such_field")
    field.press("Enter")
    is_refused(options, "There is no field 'no_such_field' with one cluster per sample")


def test_the_key_of_another_run_is_refused(options, screenshot):
    options.get_by_role("textbox").last.fill("auto_label_1")
    is_refused(options, "There is a run 'auto_label_1' already")
    screenshot("form-with-a-key-that-is-taken")


@pytest.fixture
def videos(tmp_path: Path, keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    dataset = keep(fo.Dataset(persistent=True))
    (tmp_path / "film.mp4").touch()
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "film.mp4")))
    return dataset


@pytest.fixture
def empty(keep: Callable[[fo.Dataset], fo.Dataset]) -> fo.Dataset:
    return keep(fo.Dataset(persistent=True))


def test_videos_are_not_labelled(open_dataset, videos):
    is_refused(open_form(open_dataset(videos), "Auto-label"), "only images can be labelled")


def test_without_samples_there_is_nothing_to_label(open_dataset, empty):
    is_refused(open_form(open_dataset(empty), "Auto-label"), "There are no samples to label")
