"""What a person says of an object is kept, shows at once, anchors the next run and wins in exports."""

import json

import fiftyone as fo
import numpy as np
import pytest
import yaml
from fiftyone_autolabel import ExportOptions, FieldNames, InputError, auto_label, export_labels, list_runs
from fiftyone_autolabel.plugin.dataset.deleting import delete_run
from fiftyone_autolabel.plugin.dataset.reviewing import (
    approve,
    correct,
    known_classes,
    review_next,
    review_view,
    reviewable_fields,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset.reviews import read_reviews
from fiftyone_autolabel.plugin.dataset.running import load_outcome
from fiftyone_autolabel.plugin.dataset.writing import write_outcome
from fiftyone_autolabel.plugin.run import audit as pages
from fiftyone_autolabel.plugin.run.again import refine_with_corrections
from fiftyone_autolabel.plugin.run.audit import audit, measured_accuracy

CLASSES = ["cat", "rocket", "cup of coffee"]
FIELD = "auto_label_ground_truth"
NAMES = FieldNames(FIELD, objects="ground_truth")
RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(24, 5)), RNG.normal(size=(3, 5))


def label(samples, count=24, **arguments):
    given = {"objects": "ground_truth", "embeddings": X[:count], "text_embeddings": T}
    return auto_label(samples, CLASSES, **(given | arguments))


def objects_of(samples, field=FIELD) -> dict[str, fo.Detection]:
    return {one.id: one for objects in samples.values(f"{field}.detections") for one in objects or []}


def documents(samples) -> list[dict | None]:
    return [objects and objects.to_dict() for objects in samples.values(FIELD)]


@pytest.fixture(scope="module")
def template(scenes_to_clone):
    label(scenes_to_clone)
    return scenes_to_clone


@pytest.fixture
def labelled(template):
    labelled = template.clone()
    yield labelled
    labelled.delete()


def least_sure(samples) -> list[float]:
    """Lowest confidence of the objects of each image, as the objects have it."""
    return [min(objects) for objects in samples.values(f"{FIELD}.detections.confidence")]


def test_images_are_sorted_by_their_least_sure_object(labelled):
    assert labelled.values(NAMES.least_sure) == least_sure(labelled)
    first = labelled.sort_by(NAMES.least_sure).first()
    assert min(one.confidence for one in first[FIELD].detections) == min(least_sure(labelled))
    group = next(group for group in labelled.app_config.sidebar_groups if group.name == "auto-label")
    assert NAMES.least_sure in group.paths
    assert NAMES.least_sure in labelled.list_indexes()


def test_a_reviewed_object_is_not_the_least_sure(labelled):
    before = labelled.values(NAMES.least_sure)
    image = labelled.limit(1)
    least = min(image.first()[FIELD].detections, key=lambda one: one.confidence)
    correct(labelled.select_labels(ids=[least.id], fields=FIELD), "dog", FIELD)
    now = labelled.values(NAMES.least_sure)
    assert now == least_sure(labelled) != before
    approve(image, FIELD)
    assert labelled.first()[NAMES.least_sure] == 1
    withdraw(labelled, FIELD)
    assert labelled.values(NAMES.least_sure) == before


def test_the_least_sure_object_is_of_those_that_are_left(labelled):
    first = list_runs(labelled)[-1].key
    label(labelled[:4], 12)
    delete_run(labelled, first)
    assert labelled.values(NAMES.least_sure)[4:] == [None] * 4
    assert labelled[:4].values(NAMES.least_sure) == least_sure(labelled[:4])
    assert NAMES.least_sure in delete_run(labelled, list_runs(labelled)[-1].key).fields
    assert not labelled.has_sample_field(NAMES.least_sure)


def test_a_correction_is_kept_apart_and_shows_in_the_label_at_once(labelled):
    chosen = labelled.to_patches(FIELD).limit(2)
    ids = chosen.values("id")
    said = objects_of(labelled)[ids[0]]
    assert correct(chosen, "dog", FIELD).sample_ids == ids

    shown, kept = objects_of(labelled), objects_of(labelled, f"{FIELD}_corrected")
    assert [(shown[one].label, shown[one].confidence) for one in ids] == [("dog", 1.0)] * 2
    assert list(kept) == ids
    first = kept[ids[0]]
    assert (first.label, first.bounding_box) == ("dog", said.bounding_box)
    assert (first["run_label"], first["run_confidence"]) == (said.label, said.confidence)


def test_an_answer_leaves_other_objects_and_the_source_alone(labelled):
    before, source = objects_of(labelled), [one.to_dict() for one in labelled.values("ground_truth")]
    (chosen,) = correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD).sample_ids

    after = objects_of(labelled)
    assert list(after) == list(before)
    assert all(after[one] == before[one] for one in after if one != chosen)
    assert [one.to_dict() for one in labelled.values("ground_truth")] == source


def test_what_was_said_of_an_object_that_is_gone_counts_no_more(labelled):
    (chosen,) = correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD).sample_ids
    assert read_reviews(labelled, NAMES) == {chosen: "dog"}
    sample = labelled.first()
    sample.ground_truth.detections = [one for one in sample.ground_truth.detections if one.id != chosen]
    sample.save()
    assert read_reviews(labelled, NAMES) == {}
    with pytest.raises(InputError, match="No label is reviewed yet"):
        refine_with_corrections(labelled, FIELD)


def test_an_open_patches_view_shows_answers_at_once(labelled):
    patches = labelled.to_patches(FIELD)
    correct(patches.limit(1), "dog", FIELD)
    approve(patches.skip(1).limit(1), FIELD)
    assert patches.values(f"{FIELD}.label")[0] == "dog"
    assert patches.values(f"{FIELD}.tags")[:3] == [[], ["approved"], []]


def test_a_patches_view_names_the_label_fields_of_its_objects(labelled):
    with pytest.raises(InputError, match=f"No run wrote a label field 'auto_label': choose {FIELD}"):
        approve(labelled.to_patches(FIELD))


def test_patches_of_the_field_that_the_objects_come_from_mean_the_same_objects(labelled):
    patches = labelled.to_patches("ground_truth").limit(3)
    assert correct(patches, "dog", FIELD).sample_ids == patches.values("id")
    assert [one.label for one in objects_of(labelled).values()][:3] == ["dog"] * 3


def test_selected_labels_mean_just_those_objects(labelled):
    one, other = list(objects_of(labelled))[4:6]
    correct(labelled.select_labels(ids=[one, other], fields=FIELD), "dog", FIELD)
    assert read_reviews(labelled, NAMES) == {one: "dog", other: "dog"}


def test_an_approval_tags_the_objects_and_passes_over_answers(labelled):
    correct(labelled.to_patches(FIELD).limit(2), "dog", FIELD)
    approved = approve(labelled.limit(1), FIELD)

    assert approved.passed_over == {"reviewed before": 2, "without a label": 0}
    tags = [one.tags for one in objects_of(labelled).values()]
    assert tags == [[], [], ["approved"]] + [[]] * 21
    assert labelled.count_sample_tags() == {}


def test_what_was_said_can_be_taken_back(labelled):
    before = documents(labelled)
    correct(labelled.limit(1), "dog", FIELD)
    approve(labelled.skip(6), FIELD)
    assert withdraw(labelled, FIELD).passed_over == {"not reviewed": 15}

    after = documents(labelled)
    assert after == before
    assert labelled.count(f"{FIELD}_corrected") == 0


def test_no_run_overwrites_what_was_said_and_it_anchors_each(labelled):
    (one,) = correct(labelled.to_patches(FIELD).skip(4).limit(1), "rocket", FIELD).sample_ids
    (other,) = approve(labelled.to_patches(FIELD).skip(7).limit(1), FIELD).sample_ids
    said = labelled.values(f"{FIELD}_corrected")
    kept = objects_of(labelled)[other].label
    for sign in (1, -1):
        labelling = label(labelled, embeddings=sign * X)
        after = objects_of(labelled)
        assert np.flatnonzero(labelling.refinement.is_known).tolist() == [4, 7]
        assert (after[one].label, after[other].label) == ("rocket", kept)
        assert (after[one].confidence, after[other].tags) == (1.0, ["approved"])
        assert labelled.values(f"{FIELD}_corrected") == said


def test_what_is_said_while_a_run_is_at_work_is_kept(labelled):
    def correct_in_between(stage, done, total):
        if stage == "refine" and done == 0:
            correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD)

    label(labelled, progress=correct_in_between)
    assert next(iter(objects_of(labelled).values())).label == "dog"


def test_refining_with_corrections_labels_the_others_again(scenes):
    auto_label(scenes, CLASSES[:2], encoder="offline", objects="ground_truth", margin=0.2)
    truth = objects_of(scenes, "ground_truth")
    cups = [one for one, label in truth.items() if label.label == "cup of coffee"]
    correct(scenes.select_labels(ids=cups[:2]), "cup of coffee", FIELD)
    run = refine_with_corrections(scenes, FIELD)

    assert (run.changes.n_reviewed, run.changes.new_classes) == (2, ["cup of coffee"])
    assert run.fields.objects == "ground_truth"
    assert scenes.get_run_info(run.run_key).config.margin == 0.2
    right = [one.label == truth[number].label for number, one in objects_of(scenes).items()]
    assert np.mean(right) > 0.9


def test_the_next_objects_to_review_are_those_that_nobody_has_answered(labelled):
    page = review_next(labelled, 3, FIELD)
    ids = page.values("id")
    ranks = [objects_of(labelled)[one]["review_rank"] for one in ids]
    correct(page.limit(1), "dog", FIELD)
    approve(page.skip(1), FIELD)

    assert ranks == [1, 2, 3]
    assert page.values("id") == ids
    assert len(review_view(labelled, FIELD)) == 21
    assert not set(review_view(labelled, FIELD, "worst").values("id")) & set(ids)
    saved = labelled.load_saved_view(f"{FIELD} worst first")
    saved.reload()
    assert len(saved) == 21
    assert set(review_next(labelled.limit(1), 9, FIELD).values("id")) <= set(objects_of(labelled.limit(1)))


def test_only_the_objects_of_a_patches_view_are_looked_at(labelled):
    patches = labelled.to_patches(FIELD).limit(5)
    assert set(review_view(patches, FIELD).values("id")) == set(patches.values("id"))


def test_a_single_box_per_image_can_be_answered_too(scenes):
    scenes.set_values("box", [fo.Detection(bounding_box=[0, 0, 0.3, 1]) for _ in range(8)])
    label(scenes, 8, objects="box")
    field = "auto_label_box"
    before = scenes.values(f"{field}.label")
    correct(scenes.limit(1), "dog", field)
    approve(scenes.skip(6), field)

    assert scenes.first()[field].label == scenes.first()[f"{field}_corrected"].label == "dog"
    assert len(review_view(scenes, field)) == 5
    assert len(review_next(scenes, 2, field)) == 2
    label(scenes, 8, objects="box", embeddings=-X[:8])
    assert scenes.first()[field].label == "dog"
    withdraw(scenes.limit(1), field)
    assert scenes.first()[field].label in CLASSES
    assert scenes.last()[field].label == before[-1]


def test_shapes_can_be_answered_too(scenes):
    triangle = [(0.1, 0.2), (0.5, 0.2), (0.3, 0.8)]
    outlines = [fo.Polylines(polylines=[fo.Polyline(points=[triangle], filled=True)]) for _ in range(8)]
    scenes.set_values("outlines", outlines)
    label(scenes, 8, objects="outlines")
    correct(scenes.to_patches("auto_label_outlines").limit(1), "dog", "auto_label_outlines")
    label(scenes, 8, objects="outlines", embeddings=-X[:8])

    first = scenes.first()["auto_label_outlines"].polylines[0]
    assert (first.label, first.points) == ("dog", [[list(point) for point in triangle]])


def test_an_object_that_no_run_labelled_can_be_corrected(scenes):
    label(scenes.limit(2), 6)
    last = scenes.to_patches("ground_truth").skip(23)
    correct(last, "dog", FIELD)

    (one,) = scenes.last()[FIELD].detections
    assert (one.id, one.label) == (last.first().id, "dog")
    assert one.bounding_box == scenes.last().ground_truth.detections[2].bounding_box


def test_an_object_that_could_not_be_read_keeps_what_was_said(scenes):
    vectors = np.vstack([np.zeros((1, 5)), X[1:]])
    label(scenes, embeddings=vectors)
    assert approve(scenes.to_patches(FIELD).limit(1), FIELD).passed_over["without a label"] == 1
    correct(scenes.to_patches(FIELD).limit(1), "rocket", FIELD)
    label(scenes, embeddings=vectors)

    first = scenes.first()[FIELD].detections[0]
    assert (first.label, first.confidence) == ("rocket", 1.0)
    assert first["error"]
    withdraw(scenes.limit(1), FIELD)
    assert scenes.first()[FIELD].detections[0].label is None


def test_an_object_without_a_box_can_be_corrected(scenes):
    sample = scenes.first()
    sample.ground_truth.detections[0].bounding_box = None
    sample.save()
    auto_label(scenes, CLASSES, encoder="offline", objects="ground_truth")
    assert "its box has no area" in scenes.first()[FIELD].detections[0]["error"]

    correct(scenes.to_patches(FIELD).limit(1), "rocket", FIELD)
    assert refine_with_corrections(scenes, FIELD).changes.n_reviewed == 0
    assert scenes.first()[FIELD].detections[0].label == "rocket"


def test_samples_that_were_deleted_since_the_run_are_passed_over(labelled):
    patches = labelled.to_patches(FIELD)
    correct(patches.limit(4), "rocket", FIELD)
    labelled.delete_samples(labelled.first().id)

    assert len(approve(labelled, FIELD).sample_ids) == 20
    assert len(read_reviews(labelled, NAMES)) == 21
    assert len(review_view(labelled, FIELD)) == 0


def test_an_object_that_was_deleted_from_its_field_since_the_run_can_be_corrected(labelled):
    gone, *others = list(objects_of(labelled.limit(1)))
    labelled.delete_labels(ids=[gone], fields="ground_truth")
    correct(labelled.select_labels(ids=[gone], fields=FIELD), "dog", FIELD)
    assert objects_of(labelled)[gone].label == "dog"

    label(labelled, 23)
    assert list(objects_of(labelled.limit(1))) == others
    assert gone in objects_of(labelled, f"{FIELD}_corrected")


def test_answers_outlive_their_run(labelled):
    (one,) = correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD).sample_ids
    delete_run(labelled, labelled.list_runs()[0])
    label(labelled)
    assert objects_of(labelled)[one].label == "dog"


def test_a_view_shows_which_label_fields_it_can_answer(labelled):
    auto_label(labelled, CLASSES, embeddings=X[:8], text_embeddings=T)
    assert reviewable_fields(labelled) == [FIELD, "auto_label"]
    assert reviewable_fields(labelled.to_patches("ground_truth")) == [FIELD]
    with pytest.raises(InputError, match="leave it first"):
        approve(labelled.to_patches("ground_truth"))


def test_known_classes_are_those_of_the_last_run_and_those_given_since(labelled):
    correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD)
    correct(labelled.to_patches(FIELD).skip(1).limit(1), " ROCKET ", FIELD)
    assert known_classes(labelled, FIELD) == [*CLASSES, "dog"]


def test_images_and_objects_of_a_dataset_are_answered_apart(labelled):
    auto_label(labelled, CLASSES, embeddings=X[:8], text_embeddings=T)
    labelled.limit(1).tag_samples("approved")
    correct(labelled.limit(2), "dog", FIELD)
    relabelled = auto_label(labelled, CLASSES, embeddings=X[:8], text_embeddings=T)
    assert relabelled.refinement.is_known.tolist() == [True] + [False] * 7


def test_yolo_and_coco_get_the_corrected_classes(labelled, tmp_path):
    correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD)
    export_labels(
        labelled, tmp_path / "yolo", "yolo-detection", options=ExportOptions(FIELD, splits=(75, 25, 0))
    )
    export_labels(labelled, tmp_path / "coco", "coco", options=ExportOptions(FIELD, splits=(100, 0, 0)))

    names = yaml.safe_load((tmp_path / "yolo/dataset.yaml").read_text())["names"]
    lines = next((tmp_path / "yolo").rglob("scene-0.txt")).read_text().splitlines()
    assert [names[int(line.split()[0])] == "dog" for line in lines] == [True, False, False]
    coco = json.loads((tmp_path / "coco/train/labels.json").read_text())
    classes = {one["id"]: one["name"] for one in coco["categories"]}
    given = [classes[one["category_id"]] for one in coco["annotations"]]
    assert (given[0], given.count("dog"), len(given)) == ("dog", 1, 24)


@pytest.mark.parametrize("to_view", [lambda dataset: dataset, lambda dataset: dataset.to_patches(FIELD)])
def test_only_approved_objects_are_exported_where_only_those_are_asked_for(labelled, tmp_path, to_view):
    correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD)
    approve(labelled.to_patches(FIELD).skip(4).limit(2), FIELD)
    options = ExportOptions(label_field=FIELD, splits=(100, 0, 0), approved_only=True)
    export_labels(to_view(labelled), tmp_path / "coco", "coco", options=options)

    coco = json.loads((tmp_path / "coco/train/labels.json").read_text())
    assert len(coco["annotations"]) == 3


def test_of_two_runs_at_once_the_second_writes_after_the_first_and_both_keep_answers(labelled):
    (one,) = correct(labelled.to_patches(FIELD).limit(1), "dog", FIELD).sample_ids

    def run_another(stage, done, total):
        if stage == "refine" and done == 0:
            label(labelled, embeddings=-X)

    last = label(labelled, progress=run_another)
    after = objects_of(labelled)
    predicted = [CLASSES[number] for number in last.refinement.labels]
    assert [label.label for label in after.values()] == ["dog", *predicted[1:]]
    assert next(iter(after)) == one
    assert len(labelled.list_runs()) == 3


def test_writing_again_what_a_run_said_changes_nothing(labelled):
    correct(labelled.limit(1), "dog", FIELD)
    approve(labelled.skip(6), FIELD)
    outcome = load_outcome(labelled, labelled.list_runs()[0])
    write_outcome(labelled, outcome, NAMES, lambda done, total: None)
    before = documents(labelled)
    write_outcome(labelled, outcome, NAMES, lambda done, total: None)
    assert documents(labelled) == before


def test_what_is_written_says_when_its_sample_was_modified(labelled):
    before = labelled.values("last_modified_at")
    correct(labelled.limit(1), "dog", FIELD)
    after = labelled.values("last_modified_at")
    assert [new > old for new, old in zip(after, before, strict=True)] == [True] + [False] * 7


def test_two_parts_of_one_patches_view_are_reviewed_one_after_the_other(labelled):
    patches = labelled.to_patches("ground_truth")
    correct(patches.limit(2), "dog", FIELD)
    assert len(approve(patches.skip(2).limit(2), FIELD).sample_ids) == 2
    assert len(patches) == 24


def test_labels_in_a_view_of_evaluated_objects_are_brought_up_to_date(labelled):
    labelled.evaluate_detections(FIELD, gt_field="ground_truth", eval_key="check")
    patches = labelled.to_evaluation_patches("check")
    (chosen,) = correct(patches.exists(FIELD).limit(1), "dog", FIELD).sample_ids
    assert objects_of(patches)[chosen].label == "dog"


def edit(samples, label, field=FIELD):
    """Change the label of the first object as the Annotate tab does."""
    sample = samples.first()
    sample[field].detections[0].label = label
    sample.save()
    return sample[field].detections[0].id


def test_an_edited_label_of_an_object_is_a_review_that_a_later_run_keeps(labelled):
    one = edit(labelled, "dog")
    assert read_reviews(labelled, NAMES) == {one: "dog"}
    label(labelled, embeddings=X[::-1])
    assert (objects_of(labelled)[one].label, objects_of(labelled)[one].confidence) == ("dog", 1.0)


def test_an_edit_of_an_object_wins_over_an_earlier_approval(labelled):
    approve(labelled, FIELD)
    one = edit(labelled, "dog")
    review_next(labelled, label_field=FIELD)
    assert objects_of(labelled, f"{FIELD}_corrected")[one].label == "dog"


def test_an_object_drawn_by_hand_survives_a_later_run(labelled):
    sample = labelled.first()
    drawn = fo.Detection(label="dog", bounding_box=[0, 0, 0.1, 0.1])
    sample[FIELD].detections.append(drawn)
    sample.save()
    label(labelled)
    assert objects_of(labelled)[drawn.id].label == "dog"


def test_objects_are_audited_like_images(labelled):
    sample = audit(labelled, 8, FIELD)
    assert len(sample) == 8
    approve(sample, FIELD)
    measured = measured_accuracy(labelled, FIELD)
    assert str(measured).endswith("8 objects audited)")
    page = pages.review_next(labelled, 8, FIELD).values("id")
    assert len(set(page)) == 8
    assert not set(page) & set(sample.values("id"))


def test_when_every_object_is_reviewed_nothing_is_left_to_audit(labelled):
    approve(labelled, FIELD)
    assert len(audit(labelled, 5, FIELD)) == 0
