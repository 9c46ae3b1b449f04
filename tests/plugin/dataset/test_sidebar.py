"""Fields that nobody reads image by image are out of the way in the App."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import auto_label, delete_run

ROLES = ("micro_cluster", "meta_cluster", "error", "review_rank", "corrected")
KEPT = [f"auto_label_{role}" for role in ROLES]
VECTORS = {"embeddings": np.eye(8)[np.arange(8) % 2], "text_embeddings": np.eye(8)[:2]}


@pytest.fixture
def dataset(dataset_of):
    return dataset_of([f"/{number}.jpg" for number in range(8)])


def label(dataset: fo.Dataset, **more) -> None:
    auto_label(dataset, ["a", "b"], **VECTORS, **more)
    dataset.reload()


def groups(dataset: fo.Dataset) -> dict[str, list[str]]:
    return {group.name: list(group.paths) for group in dataset.app_config.sidebar_groups}


def test_bookkeeping_fields_have_a_group_in_the_sidebar_and_labels_stay_where_labels_are(dataset):
    label(dataset)
    found = groups(dataset)
    assert found["auto-label"] == KEPT
    assert "auto_label" in found["labels"]
    assert "confidence" in found["primitives"]
    assert not set(KEPT) & {path for name, paths in found.items() if name != "auto-label" for path in paths}


def test_a_second_run_leaves_what_somebody_rearranged(dataset):
    label(dataset)
    dataset.app_config.sidebar_groups = [fo.SidebarGroupDocument(name="mine", paths=KEPT)]
    dataset.app_config.active_fields = None
    dataset.save()
    label(dataset)
    assert groups(dataset) == {"mine": KEPT}
    assert dataset.app_config.active_fields is None


def test_the_fields_of_a_run_with_a_key_join_the_group(dataset):
    label(dataset)
    label(dataset, run_key="second")
    assert groups(dataset)["auto-label"] == KEPT + [f"auto_label_second_{role}" for role in ROLES]


def test_a_reviewed_label_is_no_second_tag_on_the_picture_and_other_labels_show_as_before(dataset):
    dataset.add_sample_field("heat", fo.EmbeddedDocumentField, embedded_doc_type=fo.Heatmap)
    dataset.add_sample_field("truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    label(dataset)
    label(dataset, run_key="second")
    active = dataset.app_config.active_fields
    assert active.exclude
    assert {"heat", "id", "filepath", "confidence", "confidence_second", *KEPT} <= set(active.paths)
    assert not {"truth", "auto_label", "auto_label_second"} & set(active.paths)
    assert len(active.paths) == len(set(active.paths))


def test_fields_that_somebody_chose_to_see_stay_chosen(dataset):
    dataset.add_sample_field("truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    dataset.app_config.active_fields = fo.ActiveFields(paths=["truth"])
    dataset.save()
    label(dataset)
    assert list(dataset.app_config.active_fields.paths) == ["truth"]


def test_a_run_that_is_deleted_takes_its_fields_out_of_the_group(dataset):
    label(dataset)
    label(dataset, run_key="second")
    delete_run(dataset, "second")
    dataset.reload()
    assert groups(dataset)["auto-label"] == KEPT


def test_the_group_goes_with_the_last_run(dataset):
    label(dataset)
    delete_run(dataset, "auto_label_1")
    dataset.reload()
    assert "auto-label" not in groups(dataset)
