"""Labels are compared with a ground truth, and FiftyOne keeps the comparison."""

import threading

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.executor import ExecutionContext, Executor
from fiftyone_autolabel import InputError, auto_label
from fiftyone_autolabel.plugin.dataset.lock import WriteLock
from fiftyone_autolabel.plugin.dataset.reviewing import approve, correct
from fiftyone_autolabel.plugin.run.evaluation import evaluate


@pytest.fixture
def dataset():
    """Four cats and four dogs; two cats and a dog are labelled wrong, one more image has no label."""
    truth = ["cat"] * 4 + ["dog"] * 4 + ["cat"]
    vectors = np.array(
        [[1, 0.1 * number] for number in (0, 1, 20, 30)]
        + [[0.1 * number, 1] for number in (0, 1, 2, 30)]
        + [[0, 0]]
    )
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{number}.jpg", truth=fo.Classification(label=name))
        for number, name in enumerate(truth)
    )
    auto_label(dataset, ["cat", "dog"], embeddings=vectors, text_embeddings=np.eye(2))
    labels = ["cat", "cat", "dog", "dog", "dog", "dog", "dog", "cat"]
    confidence = [0.9, 0.9, 0.6, 0.6, 0.9, 0.9, 0.9, 0.6]
    dataset.limit(8).set_values("auto_label.label", labels)
    dataset.limit(8).set_values("auto_label.confidence", confidence)
    yield dataset
    dataset.delete()


def test_accuracy_is_the_share_of_labels_that_are_right(dataset):
    evaluation = evaluate(dataset, "truth")
    assert evaluation.accuracy == 5 / 8
    assert (evaluation.n_images, evaluation.n_left_out) == (8, 1)


def test_every_class_has_its_scores(dataset):
    cat, dog = evaluate(dataset, "truth").classes
    assert (cat.name, cat.precision, cat.recall, cat.images) == ("cat", 2 / 3, 0.5, 4)
    assert (dog.name, dog.precision, dog.recall, dog.images) == ("dog", 3 / 5, 0.75, 4)
    assert dog.f1 == pytest.approx(2 / 3)


def test_confusions_are_counted_most_frequent_first(dataset):
    assert list(evaluate(dataset, "truth").confusions.items()) == [(("cat", "dog"), 2), (("dog", "cat"), 1)]


def test_confidence_is_compared_with_what_came_true(dataset):
    evaluation = evaluate(dataset, "truth")
    assert evaluation.expected_accuracy == pytest.approx((5 * 0.9 + 3 * 0.6) / 8)
    assert [(one.images, one.accuracy) for one in evaluation.reliability] == [(3, 0), (5, 1)]
    assert evaluation.calibration_error == pytest.approx((3 * 0.6 + 5 * 0.1) / 8)
    assert 0 < evaluation.risk < 1 - evaluation.accuracy


def test_labels_that_a_person_answered_are_counted_apart(dataset):
    correct(dataset.limit(4), "cat")
    evaluation = evaluate(dataset, "truth")
    assert evaluation.accuracy == 7 / 8
    assert evaluation.n_reviewed == 4
    assert evaluation.accuracy_unreviewed == 3 / 4


def test_when_all_is_answered_no_accuracy_of_the_rest_is_claimed(dataset):
    approve(dataset)
    assert evaluate(dataset, "truth").accuracy_unreviewed is None


def test_fiftyone_keeps_the_evaluation(dataset):
    key = evaluate(dataset, "truth").key
    assert key == "auto_label_evaluation"
    assert dataset.load_evaluation_results(key).metrics()["accuracy"] == 5 / 8
    assert dataset.count_values(key) == {True: 5, False: 3, None: 1}


def test_fiftyone_shows_calibration_error_and_risk_as_metrics(dataset):
    evaluation = evaluate(dataset, "truth")
    shown = dataset.load_evaluation_results(evaluation.key).metrics()
    assert shown["expected_calibration_error"] == pytest.approx(evaluation.calibration_error)
    assert shown["area_under_risk_coverage"] == pytest.approx(evaluation.risk)


def test_labels_without_confidence_have_no_metrics_of_it(dataset):
    dataset.set_values("other", [fo.Classification(label="cat")] * 9)
    key = evaluate(dataset, "truth", "other").key
    assert "expected_calibration_error" not in dataset.load_evaluation_results(key).metrics()


def test_an_evaluation_is_replaced_by_the_next(dataset):
    key = evaluate(dataset, "truth").key
    assert dataset.load_evaluation_results(key).metrics()["accuracy"] == 5 / 8
    correct(dataset.limit(4), "cat")
    evaluate(dataset, "truth")
    assert dataset.list_evaluations() == [key]
    assert dataset.load_evaluation_results(key).metrics()["accuracy"] == 7 / 8
    assert dataset.count_values(key)[True] == 7


def test_an_evaluation_with_another_ground_truth_replaces_the_first(dataset):
    evaluate(dataset, "truth")
    empty = fo.Classification(label=None)
    dataset.set_values("other", [fo.Classification(label="cat")] * 4 + [empty] * 5)
    evaluation = evaluate(dataset, "other")
    assert (evaluation.n_images, evaluation.n_left_out, evaluation.accuracy) == (4, 5, 0.5)
    (key,) = dataset.list_evaluations()
    assert dataset.get_evaluation_info(key).config.gt_field == "other"


def test_an_evaluation_is_of_what_there_is_when_no_run_writes_any_more(dataset):
    found = []
    with WriteLock(dataset):
        waiting = threading.Thread(target=lambda: found.append(evaluate(dataset, "truth")))
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
        dataset.limit(4).clear_sample_field("auto_label")
    waiting.join()
    assert (found[0].n_images, found[0].n_left_out, found[0].accuracy) == (4, 5, 3 / 4)


def test_a_view_and_a_key_can_be_chosen(dataset):
    assert evaluate(dataset.limit(4), "truth", key="cats").n_images == 4
    assert dataset.list_evaluations() == ["cats"]


def test_labels_without_confidence_are_compared_too(dataset):
    dataset.set_values("other", [fo.Classification(label="cat")] * 9)
    evaluation = evaluate(dataset, "truth", "other")
    assert evaluation.accuracy == 5 / 9
    assert (evaluation.expected_accuracy, evaluation.reliability) == (None, ())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing",), r"no field 'nothing' with one class per image \(there are: truth, auto_label"),
        (("truth", "confidence"), "no field 'confidence' with one class"),
        (("auto_label",), "cannot be its own ground truth"),
    ],
)
def test_fields_that_cannot_be_compared_are_refused(dataset, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        evaluate(dataset, *arguments)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("my key", "cannot be the key"),
        ("_id", "cannot be the key"),
        ("confidence", "overwrite the field 'confidence'"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(dataset, key, sentence):
    with pytest.raises(InputError, match=sentence):
        evaluate(dataset, "truth", key=key)


def test_a_view_without_labels_is_refused(dataset):
    with pytest.raises(InputError, match="No image here has both 'auto_label' and 'truth'"):
        evaluate(dataset.skip(8), "truth")


FIELD = "auto_label_boxes"


@pytest.fixture(params=[fo.Detections, fo.Detection])
def boxes(request):
    """Four cats and four dogs in boxes; two cats and a dog are labelled wrong, one more box has no class."""
    truth = ["cat"] * 4 + ["dog"] * 4 + [None]
    vectors = np.eye(2)[[0, 0, 1, 1, 1, 1, 1, 0, 0]] + 0.01
    found = [fo.Detection(label=name, bounding_box=[0, 0, 1, 1]) for name in truth]
    dataset = fo.Dataset()
    if request.param is fo.Detection:
        dataset.add_samples(fo.Sample(filepath=f"/{n}.jpg", boxes=box) for n, box in enumerate(found))
    else:
        dataset.add_samples(
            fo.Sample(filepath=f"/{n}.jpg", boxes=fo.Detections(detections=found[3 * n : 3 * n + 3]))
            for n in range(3)
        )
    auto_label(dataset, ["cat", "dog"], embeddings=vectors, text_embeddings=np.eye(2), objects="boxes")
    labels = ["cat", "cat", "dog", "dog", "dog", "dog", "dog", "cat", "cat"]
    is_list = request.param is fo.Detections
    path = f"{FIELD}.detections.label" if is_list else f"{FIELD}.label"
    dataset.set_values(path, [labels[3 * n : 3 * n + 3] for n in range(3)] if is_list else labels)
    yield dataset
    dataset.delete()


def in_panel(dataset, key, **cell):
    """What FiftyOne's panel reads of an evaluation, and the samples that a click on a confusion shows."""
    panel = foo.get_operator("@voxel51/panels/model_evaluation_panel_builtin")
    params = {"panel_id": "panel", "panel_state": {"view": {"key": key}}, "type": "matrix", "options": cell}
    executor = Executor()
    ctx = ExecutionContext(
        request_params={"dataset_name": dataset.name, "params": params},
        executor=executor,
        operator_uri=panel.uri,
    )
    shown = panel.get_evaluation_data(ctx)
    panel.load_view(ctx)
    (request,) = (one for one in executor._requests if one.operator_uri.endswith("set_view"))
    return shown, fo.DatasetView._build(dataset, request.params["view"]).values("id")


def marks(dataset, key=f"{FIELD}_evaluation") -> list[str | None]:
    is_list = isinstance(dataset.first()[FIELD], fo.Detections)
    return dataset.values(f"{FIELD}.detections.{key}" if is_list else f"{FIELD}.{key}", unwind=is_list)


def test_labels_of_objects_are_compared_with_the_objects_that_they_are_of(boxes):
    evaluation = evaluate(boxes, "boxes", FIELD)
    assert (evaluation.noun, evaluation.n_images, evaluation.n_left_out) == ("object", 8, 1)
    assert evaluation.accuracy == 5 / 8
    assert list(evaluation.confusions.items()) == [(("cat", "dog"), 2), (("dog", "cat"), 1)]
    assert [(one.name, one.recall, one.images) for one in evaluation.classes] == [
        ("cat", 0.5, 4),
        ("dog", 0.75, 4),
    ]
    assert evaluation.expected_accuracy is not None


def test_objects_are_marked_as_right_or_wrong_and_the_truth_is_only_read(boxes):
    truth = [value.to_dict() for value in boxes.values("boxes")]
    key = evaluate(boxes, "boxes", FIELD).key
    assert key == f"{FIELD}_evaluation"
    assert marks(boxes) == ["tp", "tp", "fp", "fp", "tp", "tp", "tp", "fp", None]
    assert [value.to_dict() for value in boxes.values("boxes")] == truth


def test_an_evaluation_of_objects_is_replaced_by_the_next(boxes):
    evaluate(boxes, "boxes", FIELD)
    correct(boxes, "cat", FIELD)
    evaluation = evaluate(boxes[:1], "boxes", FIELD)
    assert evaluation.accuracy == 1
    n = evaluation.n_reviewed
    assert n == evaluation.n_images
    assert marks(boxes) == ["tp"] * n + [None] * (9 - n)


def test_fiftyone_keeps_the_evaluation_of_objects_in_lists(boxes):
    evaluation = evaluate(boxes, "boxes", FIELD)
    if isinstance(boxes.first().boxes, fo.Detection):
        assert boxes.list_evaluations() == []
        return
    evaluate(boxes, "boxes", FIELD)  # once more, in its place
    kept = boxes.load_evaluation_results(evaluation.key)
    assert kept.metrics()["accuracy"] == 5 / 8
    assert kept.confusion_matrix(["cat", "dog"]).tolist() == [[2, 2], [1, 3]]
    assert kept.metrics()["expected_calibration_error"] == pytest.approx(evaluation.calibration_error)
    assert kept.metrics()["area_under_risk_coverage"] == pytest.approx(evaluation.risk)
    shown, sample_ids = in_panel(boxes, evaluation.key, x="dog", y="cat")
    assert shown["metrics"]["accuracy"] == 5 / 8
    assert len(shown["custom_metrics"]) == 2
    assert sample_ids == boxes.values("id")[:2]  # cats 2 and 3 are dogs by their labels
    boxes.delete_evaluation(evaluation.key)
    assert boxes.get_field(f"{FIELD}.detections.{evaluation.key}") is None


def test_two_runs_over_the_same_objects_can_be_compared_as_truth_and_labels(boxes):
    X, T = np.eye(2)[[0] * 9] + 0.01, np.eye(2)
    auto_label(boxes, ["cat", "dog"], embeddings=X, text_embeddings=T, objects="boxes", run_key="second")
    assert evaluate(boxes, f"{FIELD}_second", FIELD).n_images == 9


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("others", FIELD), "are not those in 'others': choose boxes as their ground truth"),
        (("boxes", FIELD, "confidence"), "would overwrite the attribute 'confidence'"),
        (("boxes", "others"), r"call dataset.evaluate_detections\('others', gt_field='boxes'\)"),
    ],
)
def test_objects_that_cannot_be_compared_are_refused(boxes, arguments, sentence):
    boxes.add_sample_field("others", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    truth, field, *key = arguments
    with pytest.raises(InputError, match=sentence):
        evaluate(boxes, truth, field, key=next(iter(key), None))


def test_patches_are_evaluated_and_show_the_marks_at_once():
    dataset = fo.Dataset()
    found = [fo.Detection(label=name, bounding_box=[0, 0, 1, 1]) for name in ("cat", "dog", "dog")]
    dataset.add_sample(fo.Sample(filepath="/1.jpg", boxes=fo.Detections(detections=found)))
    X, T = np.eye(2)[[0, 1, 0]] + 0.01, np.eye(2)
    auto_label(dataset, ["cat", "dog"], embeddings=X, text_embeddings=T, objects="boxes")
    dataset.set_values(f"{FIELD}.detections.label", [["cat", "dog", "cat"]])
    for field in ("boxes", FIELD):
        patches = dataset.to_patches(field).skip(1)
        assert evaluate(patches, "boxes", FIELD, key="right").accuracy == 0.5
        assert marks(dataset, "right") == [None, "tp", "fp"]
    assert patches.values(f"{FIELD}.right") == ["tp", "fp"]
    dataset.delete()
