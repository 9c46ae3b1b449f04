"""What is read from a collection, and which collections are refused."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.dataset.reading import (
    classes_of,
    cluster_fields,
    label_fields,
    read_clusters,
    read_images,
    read_vectors,
    vector_sources,
)


def add_objects(dataset):
    for sample in dataset.iter_samples(autosave=True):
        box = fo.Detection(label="x", bounding_box=[0, 0, 1, 1])
        sample["objects"] = fo.Detections(detections=[box])


def test_images_come_in_the_order_of_the_view(dataset):
    view = dataset.sort_by("filepath", reverse=True).limit(3)
    images = read_images(view)
    assert images.ids == view.values("id")
    assert [path[-5:] for path in images.images] == ["5.png", "4.png", "3.png"]


def test_an_empty_view_is_refused(dataset):
    with pytest.raises(InputError, match="no samples to label"):
        read_images(dataset.match({"filepath": "nowhere"}))


@pytest.mark.parametrize("samples", ["name", None, ["a.jpg"]])
def test_what_is_no_collection_is_refused(samples):
    with pytest.raises(InputError, match="Give a FiftyOne dataset or view"):
        read_images(samples)


def test_grouped_samples_are_refused_with_the_way_out():
    grouped = fo.Dataset()
    grouped.add_group_field("group", default="left")
    grouped.add_sample(fo.Sample(filepath="/a.png", group=fo.Group().element("left")))
    with pytest.raises(InputError, match=r"select_group_slices\(\)"):
        read_images(grouped)
    assert len(read_images(grouped.select_group_slices("left")).ids) == 1
    grouped.delete()


@pytest.mark.parametrize(("path", "kind"), [("/a.mp4", "video"), ("/a.pcd", "point-cloud")])
def test_what_is_no_image_is_refused_by_its_kind(path, kind):
    others = fo.Dataset()
    others.add_sample(fo.Sample(filepath=path))
    with pytest.raises(InputError, match=f"These are {kind} samples"):
        read_images(others)
    others.delete()


def test_a_view_of_object_patches_is_refused(dataset):
    add_objects(dataset)
    with pytest.raises(InputError, match="only whole images"):
        read_images(dataset.to_patches("objects"))


def test_vectors_are_read_from_a_field_and_missing_ones_are_nan(dataset):
    vectors = np.arange(12, dtype=float).reshape(6, 2)
    dataset.set_values("vector", [*vectors[:5], None])
    read = read_vectors(dataset, "vector")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[:5], vectors[:5])
    assert np.isnan(read[5]).all()


def test_vectors_are_read_from_a_brain_run_in_the_order_of_the_view(dataset):
    import fiftyone.brain as fob

    vectors = np.random.default_rng(0).normal(size=(6, 3))
    fob.compute_similarity(dataset, embeddings=vectors, brain_key="similar")
    reverse = dataset.sort_by("filepath", reverse=True)
    np.testing.assert_allclose(read_vectors(reverse, "similar"), vectors[::-1], rtol=1e-6)


def test_vectors_are_read_from_a_field_that_the_view_leaves_out(dataset):
    dataset.set_values("vector", [np.full(2, number) for number in range(6)])
    view = dataset.exclude_fields("vector").sort_by("filepath", reverse=True)
    assert read_vectors(view, "vector")[:, 0].tolist() == [5, 4, 3, 2, 1, 0]


def test_a_field_without_vectors_is_no_source(dataset):
    with pytest.raises(InputError, match="no vector field or brain key 'filepath'"):
        read_vectors(dataset, "filepath")


def test_similarity_of_objects_and_visualizations_are_no_source(dataset):
    import fiftyone.brain as fob

    add_objects(dataset)
    points = np.random.default_rng(0).normal(size=(6, 2))
    by_image = {sample_id: point[None] for sample_id, point in zip(dataset.values("id"), points, strict=True)}
    fob.compute_similarity(dataset, patches_field="objects", embeddings=by_image, brain_key="alike")
    fob.compute_visualization(dataset, points=points, brain_key="map", method="manual")
    assert vector_sources(dataset) == []


def test_an_unknown_source_of_vectors_lists_the_known_ones(dataset):
    dataset.add_sample_field("vector", fo.VectorField)
    with pytest.raises(InputError, match="choose one of vector"):
        read_vectors(dataset, "vectr")
    assert vector_sources(dataset) == ["vector"]


def test_a_source_without_vectors_is_refused(dataset):
    dataset.add_sample_field("vector", fo.VectorField)
    with pytest.raises(InputError, match="compute embeddings first"):
        read_vectors(dataset, "vector")


def test_vectors_of_different_lengths_are_refused(dataset):
    dataset.set_values("vector", [np.ones(2)] * 5 + [np.ones(3)])
    with pytest.raises(InputError, match=r"different lengths \(\[2, 3\]\)"):
        read_vectors(dataset, "vector")


def test_clusters_are_read_from_a_field_and_missing_ones_are_in_none(dataset):
    dataset.set_values("cluster", [7, 7, 3, None, -1, 3])
    view = dataset.exclude_fields("cluster").sort_by("filepath", reverse=True)
    assert read_clusters(view, "cluster").tolist() == [3, -1, -1, 3, 7, 7]
    assert cluster_fields(dataset) == ["cluster"]


def test_clusters_may_be_texts_or_labels(dataset):
    dataset.set_values("cluster", ["b", "a", None, "b", "a", "a"])
    dataset.set_values("group", [fo.Classification(label="x"), None] * 3)
    assert read_clusters(dataset, "cluster").tolist() == [1, 0, -1, 1, 0, 0]
    assert read_clusters(dataset, "group.label").tolist() == [0, -1] * 3


@pytest.mark.parametrize("field", ["nothing", "metadata", "objects.detections.label"])
def test_a_field_without_one_cluster_per_sample_is_refused(dataset, field):
    add_objects(dataset)
    with pytest.raises(InputError, match="one cluster per sample: this dataset has none yet"):
        read_clusters(dataset, field)
    dataset.add_sample_field("cluster", fo.IntField)
    with pytest.raises(InputError, match="choose one such as cluster"):
        read_clusters(dataset, field)


def test_a_field_without_any_cluster_is_refused(dataset):
    dataset.add_sample_field("cluster", fo.IntField)
    with pytest.raises(InputError, match="compute them first"):
        read_clusters(dataset, "cluster")


def test_classes_come_from_the_dataset(dataset):
    dataset.default_classes = ["cat", "dog"]
    dataset.classes = {"ground_truth": ["dog", "fox"]}
    assert classes_of(dataset) == ["cat", "dog", "fox"]


def test_a_dataset_without_classes_has_none(dataset):
    assert classes_of(dataset) == []


def test_classes_come_from_a_label_field(dataset):
    dataset.set_values("truth", [fo.Classification(label=name) for name in "bbacca"])
    add_objects(dataset)
    assert classes_of(dataset, "truth") == ["a", "b", "c"]
    assert classes_of(dataset, "objects") == ["x"]
    assert label_fields(dataset) == ["truth", "objects"]


def test_an_unknown_label_field_is_refused(dataset):
    with pytest.raises(InputError, match="no label field 'nothing'"):
        classes_of(dataset, "nothing")
