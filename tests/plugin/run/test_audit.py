"""An audit draws labels at random, and the reviews of those, and of no others, measure the accuracy."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    InputError,
    approve,
    audit,
    auto_label,
    correct,
    delete_run,
    list_runs,
    load_run,
    measured_accuracy,
    refine_with_corrections,
    review_next,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset import audit_probabilities, load_outcome, read_reviews
from fiftyone_autolabel.plugin.engine import refinement
from fiftyone_autolabel.plugin.engine.recalibration import recalibration_weights

CLASSES = ["red", "green", "blue"]
N = 90


@pytest.fixture(scope="module")
def template():
    """Ninety samples in three overlapping heaps with their true classes, labelled by one run."""
    rng = np.random.default_rng(0)
    truth = np.arange(N) % 3
    template = fo.Dataset()
    template.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", truth=fo.Classification(label=CLASSES[truth[row]]), vector=vector)
        for row, vector in enumerate(np.eye(8)[truth] + 0.7 * rng.normal(size=(N, 8)))
    )
    auto_label(template, CLASSES, embeddings="vector", text_embeddings=np.eye(8)[:3])
    yield template
    template.delete()


@pytest.fixture
def dataset(template):
    dataset = template.clone()
    yield dataset
    dataset.delete()


def review(samples):
    """Give every sample its true class, as a careful person does: correct what is wrong, approve the rest."""
    samples = samples.select(samples.values("id"))  # what is reviewed may leave a view of doubtful labels
    for name in CLASSES:
        wrong = samples.match(
            (fo.ViewField("truth.label") == name) & (fo.ViewField("auto_label.label") != name)
        )
        if len(wrong):
            correct(wrong, name)
    approve(samples)


def accuracy(samples):
    return np.mean(np.array(samples.values("truth.label")) == samples.values("auto_label.label"))


def test_an_audit_shows_as_many_labels_as_were_asked_for(dataset):
    assert len(audit(dataset, 24)) == 24


def test_an_audit_that_waits_is_shown_again_before_more_is_drawn(dataset):
    ids = audit(dataset, 10).values("id")
    assert audit(dataset, 10).values("id") == ids
    review(dataset.select(ids[:4]))
    assert audit(dataset, 10).values("id")[:6] == ids[4:]


def test_nothing_is_measured_before_an_audited_label_is_reviewed(dataset):
    assert measured_accuracy(dataset) is None
    audit(dataset, 10)
    assert measured_accuracy(dataset) is None


def test_approved_labels_count_as_right_and_corrected_ones_as_wrong(dataset):
    page = audit(dataset, 10)
    right = accuracy(page)
    review(page)
    measured = measured_accuracy(dataset)
    assert (measured.overall.audited, measured.waiting) == (10, 0)
    assert measured.overall.accuracy == pytest.approx(right)
    assert measured.overall.low < right < measured.overall.high


def test_a_correction_to_the_class_that_the_run_gave_counts_as_right(dataset):
    page = audit(dataset, 10)
    for sample in page:
        correct(page.select(sample.id), sample.auto_label.label)
    assert measured_accuracy(dataset).overall.accuracy == 1


def test_an_audit_of_all_labels_measures_the_accuracy_itself(dataset):
    right = accuracy(dataset)
    review(audit(dataset, N))
    measured = measured_accuracy(dataset)
    assert measured.overall.low == measured.overall.accuracy == measured.overall.high == pytest.approx(right)
    assert str(measured) == f"measured {right:.0%} right ({N} images audited)"


def test_labels_that_are_reviewed_for_their_doubt_do_not_count(dataset):
    doubtful = dataset.sort_by("confidence").limit(20)
    review(audit(dataset, 10))
    before = measured_accuracy(dataset)
    review(doubtful)
    assert measured_accuracy(dataset) == before


def test_reviewed_labels_are_drawn_like_all_others_but_not_asked_for(dataset):
    review(dataset.sort_by("confidence").limit(45))
    page = audit(dataset, 20)
    assert len(page.exists("auto_label_corrected.label")) == 0
    (run,) = list_runs(dataset)
    assert 30 <= len(run.audit.ids) <= 50
    assert measured_accuracy(dataset) is None


def test_a_withdrawn_review_does_not_count_any_more(dataset):
    page = audit(dataset, 10)
    review(page)
    withdraw(page.limit(1))
    measured = measured_accuracy(dataset)
    assert (measured.overall.audited, measured.waiting) == (9, 1)


def test_classes_are_told_where_ten_labels_are_audited(dataset):
    review(audit(dataset, N))
    measured = measured_accuracy(dataset)
    assert set(measured.classes) == set(CLASSES)
    labelled = load_outcome(dataset, "auto_label_1").counts
    assert [measured.classes[name].audited for name in CLASSES] == labelled
    assert measured.surest.audited == round(0.8 * N)
    assert measured.surest.accuracy > measured.overall.accuracy


def test_labels_of_deleted_samples_are_not_asked_for(dataset):
    ids = audit(dataset, 10).values("id")
    dataset.delete_samples(dataset.exclude(ids).values("id")[:40])
    assert len(audit(dataset, 30)) == 30


def test_no_more_are_shown_than_there_are(dataset):
    review(audit(dataset, N))
    assert len(audit(dataset, 5)) == 0


def test_what_is_drawn_is_kept_on_the_record_of_the_run(dataset):
    ids = audit(dataset, 10).values("id")
    (run,) = list_runs(dataset)
    assert list(run.audit.ids) == ids
    assert run.audit.inclusion_probability == pytest.approx(10 / N)
    assert audit_probabilities(dataset, run.fields) == dict.fromkeys(ids, 10 / N)


def test_the_view_of_an_audit_is_saved_and_goes_with_the_run(dataset):
    ids = audit(dataset, 10).values("id")
    assert dataset.load_saved_view("auto_label audit").values("id") == ids
    delete_run(dataset, "auto_label_1")
    assert not dataset.has_saved_view("auto_label audit")


def test_a_saved_view_of_the_users_is_left_as_it_is(dataset):
    dataset.save_view("auto_label audit", dataset.limit(3))
    audit(dataset, 10)
    assert len(dataset.load_saved_view("auto_label audit")) == 3


def test_a_quarter_of_a_page_to_review_is_drawn_at_random_and_counts(dataset):
    page = review_next(dataset, 12)
    (run,) = list_runs(dataset)
    assert page.values("id")[9:] == list(run.audit.ids)
    assert len(set(page.values("id"))) == 12
    review(page)
    assert measured_accuracy(dataset).overall.audited == 3


def test_a_page_that_is_looked_at_twice_draws_once(dataset):
    assert review_next(dataset, 12).values("id") == review_next(dataset, 12).values("id")
    (run,) = list_runs(dataset)
    assert len(run.audit.ids) == 3


def test_a_page_of_a_view_draws_nothing(dataset):
    assert len(review_next(dataset.limit(30), 12)) == 12
    (run,) = list_runs(dataset)
    assert run.audit is None


def test_the_last_pages_have_every_label_once(dataset):
    seen = []
    while len(page := review_next(dataset, 20)):
        seen += page.values("id")
        review(page)
    assert sorted(seen) == sorted(dataset.values("id"))


def test_a_refined_run_is_measured_anew_and_the_reviews_count_as_right(dataset):
    review(audit(dataset, 30))
    refine_with_corrections(dataset, text_embeddings=np.eye(8)[:3])
    assert measured_accuracy(dataset) is None
    page = audit(dataset, 20)
    assert len(page.exists("auto_label_corrected.label")) == 0
    right = accuracy(page)
    review(page)
    assert measured_accuracy(dataset).overall.accuracy == pytest.approx((30 + 60 * right) / 90)


def test_what_an_audit_has_drawn_corrects_the_confidence_of_the_next_run(dataset, monkeypatch):
    review(audit(dataset, 20))
    review(dataset.sort_by("confidence").limit(10))
    seen = []
    fit = recalibration_weights
    monkeypatch.setattr(refinement, "recalibration_weights", lambda drawn: seen.append(drawn) or fit(drawn))
    refine_with_corrections(dataset, text_embeddings=np.eye(8)[:3])
    (drawn,) = seen
    assert np.isclose(drawn, 20 / N).sum() == 20
    assert (drawn == 0).sum() == len(drawn) - 20 > 0


def test_a_stored_run_tells_what_was_measured(dataset):
    review(audit(dataset, 20))
    run, measured = load_run(dataset), measured_accuracy(dataset)
    assert run.summary.measured == measured
    assert run.remarks[0].startswith("Measured ")
    assert str(measured) in str(run)


@pytest.mark.parametrize("count", [0, -3])
def test_an_audit_of_nothing_is_refused(dataset, count):
    with pytest.raises(InputError, match="Ask for 1 to 100,000 labels"):
        audit(dataset, count)
    assert read_reviews(dataset, list_runs(dataset)[0].fields) == {}
