"""Objects in images are labelled one by one, and the field that they come from is only read."""

import json

import fiftyone as fo
import numpy as np
import pytest
import yaml
from fiftyone_autolabel import ExportOptions, FieldNames, approve, auto_label, export_labels
from fiftyone_autolabel.plugin.dataset.comparing import changed_samples, compare_runs
from fiftyone_autolabel.plugin.dataset.deleting import delete_run
from fiftyone_autolabel.plugin.dataset.record import find_run, list_runs, update_record
from fiftyone_autolabel.plugin.dataset.running import complete_interrupted
from fiftyone_autolabel.plugin.dataset.schema import UNHEARD, stamp
from fiftyone_autolabel.plugin.engine.errors import InputError

CLASSES = ["cat", "rocket", "cup of coffee"]
FIELD = "auto_label_ground_truth"
RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(24, 5)), RNG.normal(size=(3, 5))


def label_offline(samples, **arguments):
    return auto_label(samples, CLASSES, encoder="offline", **({"objects": "ground_truth"} | arguments))


def label_vectors(samples, count=24, classes=CLASSES, **arguments):
    given = {"objects": "ground_truth", "embeddings": X[:count], "text_embeddings": T[: len(classes)]}
    return auto_label(samples, classes, **(given | arguments))


def objects_of(samples, field=FIELD) -> list[fo.Detection]:
    return [one for objects in samples.values(f"{field}.detections") for one in objects or []]


def boxes_of(samples, field=FIELD) -> dict[str, list[float]]:
    return {one.id: one.bounding_box for one in objects_of(samples, field)}


def test_real_objects_get_their_classes(scenes):
    labelling = label_offline(scenes)

    truth, labels = objects_of(scenes, "ground_truth"), objects_of(scenes)
    right = [one.label == other.label for one, other in zip(truth, labels, strict=True)]
    assert np.mean(right) > 0.9
    assert len(labelling.sample_ids) == 24
    assert labelling.fields == FieldNames(FIELD, objects="ground_truth")


def test_boxes_ids_and_attributes_are_those_of_the_source(scenes):
    label_vectors(scenes)

    assert boxes_of(scenes) == boxes_of(scenes, "ground_truth")
    assert [one["occluded"] for one in objects_of(scenes)] == [False, True, False] * 8
    assert f"{FIELD}.detections.occluded" in scenes.get_field_schema(flat=True)


def test_the_field_that_the_objects_come_from_is_only_read(scenes):
    before = [objects.to_dict() for objects in scenes.values("ground_truth")]
    label_vectors(scenes)

    assert [objects.to_dict() for objects in scenes.values("ground_truth")] == before
    assert not scenes.has_sample_field("confidence")


def test_every_object_is_explained(scenes):
    labelling = label_vectors(scenes)

    first = objects_of(scenes)[0]
    assert first.confidence == pytest.approx(labelling.refinement.confidence[0])
    assert first["second_choice"] in CLASSES
    assert first["micro_cluster"] == labelling.refinement.clusters["micro"].assignments[0]
    assert sorted(one["review_rank"] for one in objects_of(scenes)) == list(range(1, 25))


def test_masks_and_shapes_stay_as_they_are(scenes):
    mask = np.eye(6, dtype=bool)
    sample = scenes.first()
    sample.ground_truth.detections[0].mask = mask
    sample["outlines"] = fo.Polylines(
        polylines=[fo.Polyline(label="x", points=[[(0.1, 0.2), (0.5, 0.2), (0.3, 0.8)]], filled=True)]
    )
    sample.save()
    label_vectors(scenes)
    label_offline(scenes, objects="outlines")

    np.testing.assert_array_equal(scenes.first()[FIELD].detections[0].mask, mask)
    outline = scenes.first()["auto_label_outlines"].polylines[0]
    assert (outline.points, outline.filled) == ([[[0.1, 0.2], [0.5, 0.2], [0.3, 0.8]]], True)
    assert outline.label in CLASSES


def test_a_single_box_per_image_is_labelled_too(scenes):
    scenes.set_values("box", [fo.Detection(bounding_box=[0, 0, 0.3, 1]) for _ in range(8)])
    labelling = label_vectors(scenes, 8, objects="box")
    again = label_vectors(scenes, 8, objects="box", embeddings=-X[:8], run_key="again")
    comparison = compare_runs(scenes, labelling.run_key, "again")

    assert [one.label in CLASSES for one in scenes.values("auto_label_box")] == [True] * 8
    assert len(scenes.load_saved_view("auto_label_box worst first")) == 8
    assert len(comparison.view) == comparison.n_differing > 0
    assert again.fields.label == "auto_label_box_again"


def test_a_margin_changes_what_is_seen(scenes):
    tight = label_offline(scenes, margin=0.0, run_key="tight")
    wide = label_offline(scenes, margin=0.5, run_key="wide")

    assert tight.fields.label == f"{FIELD}_tight"
    assert not np.array_equal(tight.refinement.confidence, wide.refinement.confidence)
    assert scenes.get_run_info("wide").config.margin == 0.5


def test_bad_objects_cost_only_themselves(scenes):
    sample, other = scenes.first(), scenes.last()
    sample.ground_truth.detections[0].bounding_box = [1.5, 0.1, 0.2, 0.2]
    sample.ground_truth.detections[1].bounding_box = [0.1, 0.1, 0, 0.2]
    sample.save()
    other.filepath += "-gone.png"
    other.save()
    labelling = label_offline(scenes)

    outside, flat, good = scenes.first()[FIELD].detections
    assert outside["error"].endswith("its box lies outside the image")
    assert flat["error"].endswith("its box has no area")
    assert (outside.label, outside.confidence) == (None, None)
    assert (good.label in CLASSES, good["error"]) == (True, None)
    assert len(labelling.failures) == 5


def test_a_view_limits_the_objects_that_are_labelled(scenes):
    cats = scenes.filter_labels("ground_truth", fo.ViewField("label") == "cat")
    label_vectors(cats, 8)

    assert len(objects_of(scenes)) == 8


def test_objects_that_an_earlier_run_labelled_keep_their_labels(scenes):
    label_vectors(scenes)
    before = {one.id: one.label for one in objects_of(scenes)}
    cats = scenes.filter_labels("ground_truth", fo.ViewField("label") == "cat")
    label_vectors(cats, 8, ["new"])

    after = {one.id: one.label for one in objects_of(scenes)}
    chosen = {one.id for one in objects_of(cats, "ground_truth")}
    assert after == {one: "new" if one in chosen else label for one, label in before.items()}


def move(scenes, field: str, box: list[float]) -> None:
    sample = scenes.first()
    sample[field].detections[0].bounding_box = box
    sample.save()


def test_a_labelled_box_that_somebody_moved_stays_there(scenes):
    label_vectors(scenes)
    move(scenes, FIELD, [0, 0, 0.5, 1])
    label_vectors(scenes)
    approve(scenes.limit(1).to_patches(FIELD), FIELD)
    label_vectors(scenes)

    assert objects_of(scenes)[0].bounding_box == [0, 0, 0.5, 1]
    others = boxes_of(scenes.skip(1))
    assert others == boxes_of(scenes.skip(1), "ground_truth")


def test_a_box_that_was_moved_in_its_source_is_moved_by_the_next_run(scenes):
    label_vectors(scenes)
    move(scenes, "ground_truth", [0, 0, 0.5, 1])
    label_vectors(scenes)

    assert objects_of(scenes)[0].bounding_box == [0, 0, 0.5, 1]


def test_a_patches_view_is_labelled_object_by_object(scenes):
    patches = scenes.to_patches("ground_truth").limit(5)
    labelling = label_vectors(patches, 5, objects=None)

    assert labelling.sample_ids == patches.values("id")
    shown = scenes.to_patches(FIELD)
    assert shown.values("id") == patches.values("id")
    assert shown.values(f"{FIELD}.label") == [one.label for one in objects_of(scenes)]


def test_patches_of_labelled_objects_are_labelled_again_in_place(scenes):
    label_vectors(scenes)
    labelling = label_vectors(scenes.to_patches(FIELD), classes=["other"], objects=None)

    assert labelling.fields.label == FIELD
    assert {one.label for one in objects_of(scenes)} == {"other"}
    assert boxes_of(scenes) == boxes_of(scenes, "ground_truth")


def test_approved_objects_keep_their_labels_and_anchor_the_others(scenes):
    label_vectors(scenes)
    sample = scenes.first()
    sample[FIELD].detections[0].label = "rocket"
    sample[FIELD].detections[0].tags = ["approved"]
    sample.save()
    labelling = label_vectors(scenes)

    kept = scenes.first()[FIELD].detections[0]
    assert (kept.label, kept.confidence, kept.tags) == ("rocket", 1.0, ["approved"])
    assert labelling.refinement.is_known.tolist() == [True] + [False] * 23


def test_vectors_and_clusters_may_be_attributes_of_the_objects(scenes):
    path = "ground_truth.detections"
    scenes.set_values(f"{path}.vector", [list(rows) for rows in X.reshape(8, 3, 5)], dynamic=True)
    scenes.set_values(f"{path}.group", [[0, 1, 2]] * 8, dynamic=True)
    scenes.add_sample_field(f"{path}.vector", fo.VectorField)
    labelling = label_vectors(scenes, embeddings="vector", clusters="group")

    np.testing.assert_array_equal(
        labelling.refinement.labels, label_vectors(scenes, clusters=[0, 1, 2] * 8).refinement.labels
    )
    assert labelling.refinement.clusters["micro"].assignments.tolist() == [0, 1, 2] * 8


def test_the_saved_views_show_the_objects_that_nobody_approved(scenes):
    label_vectors(scenes)
    view = scenes.load_saved_view(f"{FIELD} worst first")

    assert view.values(f"{FIELD}.confidence") == sorted(one.confidence for one in objects_of(scenes))


def test_runs_over_objects_are_listed_compared_and_deleted(scenes):
    first = label_vectors(scenes)
    second = label_vectors(scenes, embeddings=-X, run_key="second")
    comparison = compare_runs(scenes, first.run_key, "second")
    label, other_label, count = comparison.changes[0]
    changed = changed_samples(scenes, first.run_key, "second", label, other_label)
    assert len(changed) == count
    assert set(changed.values("id")) <= set(comparison.view.values("id"))
    delete_run(scenes, "second")

    assert find_run(scenes, first.run_key).fields == first.fields
    assert comparison.n_differing == len(comparison.view) > 0
    assert set(comparison.view.values("id")) <= set(first.sample_ids)
    assert [run.key for run in list_runs(scenes)] == [first.run_key]
    assert not scenes.has_sample_field(second.fields.label)


def test_deleting_a_later_run_brings_the_labels_of_its_objects_back(scenes):
    label_vectors(scenes)
    before = [objects.to_dict() for objects in scenes.values(FIELD)]
    later = label_vectors(scenes.limit(2), 6)
    assert delete_run(scenes, later.run_key).n_restored == 6
    assert [objects.to_dict() for objects in scenes.values(FIELD)] == before


def test_a_run_that_died_while_it_wrote_is_completed(scenes):
    labelling = label_vectors(scenes)
    before = [objects.to_dict() for objects in scenes.values(FIELD)]
    scenes.delete_sample_field(FIELD)
    died = {"state": "running", "is_writing": True, "heartbeat": stamp(UNHEARD)}
    update_record(scenes, labelling.run_key, died)
    complete_interrupted(scenes)

    assert [objects.to_dict() for objects in scenes.values(FIELD)] == before


def test_approved_objects_outlive_their_run(scenes):
    labelling = label_vectors(scenes)
    sample = scenes.first()
    sample[FIELD].detections[1].tags = ["approved"]
    sample.save()
    delete_run(scenes, labelling.run_key)

    assert [one.id for one in objects_of(scenes)] == [labelling.sample_ids[1]]


def test_yolo_gets_the_boxes_with_the_predicted_classes(scenes, tmp_path):
    label_vectors(scenes)
    options = ExportOptions(label_field=FIELD, splits=(75, 25, 0))
    export_labels(scenes, tmp_path / "yolo", "yolo-detection", options=options)

    names = yaml.safe_load((tmp_path / "yolo/dataset.yaml").read_text())["names"]
    written = sorted((tmp_path / "yolo").rglob("scene-*.txt"), key=lambda file: file.name)
    assert len(written) == 8
    for file, objects in zip(written, scenes.values(f"{FIELD}.detections"), strict=True):
        for line, one in zip(file.read_text().splitlines(), objects, strict=True):
            number, x, y, w, h = map(float, line.split()[:5])
            assert names[int(number)] == one.label
            np.testing.assert_allclose([x - w / 2, y - h / 2, w, h], one.bounding_box, atol=1e-5)


def test_coco_gets_the_boxes_with_the_predicted_classes(scenes, tmp_path):
    label_vectors(scenes)
    options = ExportOptions(label_field=FIELD, splits=(100, 0, 0))
    export_labels(scenes, tmp_path / "coco", "coco", options=options)

    coco = json.loads((tmp_path / "coco/train/labels.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    for written, one in zip(coco["annotations"], objects_of(scenes), strict=True):
        assert (names[written["category_id"]], written["score"]) == (one.label, pytest.approx(one.confidence))
        box = np.multiply(one.bounding_box, [900, 400, 900, 400])
        np.testing.assert_allclose(written["bbox"], box, atol=0.01)


def test_shapes_are_exported_with_their_outlines_and_with_boxes_around_them(scenes, tmp_path):
    triangle = [(0.1, 0.2), (0.5, 0.2), (0.3, 0.8)]
    outlines = [fo.Polylines(polylines=[fo.Polyline(points=[triangle], filled=True)]) for _ in range(8)]
    scenes.set_values("outlines", outlines)
    label_vectors(scenes, 8, objects="outlines")
    options = ExportOptions(label_field="auto_label_outlines", splits=(75, 25, 0))
    export_labels(scenes, tmp_path / "coco", "coco", options=options)
    export_labels(scenes, tmp_path / "yolo", "yolo-detection", options=options)

    coco = json.loads((tmp_path / "coco/train/labels.json").read_text())["annotations"][0]
    np.testing.assert_allclose(coco["bbox"], [90, 80, 360, 240], atol=1)
    np.testing.assert_allclose(coco["segmentation"], [[90, 80, 450, 80, 270, 320]], atol=1)
    line = next((tmp_path / "yolo").rglob("scene-*.txt")).read_text().split()
    np.testing.assert_allclose([float(number) for number in line[1:5]], [0.3, 0.5, 0.4, 0.6], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"objects": "nothing"},
            "There is no field 'nothing' of boxes or shapes (there are: ground_truth, empty).",
        ),
        ({"objects": "whole"}, "Field 'whole' holds Classification, not boxes or shapes"),
        ({"objects": "empty"}, "There are no objects in 'empty' on these samples"),
        ({"objects": "copied"}, "Some objects in 'copied' have the same id"),
        ({"margin": 10}, "The margin is a share of the box from 0 to 1, not 10."),
        ({"fields": FieldNames("ground_truth")}, "was not written by auto-label"),
        ({"embeddings": "vector"}, "The objects in 'ground_truth' have no vectors under 'vector'"),
        ({"clusters": "group"}, "have no attribute 'group' with clusters"),
    ],
)
def test_what_cannot_be_labelled_is_refused_in_a_sentence(scenes, arguments, sentence):
    if arguments == {"objects": "copied"}:
        scenes.set_values("copied", [fo.Detection(bounding_box=[0, 0, 1, 1])] * 8)
    scenes.add_sample_field("whole", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    scenes.add_sample_field("empty", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    with pytest.raises(InputError) as refusal:
        label_vectors(scenes, **arguments)
    assert sentence in str(refusal.value)
    assert list_runs(scenes) == []


def test_a_patches_view_of_other_objects_is_refused(scenes):
    scenes.clone_sample_field("ground_truth", "others")
    with pytest.raises(
        InputError, match="This view shows the objects in ground_truth, not those in 'others'"
    ):
        label_vectors(scenes.to_patches("ground_truth"), objects="others")


def test_images_and_objects_cannot_share_a_label_field(scenes):
    auto_label(scenes, CLASSES, embeddings=X[:8], text_embeddings=T, run_key="ground_truth")
    with pytest.raises(InputError, match="holds labels of whole images: choose another label field"):
        label_vectors(scenes)


def test_frames_of_videos_are_refused(scenes):
    videos = fo.Dataset()
    videos.add_sample(fo.Sample(filepath="clip.mp4"))
    with pytest.raises(InputError, match="video samples, but only images can be labelled"):
        label_vectors(videos, objects="frames.objects")
    videos.delete()


def test_patches_of_the_source_are_exported_with_the_labels_of_their_objects(scenes, tmp_path):
    label_vectors(scenes)
    patches = scenes.to_patches("ground_truth").match({"ground_truth.label": "cat"}).limit(4)
    options = ExportOptions(label_field=FIELD)
    exported = export_labels(patches, tmp_path / "out", "csv", options=options)
    rows = (tmp_path / "out" / "labels.csv").read_text().splitlines()[1:]
    labels = {one.id: one for one in objects_of(scenes)}
    shown = [labels[one].label for one in patches.values("id")]
    assert [row.split(",")[1] for row in rows] == shown
    assert exported.n_images == 4


def test_patches_of_labelled_objects_are_exported_with_their_true_classes(scenes, tmp_path):
    label_vectors(scenes)
    options = ExportOptions(label_field="ground_truth")
    exported = export_labels(scenes.to_patches(FIELD).limit(3), tmp_path / "out", "coco", options=options)
    assert exported.labels == {"all": {"cat": 1, "cup of coffee": 1, "rocket": 1}}


def test_patches_of_other_objects_are_not_exported_with_labels_that_they_do_not_have(scenes, tmp_path):
    label_vectors(scenes)
    scenes.clone_sample_field("ground_truth", "others")
    with pytest.raises(InputError, match=f"no field '{FIELD}' of classes or boxes.*there are: others"):
        export_labels(
            scenes.to_patches("others"), tmp_path / "out", "coco", options=ExportOptions(label_field=FIELD)
        )
    assert not (tmp_path / "out").exists()
