"""The private names of FiftyOne's that the package stands on: each is there, or a test says which is gone."""

import ast
import inspect
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from bson import ObjectId
from fiftyone.utils.eval.classification import ClassificationResults
from fiftyone_autolabel.plugin.dataset import internals
from pymongo import UpdateOne

NAMES = {
    "_build": lambda dataset: fo.DatasetView,
    "_bulk_write": lambda dataset: dataset,
    "_dataset": lambda dataset: dataset.view(),
    "_delegated_operation_id": lambda dataset: foo.ExecutionContext(),
    "_doc": lambda dataset: dataset,
    "_evaluation_cache": lambda dataset: dataset,
    "_from_dict": lambda dataset: ClassificationResults,
    "_get_label_field_path": lambda dataset: dataset,
    "_is_frames": lambda dataset: dataset.view(),
    "_is_generated": lambda dataset: dataset.view(),
    "_LABEL_LIST_FIELD": lambda dataset: fo.Detections,
    "_make_instance": lambda dataset: fo.Dataset,
    "_merge_sample_field_schema": lambda dataset: dataset,
    "_root_dataset": lambda dataset: dataset.view(),
    "_run_cache": lambda dataset: dataset,
    "_sample_collection": lambda dataset: dataset,
    "_serialize": lambda dataset: dataset.view(),
    "_stages": lambda dataset: dataset.view(),
    "_view": lambda dataset: dataset.view().first(),
}
"""Private name → whose it is, given a dataset."""


@pytest.mark.parametrize("name", NAMES)
def test_fiftyone_still_has_the_private_name(dataset, name):
    owner = NAMES[name](dataset)
    kind = owner if isinstance(owner, type) else type(owner)
    assert hasattr(owner, name), (
        f"FiftyOne {fo.__version__} is not supported: {kind.__name__}.{name} is gone; "
        "mend the function of dataset/internals.py that uses it."
    )


def test_every_private_name_in_internals_is_checked_here():
    tree = ast.parse(Path(inspect.getfile(internals)).read_text(encoding="utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert sorted(name for name in used if name.startswith("_")) == sorted(NAMES)


def test_a_renamed_dataset_is_found_by_its_id(dataset):
    own = internals.own_dataset(dataset.name)
    own.name = f"{dataset.name} renamed"
    internals.reload_fields(dataset)
    assert internals.dataset_id(dataset) == internals.dataset_id(own)
    assert dataset.name.endswith("renamed")


def test_fields_that_were_added_elsewhere_are_found(dataset):
    own = internals.own_dataset(dataset.name)
    own.add_sample_field("kind", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    internals.reload_fields(dataset)
    own.add_sample_field("kind.origin", fo.StringField)
    internals.reload_fields(dataset)
    assert dataset.get_field("kind.origin") is not None


def test_a_dataset_whose_fields_are_known_is_not_loaded_anew(dataset):
    # Older versions of FiftyOne write no list of the fields in a field.
    internals.dataset_documents().update_one(
        {"name": dataset.name}, {"$unset": {"sample_fields.0.fields": True}}
    )
    before = dataset.last_loaded_at
    internals.reload_fields(dataset)
    assert dataset.last_loaded_at == before


def test_a_view_moves_to_another_object_of_its_dataset(dataset):
    own = internals.own_dataset(dataset.name)
    view = internals.on_object(dataset.limit(2), own)
    assert internals.dataset_of(view) is own
    assert view.values("id") == dataset.limit(2).values("id")
    assert internals.on_object(dataset, own) is own


def test_documents_are_written_to_the_samples_in_memory_too(dataset):
    sample = dataset.first()
    update = UpdateOne({"_id": ObjectId(sample.id)}, {"$set": {"tags": ["seen"]}})
    internals.write_documents(dataset, [update], [sample.id])
    assert sample.tags == ["seen"]


def test_the_path_of_labels_leads_into_the_list_where_there_is_one(dataset):
    dataset.add_sample_field("one", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    dataset.add_sample_field("several", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    assert internals.label_path(dataset, "one") == "one"
    assert internals.label_path(dataset, "several", "label") == "several.detections.label"
    assert internals.label_list_name(fo.Polylines) == "polylines"


def test_views_of_objects_are_generated_and_other_views_are_not(dataset):
    dataset.add_sample_field("boxes", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    assert internals.is_generated(dataset.to_patches("boxes"))
    assert not internals.is_generated(dataset.limit(1))
    assert not internals.shows_frames(dataset.to_patches("boxes"))
