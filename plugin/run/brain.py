"""FiftyOne's brain runs of a run's vectors: for its Embeddings panel, and to search by image or by text.

The vectors go to a field that the brain runs refer to; the cache has them, so nothing is embedded again.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..encoders.openclip import zoo_arguments
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.progress import ShowProgress
from .preparation import compute_embeddings
from .stored import load_run

if TYPE_CHECKING:
    import fiftyone as fo

METHODS = ("umap", "tsne", "pca")
NO_TEXT_SEARCH = "FiftyOne cannot load {} to embed texts: search by image."


@dataclass(frozen=True, repr=False)
class BrainRuns(Displayed):
    """The brain runs of a run.

    Attributes:
        run_key: Key of the run.
        embeddings_field: Field with the vectors.
        similarity_key: Brain key of the similarity index.
        visualization_key: Brain key of the map in the Embeddings panel.
        method: How the map was made: "umap", "tsne" or "pca".
        why_no_text_search: Why texts cannot be searched for, one sentence; "" if they can.
    """

    run_key: str
    embeddings_field: str
    similarity_key: str
    visualization_key: str
    method: str
    why_no_text_search: str

    def _lines(self) -> list[str]:
        search = self.why_no_text_search or "Text search works too."
        return [
            f"Map {self.visualization_key!r} ({self.method}) for the Embeddings panel",
            f"Index {self.similarity_key!r} to sort by similarity. {search}",
            f"Next: dataset.sort_by_similarity(sample_id, brain_key={self.similarity_key!r})",
        ]


def add_brain_runs(
    dataset: "fo.Dataset",
    run_key: str | None = None,
    *,
    method: str | None = None,
    progress: ShowProgress = None,
) -> BrainRuns:
    """Make FiftyOne's similarity index and visualization of the vectors of a run.

    The Embeddings panel shows the images then, to be coloured by label or confidence, and the grid sorts by
    similarity to an image, or to a text where FiftyOne can load the encoder: OpenCLIP models. Earlier brain
    runs of the same label field are replaced; they are deleted with the run.

    Args:
        dataset: Dataset of the run.
        run_key: Key of the run; that which wrote labels last if None.
        method: "umap", "tsne" or "pca"; by default UMAP if umap-learn is installed, else t-SNE for up to
            5,000 images and PCA for more.
        progress: As for `auto_label`, while vectors are read.

    Raises:
        InputError: There is no such run, its vectors are not in the dataset, or a key is taken.
        RunCancelledError: Somebody cancelled the reading of the vectors.
    """
    from ..dataset import (
        check_brain_keys,
        flat_samples,
        index_vectors,
        map_vectors,
        record_brain_runs,
        vectors_field,
    )

    if method is not None and method not in METHODS:
        raise InputError(f"There is no method {method!r}: choose from {', '.join(METHODS)}.")
    run = load_run(dataset, run_key).record
    label = run.label_fields.label
    if run.label_fields.objects:
        raise InputError(f"Run {run.key!r} labelled objects: choose a run that labelled whole images.")
    given = run.inputs.get("embeddings")
    if given is not None and not (given and dataset.has_sample_field(given)):
        raise InputError(
            f"The vectors of run {run.key!r} are not in a field of the dataset: put them into one, and label "
            "with embeddings=FIELD."
        )
    field, similarity, visualization = vectors_field(run), f"{label}_similarity", f"{label}_visualization"
    check_brain_keys(dataset, [similarity, visualization], field)
    samples = flat_samples(dataset).exists(run.label_fields.labelled)
    if given is None:
        compute_embeddings(samples, field, encoder=run.encoder, progress=progress)
    model = zoo_arguments(run.encoder)
    record_brain_runs(dataset, run, [similarity, visualization])
    index_vectors(samples, field, similarity, "open-clip-torch" if model else None, **model)
    return BrainRuns(
        run_key=run.key,
        embeddings_field=field,
        similarity_key=similarity,
        visualization_key=visualization,
        method=map_vectors(samples, field, visualization, method),
        why_no_text_search="" if model else NO_TEXT_SEARCH.format(run.encoder),
    )
