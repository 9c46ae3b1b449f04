"""What a run needs from a FiftyOne collection: sample ids, image paths, vectors, class names.

Collections that cannot be labelled are refused here, before any work starts.
"""

from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ..engine.errors import InputError


@dataclass(frozen=True)
class Images:
    """The images of a collection, in its order.

    Attributes:
        ids: (n,) sample ids.
        paths: (n,) file paths.
    """

    ids: list[str]
    paths: list[str]


def read_images(samples: fo.Dataset | fo.DatasetView) -> Images:
    """List the images of a dataset or view.

    Raises:
        InputError: It has no samples, or its samples are not single images.
    """
    check_samples(samples)
    ids, paths = samples.values(["id", "filepath"])
    return Images(ids, paths)


def check_samples(samples: fo.Dataset | fo.DatasetView) -> None:
    """Check that a dataset or view holds plain images.

    Raises:
        InputError: It has no samples, or its samples are not single images.
    """
    reason = why_not_labelable(samples)
    if reason:
        raise InputError(reason)


def why_not_labelable(samples: fo.Dataset | fo.DatasetView) -> str:
    """One sentence on why a dataset or view cannot be labelled, "" if it can."""
    if samples.media_type == "group":
        return "These are grouped samples: choose one slice, with select_group_slices(), and label that."
    if len(samples) == 0:
        return "There are no samples to label: choose a view that has some, or add images first."
    if samples.media_type != "image":
        return f"These are {samples.media_type} samples, but only images can be labelled."
    if samples._is_generated:
        return "This view shows objects or frames, but only whole images can be labelled: leave it first."
    return ""


def dataset_of(samples: fo.Dataset | fo.DatasetView) -> fo.Dataset:
    """The dataset behind a view, or the dataset itself."""
    return samples._root_dataset


def read_vectors(samples: fo.Dataset | fo.DatasetView, source: str) -> np.ndarray:
    """Read one vector per sample from a field or from the results of a brain run.

    Args:
        samples: Dataset or view.
        source: Name of a vector field, or a brain key whose run keeps embeddings.

    Returns:
        (n, d) float32 in the order of `samples`; rows of NaN where a sample has no vector.

    Raises:
        InputError: There is no such field or brain key, or it has no vectors of one length.
    """
    if samples.has_sample_field(source):
        return _stack(samples.values(source), source)
    if samples.has_brain_run(source):
        return _brain_vectors(samples, source)
    known = vector_sources(samples)
    listed = f"choose one of {', '.join(known)}." if known else "this dataset has none yet."
    raise InputError(f"There is no vector field or brain key {source!r}: {listed}")


def classes_of(samples: fo.Dataset | fo.DatasetView, field: str | None = None) -> list[str]:
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
    path = samples._get_label_field_path(field, "label")[1]
    return samples.distinct(path)


def label_fields(samples: fo.Dataset | fo.DatasetView) -> list[str]:
    """Names of the fields that hold classifications or detections."""
    kinds = (fo.Classification, fo.Classifications, fo.Detection, fo.Detections)
    schema = samples.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if issubclass(field.document_type, kinds)]


def vector_sources(samples: fo.Dataset | fo.DatasetView) -> list[str]:
    """Vector fields and brain keys that `read_vectors` may find vectors in."""
    return [*samples.get_field_schema(ftype=fo.VectorField), *samples.list_brain_runs()]


def _brain_vectors(samples: fo.Dataset | fo.DatasetView, brain_key: str) -> np.ndarray:
    results = samples.load_brain_results(brain_key)
    embeddings = getattr(results, "embeddings", None)
    if embeddings is None:
        raise InputError(f"Brain run {brain_key!r} keeps no embeddings: give the field that holds them.")
    by_id = dict(zip(results.sample_ids, embeddings, strict=True))
    return _stack([by_id.get(sample_id) for sample_id in samples.values("id")], brain_key)


def _stack(vectors: list, source: str) -> np.ndarray:
    lengths = {np.size(vector) for vector in vectors if vector is not None}
    if not lengths:
        raise InputError(f"{source!r} has no vectors on these samples: compute embeddings first.")
    if len(lengths) > 1:
        raise InputError(
            f"{source!r} has vectors of different lengths ({sorted(lengths)}): compute them anew."
        )
    missing = np.full(lengths.pop(), np.nan, np.float32)
    return np.stack([missing if vector is None else np.ravel(vector) for vector in vectors]).astype(
        np.float32
    )
