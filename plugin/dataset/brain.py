"""FiftyOne's brain runs of vectors in a field: a similarity index, and a map for its Embeddings panel.

Both are made by FiftyOne itself; a run of the same key that is of other vectors is never replaced.
"""

from collections.abc import Iterable
from importlib.util import find_spec

import fiftyone as fo
import fiftyone.brain as fob

from ..engine.errors import InputError
from .internals import Samples, dataset_of
from .record import RunRecord, list_all_runs, update_record

SEED = 51
MOST_IMAGES_OF_TSNE = 5_000
"""t-SNE takes seconds for as many, and then grows fast."""


def check_brain_keys(dataset: fo.Dataset, keys: list[str], field: str) -> None:
    """Check that the brain runs of these keys, if there are any, are of the vectors in a field.

    Raises:
        InputError: One is not.
    """
    for key in sorted(set(keys) - set(_of_vectors(dataset, keys, field))):
        if key in dataset.list_brain_runs():
            raise InputError(f"There is a brain run {key!r} of other vectors: rename or delete it.")


def vectors_field(run: RunRecord) -> str:
    """Field with the vectors that brain runs of a run are made of; its own unless vectors were given."""
    return run.inputs.get("embeddings") or f"{run.label_fields.label}_embeddings"


def record_brain_runs(dataset: fo.Dataset, run: RunRecord, keys: list[str]) -> None:
    """Note that a run has these brain runs, and no other run any more.

    Args:
        dataset: Dataset of the run.
        run: The run.
        keys: Brain keys.
    """
    for other in list_all_runs(dataset):
        if set(keys) & set(other.brain_runs):
            update_record(dataset, other.key, {"brain_runs": []})
    update_record(dataset, run.key, {"brain_runs": keys})


def brain_runs_of(dataset: fo.Dataset, run: RunRecord) -> list[str]:
    """Keys of the brain runs that were made for a run and are there still."""
    return _of_vectors(dataset, run.brain_runs, vectors_field(run)) if run.brain_runs else []


def index_vectors(samples: Samples, field: str, key: str, model: str | None, **arguments: str) -> None:
    """Make a similarity index of the vectors in a field, in the place of an earlier one.

    Args:
        samples: Images; those without a vector are left out.
        field: Field of the vectors.
        key: Brain key.
        model: Zoo model that embeds texts for a search; None for search by images only.
        **arguments: Arguments of the model.
    """
    _forget(samples, key)
    fob.compute_similarity(
        samples, embeddings=field, brain_key=key, model=model, model_kwargs=arguments or None
    )


def map_vectors(samples: Samples, field: str, key: str, method: str | None = None) -> str:
    """Place the images in two dimensions by the vectors in a field, in the place of an earlier map.

    Args:
        samples: Images; those without a vector are left out.
        field: Field of the vectors.
        key: Brain key.
        method: "umap", "tsne" or "pca"; by default UMAP if it is installed, else t-SNE for few images.

    Returns:
        The method.
    """
    _forget(samples, key)
    usual = "tsne" if len(samples) <= MOST_IMAGES_OF_TSNE else "pca"
    method = method or ("umap" if find_spec("umap") else usual)
    # FiftyOne's own values suit neither few images nor short vectors.
    options = {"perplexity": min(30.0, len(samples) / 4), "pca_dims": None} if method == "tsne" else {}
    fob.compute_visualization(
        samples, embeddings=field, brain_key=key, method=method, seed=SEED, progress=False, **options
    )
    return method


def _of_vectors(dataset: fo.Dataset, keys: Iterable[str], field: str) -> list[str]:
    """Those of the keys that brain runs of the vectors in a field have."""
    known = set(dataset.list_brain_runs())
    configs = {key: dataset.get_brain_info(key).config for key in keys if key in known}
    return [key for key, config in configs.items() if getattr(config, "embeddings_field", None) == field]


def _forget(samples: Samples, key: str) -> None:
    dataset = dataset_of(samples)
    if key in dataset.list_brain_runs():
        dataset.delete_brain_run(key)
