"""The story in one place: embed, cluster, refine, label.

Operators, the command line and Python all call `auto_label`.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..encoders.base import Encoder, ImageTower
from ..encoders.crops import MARGIN
from ..encoders.descriptions import Classes
from ..encoders.precomputed import Vectors
from ..engine.config import Settings
from ..engine.refinement import refine
from .embedding import Progress, embed
from .inputs import (
    GivenClusters,
    Items,
    OwnClusters,
    Prompts,
    RunInputs,
    Towers,
    load_towers,
    names_of,
    read_own_clusters,
    read_prompts,
)
from .names import suggest_names
from .results import RefinedRun

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset.fields import FieldNames
    from ..dataset.running import Run
    from ..report.images_table import ImagesTable

STAGES = {
    "embed": "Embedding images",
    "cluster": "Clustering",
    "refine": "Refining labels",
    "suggest": "Looking for names",
    "write": "Writing labels",
    "fill": "Writing values",
}
"""Stage of a run, in order → what to call it where its progress is shown. With a second image encoder,
"embed" counts every image twice. Runs that only prepare others end with "fill" instead of "write"."""


@dataclass(frozen=True, kw_only=True)
class Labelling(RefinedRun):
    """A finished run on a dataset.

    Attributes:
        run_key: Key of the run on the dataset, e.g. for `load_run`.
        sample_ids: (n,) ids of the labelled samples, or of the objects in them.
        unlisted_classes: Class that people gave and that is none of `classes` → number of samples. They keep
            it, but no other image can get it.
        fields: Names of the fields that were written.
        dataset: The dataset.
    """

    run_key: str
    sample_ids: list[str]
    unlisted_classes: dict[str, int]
    fields: "FieldNames"
    dataset: "fo.Dataset" = field(repr=False)

    def images_table(self) -> "ImagesTable":
        """What the run says of every image, in the form in which reports list it."""
        from .stored import load_run

        return load_run(self.dataset, self.run_key).images_table()

    def report(
        self, folder: str | os.PathLike[str], *, title: str = "", png: bool = False, overwrite: bool = False
    ) -> Path:
        """Write labels, metadata, a report to read, and prototypes for new images; see `FinishedRun`."""
        from .stored import load_run

        return load_run(self.dataset, self.run_key).report(folder, title=title, png=png, overwrite=overwrite)


def auto_label(
    samples: "fo.Dataset | fo.DatasetView",
    classes: Classes,
    *,
    prompt_templates: Sequence[str] | None = None,
    encoder: str | Encoder = "auto",
    embeddings: Vectors | None = None,
    text_embeddings: Vectors | None = None,
    second_encoder: str | ImageTower | None = None,
    second_embeddings: Vectors | None = None,
    clusters: GivenClusters | None = None,
    objects: str | None = None,
    margin: float = MARGIN,
    settings: Settings | None = None,
    fields: "FieldNames | None" = None,
    run_key: str | None = None,
    progress: Progress | None = None,
) -> Labelling:
    """Label every image of a dataset or view and write the labels to its samples.

    Nothing is written before every image has a label, so a run that is stopped earlier leaves the
    samples as they were; its embeddings stay in the cache. One that dies while it writes is completed by
    the next use of the dataset. Of two runs on one dataset, the second waits with its writing until the
    first is done.

    What people approved or corrected is kept: those samples show the class that was given, with a confidence
    of 1, and it anchors the labels of the others.

    Vectors that exist already are given as a vector field, a brain key, a `.npy` file or an array with one
    row per image in the order of `samples`.

    Args:
        samples: Images; ground truth and other fields are left alone.

        classes: (k,) distinct class names. A name may be followed by descriptions, which the text encoder
            reads too, as in "dog: puppy, hound"; or give a mapping {"dog": ["puppy", "hound"], "cat": []},
            where names may hold colons.
        prompt_templates: Texts with one `{}` for the name, e.g. "a satellite photo of a {}"; by default
            those that suit the encoder.

        encoder: "auto", "offline", "openclip[:MODEL[/PRETRAINED]]", "sentence-transformers:MODEL" or
            an encoder object.
        embeddings: (n, d) vectors that exist already, from `encoder`'s model unless `text_embeddings`
            are given too.
        text_embeddings: (k, d) array or `.npy` file, one row per class, instead of the encoder's.

        second_encoder: A second encoder, of the images alone, e.g. "zoo:dinov2-vits14-torch" or another
            name as for `encoder`. Clusters, neighbours and Gaussians are found in its vectors, and only the
            class names are compared in those of `encoder`.
        second_embeddings: (n, v) vectors that exist already, in place of `second_encoder`.

        clusters: Micro-clusters of one's own: a field with a whole number or a text per image, an (n,)
            array of whole numbers, negative for none, or a function from the (m, d) unit rows of the images
            that could be read (those of the second encoder if there is one) to such an array.

        objects: Field of boxes or shapes, whose objects are labelled instead of whole images. The field is
            only read: copies of its objects, with the same ids and boxes, go to "auto_label_<objects>", with
            label, confidence and all else as attributes. What is said of images here then goes for objects:
            vectors and clusters may be attributes of them or brain keys over them. A patches view is labelled
            object by object, whether this is given or not.
        margin: What is shown around an object, as a share of its width and height on every side, from 0 to 1.

        settings: How to cluster and refine; the defaults suit most data.
        fields: Names of the fields to write.
        run_key: Key of the run. The fields get it too, as in "auto_label_<key>", unless they are named, so
            that several runs can be compared side by side. By default the label field with a number.
        progress: Called with (stage, done, total), stage one of `STAGES`.

    Returns:
        The finished run.

    Raises:
        InputError: Something given cannot be used; the message says what, and nothing was written.
        RunCancelledError: Somebody cancelled the run; nothing was written.
    """
    from ..dataset.patches import field_to_label, read_objects
    from ..dataset.reading import read_images
    from ..dataset.running import run_under_way

    objects = field_to_label(samples, objects)
    prompts = read_prompts(classes, prompt_templates, text_embeddings)
    images = read_objects(samples, objects, margin) if objects else read_images(samples)
    fields = _fields_to_write(samples, fields, run_key, objects)
    own_clusters = None if clusters is None else read_own_clusters(images, clusters)
    towers = load_towers(
        images, prompts, encoder, embeddings, text_embeddings, second_encoder, second_embeddings
    )
    settings = settings_for(towers.encoder, settings)
    described = RunInputs(
        prompts.classes,
        prompts.templates or list(towers.encoder.prompt_templates),
        towers.encoder,
        towers.second,
        own_clusters and own_clusters.name,
        names_of(
            encoder=towers.text_encoder
            and (towers.text_encoder.name if isinstance(encoder, str) else encoder),
            embeddings=embeddings,
            text_embeddings=text_embeddings,
            second_encoder=second_encoder,
            second_embeddings=second_embeddings,
            clusters=clusters,
        ),
        margin if objects else None,
    ).described()
    with run_under_way(
        samples,
        described,
        settings,
        fields,
        n_images=len(images.ids),
        key=run_key,
        progress=progress,
    ) as run:
        return _label(run, images, prompts, towers, own_clusters, settings)


def _fields_to_write(
    samples: "fo.Dataset | fo.DatasetView",
    fields: "FieldNames | None",
    run_key: str | None,
    objects: str | None,
) -> "FieldNames":
    """The fields that were asked for, or those of the run.

    Raises:
        InputError: The run cannot have its key or write its fields.
    """
    from ..dataset.fields import FieldNames, check_fields
    from ..dataset.reading import dataset_of
    from ..dataset.running import check_key

    fields = fields or FieldNames.of_run(run_key)
    if objects:
        fields = FieldNames.of_objects(objects, run_key, fields)
    check_key(dataset_of(samples), run_key)
    check_fields(dataset_of(samples), fields)
    return fields


def _label(
    run: "Run",
    images: Items,
    prompts: Prompts,
    towers: Towers,
    own_clusters: OwnClusters | None,
    settings: Settings,
) -> Labelling:
    """Embed, cluster, refine and write, all of which `run` keeps a record of."""
    from ..dataset.outcome import Outcome
    from ..dataset.reviews import anchors_of, read_reviews
    from ..report.summarising import summarise

    embedded = embed(towers, prompts, images.images, run.report)
    sample_ids = [images.ids[row] for row in embedded.rows]
    failures = {images.ids[row]: error for row, error in embedded.errors.items()}
    reviews = read_reviews(run.dataset, run.fields)
    refinement = refine(
        embedded.X,
        embedded.T,
        second_embeddings=embedded.V,
        anchors=anchors_of(reviews, sample_ids, prompts.names),
        micro_clusters=own_clusters and own_clusters.of(embedded.rows, embedded.geometry),
        settings=settings,
        progress=run.report,
        on_iteration=run.follow,
    )
    suggested_names = suggest_names(towers, prompts, embedded.X, refinement, run.report)
    summary = summarise(
        refinement,
        prompts.names,
        encoder=towers.encoder.name,
        failures=len(failures),
        noun=run.fields.noun,
        suggestions=suggested_names,
    )
    outcome = Outcome.of(refinement, prompts.names, sample_ids, failures)
    run.finish(outcome, summary.to_dict(), refinement.settings)
    return Labelling(
        run_key=run.key,
        classes=prompts.names,
        encoder=towers.encoder.name,
        encoder_reason=towers.reason,
        second_encoder=towers.second.name if towers.second else "",
        sample_ids=sample_ids,
        refinement=refinement,
        suggested_names=suggested_names,
        failures=failures,
        unlisted_classes=_strangers([reviews[one] for one in sample_ids if one in reviews], prompts.names),
        fields=run.fields,
        seconds=run.seconds,
        dataset=run.dataset,
    )


def _strangers(given: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    """Name that is no class → how often it was given."""
    return dict(Counter(name for name in given if name not in set(classes)))


def settings_for(tower: Encoder, settings: Settings | None) -> Settings:
    """The settings, with what is left to the encoder taken from it."""
    settings = settings or Settings()
    if settings.confidence_temperature is not None:
        return settings
    return settings.with_overrides(confidence_temperature=tower.confidence_temperature)
