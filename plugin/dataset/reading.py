"""What a run needs from a FiftyOne collection: sample ids, image paths, vectors, class names.

Collections that cannot be labelled are refused here, before any work starts.
"""

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import fiftyone as fo
import numpy as np
from fiftyone.core.collections import SampleCollection
from fiftyone.core.sample import SampleView

from ..engine.errors import InputError
from .documents import VECTORS_PER_QUERY, in_parts, read_documents
from .internals import Samples, dataset_of, is_generated, label_path, view_of
from .patience import persistently


@dataclass(frozen=True)
class Images:
    """The images of a collection, in its order.

    Attributes:
        samples: The collection.
        ids: (n,) sample ids.
        images: (n,) file paths.
    """

    samples: Samples
    ids: list[str]
    images: list[str]

    def vectors(self, source: str) -> np.ndarray:
        """Read one vector per image, as `read_vectors` does."""
        return read_vectors(self.samples, source, self.ids)

    def clusters(self, field: str) -> np.ndarray:
        """Read the cluster of every image, as `read_clusters` does."""
        return read_clusters(self.samples, field)

    def values(self, path: str) -> list:
        """(n,) values of a field, None where there is none."""
        return _field_values(dataset_of(self.samples), self.ids, path)


def read_images(samples: Samples) -> Images:
    """List the images of a dataset or view.

    Raises:
        InputError: It has no samples, or its samples are not single images.
    """
    check_samples(samples)
    return Images(samples, *persistently(partial(samples.values, ["id", "filepath"])))


def images_of(dataset: fo.Dataset, ids: Sequence[str]) -> Images:
    """Images by their ids, in this order.

    Raises:
        InputError: Some are no longer in the dataset.
    """
    found = read_documents(dataset, ids, ["filepath"])
    if len(found) < len(ids):
        raise InputError("Some of its images are no longer in the dataset.")
    return Images(flat_samples(dataset), list(ids), [found[one]["filepath"] for one in ids])


def as_samples(given: Samples | fo.Sample | SampleView) -> Samples:
    """A dataset or view as it is, and a single sample or patch as a view.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(given, fo.Sample | SampleView):
        return view_of(given)
    dataset_of(given)
    return given


def check_samples(samples: Samples) -> None:
    """Check that a dataset or view holds plain images.

    Raises:
        InputError: It has no samples, or its samples are not single images.
    """
    reason = why_not_labelable(samples)
    if reason:
        raise InputError(reason)


def why_not_labelable(samples: Samples) -> str:
    """One sentence on why a dataset or view cannot be labelled, "" if it can."""
    if not isinstance(samples, SampleCollection):
        return f"Give a FiftyOne dataset or view, not {reprlib.repr(samples)}."
    if samples.media_type == "group":
        return "These are grouped samples: choose one slice, with select_group_slices(), and label that."
    if len(samples) == 0:
        return "There are no samples to label: choose a view that has some, or add images first."
    if samples.media_type != "image":
        return f"These are {samples.media_type} samples, but only images can be labelled."
    if is_generated(samples):
        return "This view shows objects or frames, but only whole images can be labelled: leave it first."
    return ""


def flat_samples(samples: Samples) -> Samples:
    """All samples of a dataset one by one; anything else is returned as it is.

    A grouped dataset shows its active slice alone; this returns the images of all slices.
    """
    if isinstance(samples, fo.Dataset) and samples.media_type == "group":
        return samples.select_group_slices(media_type="image")
    return samples


def read_vectors(samples: Samples, source: str, ids: Sequence[str] | None = None) -> np.ndarray:
    """Read one vector per sample from a field or from the results of a brain run.

    Args:
        samples: Dataset or view; a field may be one that the view leaves out.
        source: Name of a vector field, or the key of a similarity run over whole images.
        ids: (n,) samples of the dataset to read; those of `samples` if None.

    Returns:
        (n, d) float32 in this order; rows of NaN where a sample has no vector.

    Raises:
        InputError: There is no such field or brain key, or it has no vectors of one length.
    """
    known = vector_sources(samples)
    if source not in known:
        listed = f"choose one of {', '.join(known)}." if known else "this dataset has none yet."
        raise InputError(f"There is no vector field or brain key {source!r} with vectors: {listed}")
    dataset, ids = dataset_of(samples), samples.values("id") if ids is None else ids
    if dataset.has_sample_field(source):
        return as_matrix(_field_values(dataset, ids, source), source)
    results = dataset.load_brain_results(source)
    vectors = dict(zip(results.sample_ids, results.embeddings, strict=True))
    return as_matrix([vectors.get(sample_id) for sample_id in ids], source)


def vector_sources(samples: Samples) -> list[str]:
    """Vector fields and similarity runs over whole images that `read_vectors` may find vectors in."""
    dataset = dataset_of(samples)
    fields = dataset.get_field_schema(ftype=(fo.VectorField, fo.ArrayField))
    return [*fields, *dataset.list_brain_runs(type="similarity", patches_field=None)]


def read_clusters(samples: Samples, field: str) -> np.ndarray:
    """Read the cluster of every sample from a field.

    Args:
        samples: Dataset or view; the field may be one that the view leaves out.
        field: Name of a field with one whole number or one text per sample, e.g. "cluster" or
            "cluster.label".

    Returns:
        (n,) int64 in the order of `samples`, negative where a sample is in no cluster.

    Raises:
        InputError: There is no such field, or no sample has a cluster in it.
    """
    check_cluster_field(samples, field)
    return as_clusters(_field_values(dataset_of(samples), samples.values("id"), field), field)


def as_clusters(values: list[int | str | None], source: str) -> np.ndarray:
    """Number the clusters that have texts as names.

    Args:
        values: n whole numbers or texts, None for no cluster.
        source: What they were read from.

    Returns:
        (n,) int64, negative for no cluster.

    Raises:
        InputError: There is no cluster.
    """
    if all(value is None for value in values):
        raise InputError(f"{source!r} has no clusters on these samples: compute them first.")
    texts = sorted({value for value in values if isinstance(value, str)})
    numbers = {text: number for number, text in enumerate(texts)} | {None: -1}
    return np.array([numbers.get(value, value) for value in values])


def check_cluster_field(samples: Samples, field: str) -> None:
    """Check that a field may hold one cluster per sample, without reading it.

    Raises:
        InputError: There is no such field, or it holds something else.
    """
    dataset = dataset_of(samples)
    kind = dataset.get_field(field)
    parts = field.split(".")
    parents = (dataset.get_field(".".join(parts[:length])) for length in range(1, len(parts)))
    is_in_list = any(isinstance(parent, fo.ListField) for parent in parents)
    if isinstance(kind, fo.IntField | fo.StringField) and not is_in_list:
        return
    known = cluster_fields(samples)
    advice = f"choose one such as {', '.join(known)}." if known else "this dataset has none yet."
    raise InputError(f"There is no field {field!r} with one cluster per sample: {advice}")


def cluster_fields(samples: Samples) -> list[str]:
    """Fields of whole numbers, which may hold clusters."""
    return list(dataset_of(samples).get_field_schema(ftype=fo.IntField))


def classes_of(samples: Samples, field: str | None = None) -> list[str]:
    """Class names that a dataset already knows.

    Args:
        samples: Dataset or view.
        field: A label field whose distinct labels to take; by default the dataset's own lists of
            classes, those of single fields included.

    Raises:
        InputError: The field does not exist or holds no labels.
    """
    if field is None:
        dataset = dataset_of(samples)
        lists = [dataset.default_classes, *dataset.classes.values()]
        return list(dict.fromkeys(name for names in lists for name in names or []))
    if field not in label_fields(samples):
        raise InputError(
            f"There is no label field {field!r}: choose one of {', '.join(label_fields(samples))}."
        )
    return samples.distinct(label_path(samples, field, "label"))


def label_fields(samples: Samples) -> list[str]:
    """Names of the fields that hold classes, boxes or shapes."""
    shapes = (fo.Detection, fo.Detections, fo.Polyline, fo.Polylines)
    kinds = (fo.Classification, fo.Classifications, *shapes)
    schema = samples.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if issubclass(field.document_type, kinds)]


def classification_fields(samples: Samples) -> list[str]:
    """Names of the fields that hold one class per sample."""
    schema = samples.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if issubclass(field.document_type, fo.Classification)]


def set_fields(samples: Samples) -> list[str]:
    """Names of the fields that hold any number of classes per sample."""
    schema = samples.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if issubclass(field.document_type, fo.Classifications)]


def saved_view(dataset: fo.Dataset, name: str) -> fo.DatasetView:
    """Load a view that was saved under a name.

    Raises:
        InputError: There is none.
    """
    if not dataset.has_saved_view(name):
        known = ", ".join(dataset.list_saved_views()) or "none yet"
        raise InputError(f"The dataset has no saved view {name!r} (there are: {known}).")
    return dataset.load_saved_view(name)


def _field_values(dataset: fo.Dataset, ids: Sequence[str], field: str) -> list:
    """Values of a field in the order of the ids; read in parts, as a query has a largest size."""
    everything, values = flat_samples(dataset), {}
    for some in in_parts(ids, VECTORS_PER_QUERY):
        found = persistently(partial(everything.select(some).values, ["id", field]))
        values |= dict(zip(*found, strict=True))
    return [values[one] for one in ids]


def as_matrix(vectors: list[np.ndarray | None], source: str) -> np.ndarray:
    """Stack vectors as (n, d) float32, with rows of NaN for those that are missing.

    Args:
        vectors: n vectors or None.
        source: What they were read from.

    Raises:
        InputError: There is no vector, or they are not of one length.
    """
    lengths = {np.size(vector) for vector in vectors if vector is not None}
    if not lengths:
        raise InputError(f"{source!r} has no vectors on these samples: compute embeddings first.")
    if len(lengths) > 1:
        raise InputError(
            f"{source!r} has vectors of different lengths ({sorted(lengths)}): compute them again."
        )
    missing = np.full(lengths.pop(), np.nan, np.float32)
    return np.stack([missing if vector is None else np.ravel(vector) for vector in vectors]).astype(
        np.float32
    )
