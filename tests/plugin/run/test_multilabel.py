"""Several labels an image, from the first run to a refined one, on vectors that are sums of their classes."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    ExportOptions,
    InputError,
    approve,
    audit,
    auto_label,
    compare_runs,
    correct,
    evaluate,
    load_run,
    measured_accuracy,
    read_label_studio,
    refine_with_corrections,
    review_next,
    select_by_confidence,
    undo_review,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset import clusters_to_review, read_reviews, run_of
from fiftyone_autolabel.plugin.run.selecting import what_is_kept

CLASSES = ["cat", "dog", "owl", "fox"]
N, DIMENSIONS = 80, 24


@pytest.fixture(scope="module")
def mixtures():
    """(n, d) vectors, each the sum of those of its classes and of noise; (k, d) classes; (n, k) truth."""
    rng = np.random.default_rng(51)
    T = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0][: len(CLASSES)]
    has = np.eye(len(CLASSES), dtype=bool)[np.arange(N) % len(CLASSES)]
    has[N // 2 :] |= np.eye(len(CLASSES), dtype=bool)[rng.integers(len(CLASSES), size=N // 2)]
    return has @ T + rng.normal(scale=0.05, size=(N, DIMENSIONS)), T, has


@pytest.fixture(scope="module")
def dataset(mixtures):
    """The images labelled once, with their true classes; what the tests review they take back."""
    X, T, has = mixtures
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(N)])
    dataset.set_values("ground_truth", [_labels(row) for row in has])
    auto_label(dataset, CLASSES, embeddings=X, text_embeddings=T, multilabel=True)
    yield dataset
    dataset.delete()


@pytest.fixture(autouse=True)
def taken_back(dataset):
    yield
    withdraw(dataset)


def _labels(row):
    names = np.array(CLASSES)[row]
    return fo.Classifications(classifications=[fo.Classification(label=name) for name in names])


def names_of(dataset):
    return [set(names) for names in dataset.values("auto_label.classifications.label")]


def true_names(dataset):
    return dataset.values("ground_truth.classifications.label")


def test_an_image_gets_its_classes_each_with_its_own_confidence(dataset, mixtures):
    right = [given == set(true) for given, true in zip(names_of(dataset), true_names(dataset), strict=True)]
    assert np.mean(right) >= 0.9
    confidences = dataset.first()["auto_label"].classifications
    assert all(0.5 <= one.confidence <= 1 for one in confidences)


def test_confidence_of_the_image_is_there_to_sort_by(dataset):
    sure = dataset.values("confidence")
    assert all(0 < one <= 1 for one in sure)
    assert dataset.values("auto_label.confidence") == sure


def test_a_correction_to_several_classes_shows_at_once_and_is_taken_back(dataset):
    before = dataset.first().auto_label.to_dict()
    correct(dataset.limit(1), ["OWL", "fox"])
    label = dataset.first().auto_label
    assert {(one.label, one.confidence) for one in label.classifications} == {("owl", 1.0), ("fox", 1.0)}
    assert dataset.first().confidence == 1
    withdraw(dataset.limit(1))
    after = dataset.first().auto_label.to_dict()
    said = [[(one["label"], one["confidence"]) for one in x["classifications"]] for x in (before, after)]
    assert said[0] == said[1]


def test_a_person_may_say_that_an_image_has_none_of_the_classes(dataset):
    correct(dataset.limit(1), [])
    assert names_of(dataset)[0] == set()
    assert read_reviews(dataset, run_of(dataset, "auto_label").label_fields) == {dataset.first().id: ""}


def test_undo_brings_back_the_correction_before(dataset):
    correct(dataset.limit(1), [])
    correct(dataset.limit(1), "owl|fox")
    undo_review(dataset)
    assert names_of(dataset)[0] == set()


def test_approved_images_leave_the_page_of_what_to_review(dataset):
    approve(dataset.limit(5))
    assert not {*dataset.limit(5).values("id")} & {*review_next(dataset, N).values("id")}


def test_a_tag_alone_approves_the_set_of_an_image(dataset):
    dataset.limit(1).tag_samples("approved")
    reviews = read_reviews(dataset, run_of(dataset, "auto_label").label_fields)
    assert reviews == {dataset.first().id: "|".join(sorted(names_of(dataset)[0]))}


def test_labels_that_are_edited_in_python_count_as_a_review(dataset):
    sample = dataset.first()
    sample["auto_label"].classifications = [fo.Classification(label="dog"), fo.Classification(label="cat")]
    sample.save()
    assert read_reviews(dataset, run_of(dataset, "auto_label").label_fields)[sample.id] == "cat|dog"


def test_an_audit_measures_images_and_single_labels(dataset):
    for sample, true in zip(page := audit(dataset, 20), true_names(page), strict=True):
        correct(sample, true)
    measured = measured_accuracy(dataset)
    assert measured.overall.audited == 20
    assert measured.scores["F1"].low <= measured.scores["F1"].accuracy <= measured.scores["F1"].high
    assert "precision" in " ".join(measured.sentences)


def test_a_refined_run_keeps_reviewed_sets_and_learns_new_classes(dataset, mixtures):
    X, T, _ = mixtures
    ids = dataset.values("id")
    correct(dataset.limit(3), ["cat", "wolf"])
    with pytest.raises(InputError, match="Python objects"):
        refine_with_corrections(dataset)
    run = refine_with_corrections(dataset, embeddings=X, text_embeddings=T)
    assert run.unlisted_classes == {"wolf": 3}
    assert names_of(dataset.select(ids[:3], ordered=True)) == [{"cat", "wolf"}] * 3
    assert run.changes.n_reviewed == 3


def test_a_stored_run_tells_labels_as_texts_and_has_no_prototypes(dataset):
    run = load_run(dataset, "auto_label_1")
    single = [name for text in run.to_frame().label for name in text.split("|")]
    assert run.counts == {name: single.count(name) for name in CLASSES}
    assert "all labels of" in repr(run)
    with pytest.raises(InputError, match="several labels an image"):
        run.prototypes()


def test_thresholds_of_single_classes_are_not_for_the_confidence_of_sets(dataset):
    assert select_by_confidence(dataset, 0.5).total == N
    with pytest.raises(InputError, match="all labels of an image together"):
        select_by_confidence(dataset, {"cat": 0.5})
    assert what_is_kept(dataset, ExportOptions(minimum_confidence={"cat": 0.5})) is None


def test_what_asks_for_one_class_is_refused(dataset):
    with pytest.raises(InputError, match="a cluster has no one class"):
        clusters_to_review(dataset)
    with pytest.raises(InputError, match="one class an image"):
        read_label_studio(dataset, "answers.json")


def test_runs_with_several_labels_are_not_compared(dataset, mixtures):
    X, T, _ = mixtures
    single = auto_label(dataset, CLASSES, embeddings=X, text_embeddings=T, run_key="single")
    with pytest.raises(InputError, match="evaluate each"):
        compare_runs(dataset, "auto_label_1", single.run_key)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"objects": "boxes"}, "An object has one label"),
        ({"examples": "tags"}, "Examples have one class each"),
        ({"classes": ["cat"]}, "at least two classes"),
        ({"classes": ["cat", "a|b"]}, "rename it"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(dataset, given, sentence):
    with pytest.raises(InputError, match=sentence):
        auto_label(dataset, **{"classes": CLASSES, "multilabel": True, "run_key": "other"} | given)


def test_a_field_with_one_label_an_image_is_left_alone(dataset, mixtures):
    X, T, _ = mixtures
    with pytest.raises(InputError, match="holds several labels an image"):
        auto_label(dataset, CLASSES, embeddings=X, text_embeddings=T)


def test_an_evaluation_scores_single_labels_and_keeps_nothing(dataset):
    found = evaluate(dataset, "ground_truth")
    given = dict(zip(dataset.values("id"), names_of(dataset), strict=True))
    true = dict(zip(dataset.values("id"), map(set, true_names(dataset)), strict=True))
    right = sum(len(given[one] & true[one]) for one in true)
    total = sum(len(given[one]) + len(true[one]) for one in true)
    assert found.single.f1 == pytest.approx(2 * right / total)
    assert found.accuracy == np.mean([given[one] == true[one] for one in true])
    assert found.single.mean_average_precision > 0.8
    assert "mean average precision" in repr(found)
    assert dataset.list_evaluations() == []


def test_a_truth_with_one_class_an_image_is_refused(dataset):
    dataset.set_values("single", [fo.Classification(label="cat")] * N)
    with pytest.raises(InputError, match="several classes per image"):
        evaluate(dataset, "single")
