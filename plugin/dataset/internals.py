"""Every private name of FiftyOne's that this package uses, each behind one function.

FiftyOne may rename them in any version: no other module uses one, and the tests say which one is gone.
"""

import reprlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import fiftyone as fo
import fiftyone.operators as foo
from bson import ObjectId
from fiftyone.core.collections import SampleCollection
from fiftyone.core.odm import create_field, get_db_conn, get_field_kwargs
from fiftyone.core.odm.runs import RunDocument
from fiftyone.core.sample import SampleView
from fiftyone.core.stages import ViewStage
from fiftyone.utils.eval.classification import ClassificationResults
from mongoengine.queryset import QuerySet
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from ..engine.errors import InputError

Samples: TypeAlias = fo.Dataset | fo.DatasetView


def database() -> Database:
    """FiftyOne's database; a public `fo.get_db_conn()` would replace it."""
    return get_db_conn()


def dataset_documents() -> Collection:
    """The collection with one document per dataset; `fo.list_datasets` and `fo.dataset_exists` see less."""
    return get_db_conn().datasets


def sample_documents(dataset: fo.Dataset) -> Collection:
    """The collection with the samples of a dataset; `Dataset.aggregate` with a raw stage only reads."""
    return dataset._sample_collection


def write_documents(dataset: fo.Dataset, updates: Sequence[UpdateOne], ids: Sequence[str]) -> None:
    """Update samples in bulk, also those in memory; `Dataset.set_values` does so for one field at a time."""
    dataset._bulk_write(list(updates), ids=list(ids))


def run_documents(dataset: fo.Dataset) -> QuerySet:
    """The runs of a dataset as the database has them; `Dataset.get_run_info` may read an old copy."""
    number = dataset_id(dataset)  # refuses what is not a dataset, before the database is asked
    return RunDocument.objects(dataset_id=number)


def reload_run(dataset: fo.Dataset, key: str) -> None:
    """Bring the copy of a run in memory up to date; `Dataset.update_run_config` writes all of a record."""
    in_memory = dataset._doc.runs.get(key)
    if isinstance(in_memory, RunDocument):
        in_memory.reload()


def run_id(dataset: fo.Dataset, key: str) -> ObjectId:
    """Id of the run that a dataset has under a key; an id in `Dataset.get_run_info` would replace it."""
    return dataset._doc.runs[key].id


def dataset_id(dataset: fo.Dataset) -> ObjectId:
    """Id of a dataset, which outlives its name; a public `Dataset.id` would replace it."""
    return dataset_of(dataset)._doc.id


def dataset_state(dataset: fo.Dataset) -> dict[str, Any]:
    """What an object of a dataset remembers: fields, runs, saved views; its public lists say it in parts."""
    return dataset._doc.to_dict()


def reload_fields(dataset: fo.Dataset) -> None:
    """Load a dataset anew if its fields changed, or its name, which `Dataset.reload` does not notice.

    To ask takes a fortieth of the time of loading it.
    """
    found = dataset_documents().find_one({"_id": dataset._doc.id}, {"name": True, "sample_fields": True})
    if found is None or found["name"] != dataset.name:
        dataset._doc.reload()  # says that it was deleted, or finds the name
    elif _names_of_fields(found["sample_fields"]) == _names_of_fields(dataset._doc.sample_fields):
        return
    dataset.reload()


def _names_of_fields(fields: Sequence[Any]) -> dict[str, dict]:
    """Name of each field, as the database or FiftyOne's objects have it → the same of the fields in it."""
    # FiftyOne's objects have no `get`, and its older versions wrote no list of the fields in a field.
    return {one["name"]: _names_of_fields(one["fields"] if "fields" in one else ()) for one in fields}  # noqa: SIM401


def forget_results(dataset: fo.Dataset) -> None:
    """Drop results of runs and evaluations from memory; `Dataset.clear_cache` drops brain runs too."""
    dataset._run_cache.clear()
    dataset._evaluation_cache.clear()


def own_dataset(name: str) -> fo.Dataset:
    """A dataset as an object that nobody else has; `fo.load_dataset` gives everyone in a process the same."""
    return fo.Dataset._make_instance(name, False)


def dataset_of(samples: Samples) -> fo.Dataset:
    """The dataset behind a view, or the dataset itself; a public `DatasetView.dataset` would replace it.

    Raises:
        InputError: It is neither.
    """
    if not isinstance(samples, SampleCollection):
        raise InputError(f"Give a FiftyOne dataset or view, not {reprlib.repr(samples)}.")
    return samples if isinstance(samples, fo.Dataset) else samples._root_dataset


def view_of(sample: fo.Sample | SampleView) -> fo.DatasetView:
    """A sample, or a patch of a patches view, as a view that shows it alone.

    Raises:
        InputError: It is in no dataset.
    """
    shown_in = sample._view if isinstance(sample, SampleView) else sample.dataset
    if shown_in is None:
        raise InputError("This sample is in no dataset: add it to one first.")
    return shown_in.select(sample.id)


def on_object(samples: Samples, dataset: fo.Dataset) -> Samples:
    """The same dataset or view on another object of the dataset; a view's stages are not public."""
    if isinstance(samples, fo.Dataset):
        return dataset
    return fo.DatasetView._build(dataset, samples._serialize())


def shown_dataset(patches: fo.DatasetView) -> fo.Dataset:
    """The temporary dataset of a patches view; `DatasetView.save` writes to it only through the samples."""
    return patches._dataset


def is_generated(samples: Samples) -> bool:
    """Whether a view shows objects, frames or clips, as the classes of such views would tell too."""
    return samples._is_generated


def shows_frames(samples: Samples) -> bool:
    """Whether a view shows frames of videos; a test for `FramesView` misses objects in frames."""
    return samples._is_frames


def view_stages(view: Samples) -> list[ViewStage]:
    """The stages of a view; a public property would replace it."""
    return view._stages


def label_path(samples: Samples, field: str, attribute: str | None = None) -> str:
    """Path of the labels in a field, or of an attribute of them, whether it holds one label or a list.

    `label_list_name` and the type of the field would do, which raise no error for other fields.
    """
    return samples._get_label_field_path(field, attribute)[1]


def label_list_name(kind: type[fo.Label]) -> str:
    """Name of the list in a label that holds several: "detections" of `fo.Detections`; a table would do."""
    return kind._LABEL_LIST_FIELD


def add_fields(dataset: fo.Dataset, declarations: dict[str, dict[str, Any]]) -> None:
    """Add fields at one stroke; `Dataset.add_sample_field` saves and reloads the dataset for each.

    Args:
        dataset: Dataset without these fields.
        declarations: Name, or path in a field that is there → arguments of `Dataset.add_sample_field`.
    """
    dataset._merge_sample_field_schema(
        {
            path: create_field(path.rpartition(".")[2], **declaration)
            for path, declaration in declarations.items()
        }
    )


def field_declaration(field: fo.Field) -> dict[str, Any]:
    """Arguments of `Dataset.add_sample_field` for another field like this one."""
    return get_field_kwargs(field)


def delegated_operation_id(ctx: foo.ExecutionContext) -> ObjectId | None:
    """Id of the delegated operation that an execution belongs to; a public property would replace it."""
    return ctx._delegated_operation_id


class KeptMetrics(ClassificationResults):
    """Results of an evaluation, which FiftyOne reads back without their custom metrics."""

    @classmethod
    def _from_dict(cls, d: dict, *arguments: Any, **options: Any) -> "KeptMetrics":
        return super()._from_dict(d, *arguments, custom_metrics=d.get("custom_metrics"), **options)


def keep_metrics(results: ClassificationResults) -> None:
    """Save an evaluation so that its custom metrics are read back too."""
    KeptMetrics._from_dict(results.serialize(), results.samples, results.config, results.key).save()
