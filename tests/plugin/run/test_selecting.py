"""Labels with a confidence in a range: a view of them, and how many are expected and measured to be right."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, approve, audit, auto_label, correct, select_by_confidence
from fiftyone_autolabel.plugin.dataset import load_outcome

CLASSES = ["red", "green", "blue"]
N = 60


@pytest.fixture
def dataset():
    """Sixty samples in three overlapping heaps, labelled by one run."""
    rng, truth = np.random.default_rng(0), np.arange(N) % 3
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{row}.jpg", vector=vector)
        for row, vector in enumerate(np.eye(8)[truth] + 0.7 * rng.normal(size=(N, 8)))
    )
    auto_label(dataset, CLASSES, embeddings="vector", text_embeddings=np.eye(8)[:3])
    yield dataset
    dataset.delete()


def test_the_view_has_the_labels_from_the_minimum_to_the_maximum(dataset):
    confidence = np.sort(dataset.values("confidence"))
    found = select_by_confidence(dataset, confidence[10], confidence[30])
    assert sorted(found.view.values("confidence")) == confidence[10:31].tolist()
    assert (found.count, found.total) == (21, N)
    assert found.expected_accuracy == pytest.approx(confidence[10:31].mean())


def test_a_class_may_have_its_own_minimum(dataset):
    found = select_by_confidence(dataset, {"red": 1.0})
    assert found.view.distinct("auto_label.label") == ["blue", "green"]
    assert found.count == len(found.view)


def test_the_audited_labels_among_them_measure_their_accuracy(dataset):
    page = audit(dataset, N)
    least = float(np.median(dataset.values("confidence")))
    wrong = page.match(fo.ViewField("confidence") < least).limit(5)
    correct(wrong.select(wrong.values("id")), "violet")
    approve(page)
    sure = select_by_confidence(dataset, least)
    rest = select_by_confidence(dataset, 0.0, least - 1e-6)
    assert (sure.measured.accuracy, sure.measured.audited) == (1.0, sure.count)
    assert rest.measured.accuracy == pytest.approx(1 - 5 / rest.count)
    assert str(rest).endswith(f"measured {1 - 5 / rest.count:.0%} ({rest.count} images audited).")


def test_the_accuracies_are_those_of_the_run_and_not_of_reviews_since(dataset):
    least = float(np.median(dataset.values("confidence")))
    before = select_by_confidence(dataset, least)
    approve(dataset.limit(20))
    after = select_by_confidence(dataset, least)
    assert (after.count, after.expected_accuracy) == (before.count, before.expected_accuracy)


def test_nothing_is_expected_of_no_labels(dataset):
    outcome = load_outcome(dataset, "auto_label_1")
    found = select_by_confidence(dataset, 0.0, float(outcome.confidence.min()) / 2)
    assert (found.count, found.expected_accuracy, found.measured) == (0, None, None)
    assert str(found) == "0 of 60 images have such a confidence."


def test_the_view_is_saved_and_follows_the_labels(dataset):
    select_by_confidence(dataset, {"red": 1.0}, save_as="sure")
    correct(dataset.limit(1), "red")
    assert dataset.first().id in dataset.load_saved_view("sure").values("id")


def test_a_view_that_a_person_saved_is_never_replaced(dataset):
    dataset.save_view("mine", dataset.limit(3))
    with pytest.raises(InputError, match="There is a saved view 'mine' already"):
        select_by_confidence(dataset, 0.5, save_as="mine")
    assert len(dataset.load_saved_view("mine")) == 3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (({"cow": 0.5},), "names 'cow'"),
        ((2,), "minimum confidence is 2"),
        ((0, 1.5), "maximum confidence is 1.5"),
        ((0, 1, "other"), "No run wrote a label field 'other'"),
    ],
)
def test_what_cannot_be_is_refused(dataset, given, sentence):
    with pytest.raises(InputError, match=sentence):
        select_by_confidence(dataset, *given)


def test_objects_are_shown_one_by_one():
    dataset = fo.Dataset()
    boxes = [fo.Detection(label="thing", bounding_box=[0, 0, 0.5, 0.5]) for _ in range(20)]
    dataset.add_sample(fo.Sample(filepath="/a.jpg", boxes=fo.Detections(detections=boxes)))
    X = np.random.default_rng(0).normal(size=(20, 2))
    auto_label(dataset, ["red", "green"], objects="boxes", embeddings=X, text_embeddings=np.eye(2))
    confidence = load_outcome(dataset, "auto_label_boxes_1").confidence.astype(float)
    found = select_by_confidence(dataset, float(np.median(confidence)), label_field="auto_label_boxes")
    assert 0 < len(found.view) == found.count < 20
    dataset.delete()
