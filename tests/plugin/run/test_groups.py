"""One slice of grouped samples is labelled like any images, whichever slice the dataset shows."""

import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    ExportOptions,
    FieldNames,
    InputError,
    approve,
    auto_label,
    compare_runs,
    compute_clusters,
    compute_embeddings,
    correct,
    delete_run,
    evaluate,
    export_labels,
    load_run,
    refine_with_corrections,
    review_next,
    withdraw,
)
from fiftyone_autolabel.plugin.dataset.fields import APPROVED_TAG
from fiftyone_autolabel.plugin.dataset.reading import flat_samples
from fiftyone_autolabel.plugin.dataset.record import RunState, list_runs
from fiftyone_autolabel.plugin.dataset.reviewing import known_classes, review_view
from fiftyone_autolabel.plugin.dataset.reviews import read_reviews
from PIL import Image

SLICES = ("left", "right")
CLASSES = ["red", "green"]
N = 6
VECTORS = np.random.default_rng(0).normal(size=(N, 4))
OBJECTS = "auto_label_boxes"

every_slice = pytest.mark.parametrize("slice_name", SLICES)


@pytest.fixture
def grouped(tmp_path):
    """Six groups of two images with a box each, and a point cloud; the slice that is shown is "left"."""
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    samples = []
    for number in range(N):
        group = fo.Group()
        samples.append(fo.Sample(filepath=f"/{number}.pcd", group=group.element("cloud")))
        for slice_name in SLICES:
            path = tmp_path / f"{slice_name}-{number}.png"
            Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(path)
            box = fo.Detection(label=CLASSES[number % 2], bounding_box=[0, 0, 0.5, 0.5])
            truth = fo.Classification(label=CLASSES[number % 2])
            sample = fo.Sample(
                filepath=str(path), group=group.element(slice_name), truth=truth, vector=VECTORS[number]
            )
            sample["boxes"] = fo.Detections(detections=[box])
            samples.append(sample)
    dataset.add_samples(samples)
    yield dataset
    dataset.delete()


def label(dataset, slice_name="right", **arguments):
    samples = dataset.select_group_slices(slice_name)
    given = {"text_embeddings": np.eye(4)[:2], "embeddings": VECTORS} | arguments
    return auto_label(samples, CLASSES, **given)


def labels_in(dataset, slice_name, field="auto_label") -> list[str | None]:
    return dataset.select_group_slices(slice_name).values(f"{field}.label")


def other_than(slice_name: str) -> str:
    return SLICES[1 - SLICES.index(slice_name)]


def test_all_samples_of_a_grouped_dataset_are_the_images_of_all_its_slices(grouped):
    assert len(flat_samples(grouped)) == 2 * N
    assert flat_samples(grouped).media_type == "image"
    grouped.group_slice = "cloud"
    assert len(flat_samples(grouped)) == 2 * N


def test_all_samples_of_any_other_collection_are_the_collection(grouped):
    view = grouped.select_group_slices("left")
    assert flat_samples(view) is view
    plain = fo.Dataset()
    assert flat_samples(plain) is plain
    plain.delete()


@every_slice
def test_a_slice_is_labelled_to_the_end_and_no_other(grouped, slice_name):
    labelling = label(grouped, slice_name)
    (record,) = list_runs(grouped)
    assert (record.state, record.n_labelled, record.error) == (RunState.COMPLETED, N, "")
    assert labels_in(grouped, slice_name) == [CLASSES[one] for one in labelling.refinement.labels]
    assert labels_in(grouped, other_than(slice_name)) == [None] * N


@every_slice
def test_what_to_review_is_that_slice(grouped, slice_name):
    labelling = label(grouped, slice_name)
    for name in ("auto_label review first", "auto_label worst first"):
        assert set(grouped.load_saved_view(name).values("id")) == set(labelling.sample_ids)
    assert set(review_next(grouped).values("id")) == set(labelling.sample_ids)
    assert set(review_next(grouped.select_group_slices(slice_name)).values("id")) == set(labelling.sample_ids)


@every_slice
def test_answers_are_kept_shown_and_taken_back(grouped, slice_name):
    labelling = label(grouped, slice_name)
    first, second, third, *_ = review_view(grouped).values("id")
    assert correct(flat_samples(grouped).select(first), "blue").sample_ids == [first]
    assert approve(flat_samples(grouped).select(second)).sample_ids == [second]
    grouped.select_group_slices(slice_name).select(third).tag_samples(APPROVED_TAG)

    reviews = read_reviews(grouped, labelling.fields)
    assert list(reviews) == [third, first, second]
    assert reviews[first] == "blue"
    assert known_classes(grouped) == [*CLASSES, "blue"]
    assert len(review_view(grouped)) == N - 3
    assert APPROVED_TAG in grouped[second].tags
    withdraw(grouped)
    assert read_reviews(grouped, labelling.fields) == {}
    assert APPROVED_TAG not in grouped[second].tags


def test_answers_anchor_the_next_run_over_the_same_slice(grouped):
    labelling = label(grouped, embeddings="vector")
    correct(flat_samples(grouped).select(labelling.sample_ids[:2]), "red")
    done = refine_with_corrections(grouped, text_embeddings=np.eye(4)[:2])
    assert done.changes.n_reviewed == 2
    assert done.sample_ids == labelling.sample_ids
    assert labels_in(grouped, "right")[:2] == ["red"] * 2


def test_labels_are_compared_with_a_ground_truth(grouped):
    label(grouped)
    correct(flat_samples(grouped).exists("auto_label"), "red")
    evaluation = evaluate(grouped, "truth")
    assert (evaluation.n_images, evaluation.n_reviewed, evaluation.accuracy) == (N, N, 0.5)
    assert evaluate(grouped.select_group_slices("right"), "truth").n_left_out == 0
    right = grouped.select_group_slices("right").values(evaluation.key)
    assert right == [True, False] * 3


@pytest.mark.parametrize("format", ["coco", "csv", "fiftyone"])
def test_labels_are_exported(grouped, tmp_path, format):
    label(grouped)
    correct(flat_samples(grouped).exists("auto_label").limit(1), "blue")
    options = ExportOptions(splits=(0.5, 0.5, 0), write_split_tags=True)
    exported = export_labels(grouped, tmp_path / "out", format, options=options)
    assert (exported.n_images, exported.left_out) == (N, {"without a label": N})
    assert sum(counts.get("blue", 0) for counts in exported.labels.values()) == 1
    tags = grouped.select_group_slices("right").count_sample_tags()
    assert tags["train"] + tags["val"] == N
    assert grouped.select_group_slices("left").count_sample_tags() == {}


def test_an_export_for_fiftyone_comes_back_with_its_labels(grouped, tmp_path):
    label(grouped)
    export_labels(grouped, tmp_path / "out", "fiftyone")
    back = fo.Dataset.from_dir(str(tmp_path / "out"), fo.types.FiftyOneDataset)
    assert back.values("auto_label.label") == labels_in(grouped, "right")
    back.delete()


def test_runs_over_a_slice_are_compared_and_read(grouped, tmp_path):
    first = label(grouped)
    second = label(grouped, embeddings=-VECTORS, run_key="second")
    comparison = compare_runs(grouped, first.run_key, "second")
    assert comparison.n_common == N
    assert comparison.n_differing == len(comparison.view)
    assert load_run(grouped, second.run_key).images_table() is not None


def test_a_run_over_a_slice_is_deleted_with_its_labels_and_no_answer(grouped):
    labelling = label(grouped)
    correct(flat_samples(grouped).select(labelling.sample_ids[0]), "red")
    deleted = delete_run(grouped, labelling.run_key)
    assert set(deleted.fields) == set(FieldNames().by_role().values())
    assert labels_in(grouped, "right", "auto_label_corrected") == ["red"] + [None] * (N - 1)


@every_slice
def test_runs_over_two_slices_may_share_a_field_and_lose_only_their_own(grouped, slice_name):
    keys = {one: label(grouped, one).run_key for one in SLICES}
    deleted = delete_run(grouped, keys[slice_name])
    assert deleted.n_cleared == N
    assert labels_in(grouped, slice_name) == [None] * N
    assert None not in labels_in(grouped, other_than(slice_name))


def test_embeddings_and_clusters_are_computed_for_a_slice(grouped):
    flat = grouped.select_group_slices("right")
    compute_embeddings(flat, encoder="offline")
    compute_clusters(flat, embeddings="embeddings")
    assert (flat.count("embeddings"), flat.count("cluster")) == (N, N)
    with pytest.raises(InputError, match="holds clusters of samples outside this view"):
        compute_clusters(flat.limit(3), embeddings="embeddings")
    label(grouped, embeddings="vector", clusters="cluster")
    assert flat.count("auto_label") == N


@every_slice
def test_objects_of_a_slice_are_labelled_and_answered(grouped, slice_name):
    labelling = label(grouped, slice_name, objects="boxes", run_key="first")
    field = labelling.fields.label
    flat = grouped.select_group_slices(slice_name)
    assert flat.count(f"{field}.detections.label") == N
    assert list_runs(grouped)[0].state == RunState.COMPLETED
    assert set(grouped.load_saved_view(f"{field} worst first").values("id")) == set(labelling.sample_ids)

    first, second, third, *_ = review_next(grouped, label_field=field).values("id")
    patches = flat.to_patches(field)
    correct(patches.select(first), "blue", field)
    approve(patches.select(second), field)
    flat.select_labels(ids=third, fields=field).tag_labels(APPROVED_TAG)
    assert set(read_reviews(grouped, labelling.fields)) == {first, second, third}
    assert len(review_view(grouped, field)) == N - 3
    assert known_classes(grouped, field) == [*CLASSES, "blue"]
    again = refine_with_corrections(grouped, field, text_embeddings=np.eye(4)[:2], embeddings=VECTORS)
    assert again.changes.n_reviewed == 3


def test_labelled_objects_of_a_slice_are_exported_and_deleted(grouped, tmp_path):
    labelling = label(grouped, objects="boxes")
    export_labels(grouped, tmp_path / "out", "coco", options=ExportOptions(label_field=OBJECTS))
    assert len(json.loads((tmp_path / "out" / "labels.json").read_text())["annotations"]) == N
    label(grouped, "left", objects="boxes")
    delete_run(grouped, labelling.run_key)
    assert grouped.select_group_slices("right").count(f"{OBJECTS}.detections") == 0
    assert grouped.select_group_slices("left").count(f"{OBJECTS}.detections") == N


def test_a_dataset_of_groups_is_refused_before_anything_is_written(grouped):
    with pytest.raises(InputError, match=r"choose one slice, with select_group_slices\(\)"):
        auto_label(grouped, CLASSES, encoder="offline")
    assert list_runs(grouped) == []


def test_vectors_and_clusters_of_objects_are_read_from_their_attributes(grouped):
    flat = grouped.select_group_slices("right")
    flat.set_values("boxes.detections.vector", [[vector] for vector in VECTORS], dynamic=True)
    flat.set_values("boxes.detections.cluster", [[number % 2] for number in range(N)], dynamic=True)
    labelling = label(grouped, objects="boxes", embeddings="vector", clusters="cluster")
    assert labelling.failures == {}
    assert labelling.refinement.clusters["micro"].assignments.tolist() == [0, 1] * 3
