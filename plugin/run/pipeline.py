"""The story: embed, cluster, refine, name, write. `auto_label` and `label_files` are its two ends.

Operators and the command line make `Inputs` themselves and call `label_samples` or `label_paths`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoders.base import Encoder, ImageTower
from ..encoders.crops import MARGIN
from ..encoders.descriptions import Classes, read_classes
from ..encoders.known_names import reliability_with_warnings
from ..encoders.precomputed import Vectors
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.label_sets import classes_in
from ..engine.progress import Clock, Progress, ShowProgress
from ..system.progress_bars import shown_progress
from .balance import ClassBalance
from .embedding import Items, Towers, load_towers
from .engines import on_engine
from .estimate import Cost, estimate_cost
from .files import Files, Paths
from .inputs import ONE_LABEL_AN_OBJECT, CustomClusters, Inputs, read_settings
from .labelling import Labelled, label_items, read_clusters, with_label_sets
from .recording import recorded
from .results import FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset import FieldNames

STAGES = {
    "load": "Loading the encoder",
    "embed": "Embedding images",
    "cluster": "Clustering",
    "refine": "Refining labels",
    "suggest": "Reading names for novel clusters",
    "write": "Writing labels",
    "fill": "Writing values",
}
"""Stage of a run, in order → what to call it where its progress is shown. With a second encoder,
"embed" counts every image twice; "suggest" counts candidate names. Runs that only prepare others end with
"fill" instead of "write"."""


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
    clusters: CustomClusters | None = None,
    class_balance: ClassBalance | None = None,
    examples: str | None = None,
    objects: str | None = None,
    margin: float = MARGIN,
    multilabel: bool = False,
    settings: Settings | Mapping[str, object] | None = None,
    fields: "FieldNames | None" = None,
    run_key: str | None = None,
    engine: str = "local",
    address: str | None = None,
    progress: ShowProgress = None,
) -> FinishedRun:
    """Label every image of a dataset or view and write the labels to its samples.

    Nothing is written before every image has a label, so a run that is stopped earlier leaves the
    samples as they were; its embeddings stay in the cache. One that dies while it writes is completed by
    the next use of the dataset. Of two runs on one dataset, the second waits with its writing until the
    first is done.

    Reviewed labels (approved or corrected) are kept: those samples show the reviewed class with a confidence
    of 1, and they anchor the labels of the others.

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

        clusters: Custom micro-clusters: a field with a whole number or a text per image, an (n,) array of
            whole numbers, negative for none, or a function from the (m, d) unit rows of the images that
            could be read (those of the second encoder if there is one) to such an array.

        class_balance: A rough idea of how frequent the classes are: a mapping from classes to "common",
            "rare", "absent", counts or shares, or "equal"; believed as far as similar images bear it out.
        examples: Field with the class of a few images, which become reviewed labels: a classification, a
            text, or "tags" that are names of classes. Of objects, their "tags", "label" or another attribute.

        objects: Field of boxes or shapes, whose objects are labelled instead of whole images. The field is
            only read: copies of its objects, with the same ids and boxes, go to "auto_label_<objects>", with
            label, confidence and all else as attributes. What is said of images here then goes for objects:
            vectors and clusters may be attributes of them or brain keys over them. A patches view is labelled
            object by object, whether this is given or not.
        margin: What is shown around an object, as a share of its width and height on every side, from 0 to 1.

        multilabel: Whether an image may have several labels. The label field then holds `fo.Classifications`,
            each label with its own confidence, and the confidence field the probability that exactly these
            labels are right. Review a random sample (`audit`), then call `refine_with_corrections`: it
            calibrates the probability of every class by the reviews.

        settings: How to cluster and refine, `Settings` or a mapping; the defaults suit most data.
        fields: Names of the fields to write.
        run_key: Key of the run. The fields get it too, as in "auto_label_<key>", unless they are named, so
            that several runs can be compared side by side. By default the label field with a number.

        engine: "local", or "ray": the workers of a Ray cluster embed the images, whose files have the same
            paths on every machine. The rest is done here, and the labels are the same.
        address: Address of the cluster; None for the one that was joined before, that of RAY_ADDRESS, or this
            machine.
        progress: True for progress bars, False for none, None for bars unless FiftyOne's setting
            `show_progress_bars` is off; or a function that is called with (stage, done, total), stage one of
            `STAGES`.

    Returns:
        The finished run.

    Raises:
        InputError: Something given cannot be used; the message says what, and nothing was written.
        RunCancelledError: Somebody cancelled the run; nothing was written.
    """
    inputs = Inputs(
        classes=read_classes(classes),
        prompt_templates=prompt_templates,
        encoder=encoder,
        embeddings=embeddings,
        text_embeddings=text_embeddings,
        second_encoder=second_encoder,
        second_embeddings=second_embeddings,
        clusters=clusters,
        class_balance=class_balance,
        examples=examples,
        objects=objects,
        margin=margin,
        multilabel=multilabel,
        settings=read_settings(settings),
        fields=fields,
        run_key=run_key,
    )
    return label_samples(samples, on_engine(inputs, engine, address), progress)


def label_files(
    paths: Paths,
    classes: Classes,
    *,
    prompt_templates: Sequence[str] | None = None,
    encoder: str | Encoder = "auto",
    embeddings: Vectors | None = None,
    text_embeddings: Vectors | None = None,
    second_encoder: str | ImageTower | None = None,
    second_embeddings: Vectors | None = None,
    class_balance: ClassBalance | None = None,
    multilabel: bool = False,
    settings: Settings | Mapping[str, object] | None = None,
    engine: str = "local",
    address: str | None = None,
    progress: ShowProgress = None,
) -> FinishedRun:
    """Label image files; FiftyOne is not needed.

    Args:
        paths: n images, in a list or whatever yields them, or a folder, whose subfolders count too. They are
            not opened where their vectors are given.
        classes: As for `auto_label`, as is everything below; vectors are arrays or `.npy` files.
        prompt_templates: Texts with one `{}` for the name.
        encoder: Name of an encoder, or one.
        embeddings: (n, d) vectors that exist already.
        text_embeddings: (k, d) vectors, one row per class.
        second_encoder: A second encoder, of the images alone.
        second_embeddings: (n, v) vectors in its place.
        class_balance: A rough idea of how frequent the classes are.
        multilabel: Whether an image may have several labels.
        settings: How to cluster and refine.
        engine: "local" or "ray".
        address: Address of the Ray cluster.
        progress: As for `auto_label`; FiftyOne's setting counts if FiftyOne is imported or its environment
            variable is set.

    Returns:
        The finished run.

    Raises:
        InputError: Something given cannot be used.
    """
    inputs = Inputs(
        classes=read_classes(classes),
        prompt_templates=prompt_templates,
        encoder=encoder,
        embeddings=embeddings,
        text_embeddings=text_embeddings,
        second_encoder=second_encoder,
        second_embeddings=second_embeddings,
        class_balance=class_balance,
        multilabel=multilabel,
        settings=read_settings(settings),
    )
    return label_paths(paths, on_engine(inputs, engine, address), progress)


def label_samples(
    samples: "fo.Dataset | fo.DatasetView", inputs: Inputs, progress: ShowProgress = None
) -> FinishedRun:
    """Label a dataset or view; see `auto_label`."""
    with shown_progress(progress, STAGES) as report:
        return _label_samples(samples, inputs, report)


def label_paths(paths: Paths, inputs: Inputs, progress: ShowProgress = None) -> FinishedRun:
    """Label image files; see `label_files`."""
    return label_unwritten(Files.of(paths), inputs, progress)


def label_unwritten(
    items: Items, inputs: Inputs, progress: ShowProgress = None, noun: str = "image"
) -> FinishedRun:
    """Label images or objects without a dataset to write to; `noun` says which."""
    with shown_progress(progress, STAGES) as report:
        clock = Clock(report)
        clusters, towers = read_clusters(items, inputs.clusters), load_towers(inputs, items, clock)
        found = label_items(items, inputs, towers, clock, clusters=clusters, noun=noun)
        towers.release()
        if inputs.multilabel:
            found = with_label_sets(found, inputs.class_names)
        return _finished(found, inputs, towers, sample_ids=found.ids, seconds=clock.seconds)


def _label_samples(samples: "fo.Dataset | fo.DatasetView", inputs: Inputs, report: Progress) -> FinishedRun:
    from ..dataset import (
        Outcome,
        anchors_of,
        audit_probabilities,
        field_to_label,
        open_contradictions,
        read_examples,
        read_images,
        read_objects,
        read_reviews,
        run_under_way,
        stated_classes,
        wait_for_answer,
    )

    wait_for_answer()
    objects = field_to_label(samples, inputs.objects)
    images = read_objects(samples, objects, inputs.margin) if objects else read_images(samples)
    fields = _fields_to_write(samples, inputs, objects)
    examples = read_examples(images, inputs.examples, inputs.class_names) if inputs.examples else {}
    clusters = read_clusters(images, inputs.clusters)
    towers = load_towers(inputs, images, report)
    described = recorded(inputs, towers, margin=inputs.margin if objects else None)
    with run_under_way(
        samples,
        described,
        inputs.settings,
        fields,
        n_images=len(images.ids),
        key=inputs.run_key,
        progress=report,
    ) as run:
        reviews: dict[str, str] = {}
        drawn = audit_probabilities(run.dataset, fields)

        def anchors(ids: Sequence[str]) -> np.ndarray:
            reviews.update(examples | read_reviews(run.dataset, fields))
            return anchors_of(reviews, ids, inputs.class_names)

        found = label_items(
            images,
            inputs,
            towers,
            run.report,
            clusters=clusters,
            anchors_of=anchors,
            drawn=drawn,
            stated=stated_classes(run.dataset, fields),
            on_iteration=run.follow,
            noun=fields.noun,
        )
        towers.release()
        if inputs.multilabel:
            found = with_label_sets(found, inputs.class_names, reviews, drawn)
        outcome = Outcome.of(found.refinement, inputs.class_names, found.ids, found.failures, found.sets)
        contradictions = open_contradictions(run.dataset, fields, outcome.contradictions)
        outcome = replace(outcome, examples=examples, contradictions=contradictions)
        run.finish(outcome, found.summary.to_dict(), found.refinement.settings)
        return _finished(
            found,
            inputs,
            towers,
            sample_ids=found.ids,
            run_key=run.key,
            fields=fields,
            seconds=run.seconds,
            dataset=run.dataset,
            contradictions=contradictions,
            unlisted_classes=_unlisted([reviews[one] for one in found.ids if one in reviews], inputs),
        )


def estimate_paths(paths: Paths, inputs: Inputs) -> Cost:
    """What `label_paths` would cost; nothing is labelled. Names that the encoder does not know are logged.

    Raises:
        InputError: Something given cannot be used.
    """
    files = Files.of(paths)
    towers = load_towers(inputs, files)
    reliability_with_warnings(towers.text_encoder, inputs.classes)
    return estimate_cost(towers, inputs, files.images)


def _finished(found: Labelled, inputs: Inputs, towers: Towers, **more: Any) -> FinishedRun:
    return FinishedRun(
        classes=inputs.class_names,
        encoder=towers.encoder.name,
        encoder_reason=towers.reason,
        second_encoder=towers.second.name if towers.second else "",
        refinement=found.refinement,
        sets=found.sets,
        summary=found.summary,
        paths=found.paths,
        failed=found.failed,
        embedded=found.embedded,
        towers=towers,
        **more,
    )


def _fields_to_write(
    samples: "fo.Dataset | fo.DatasetView", inputs: Inputs, objects: str | None
) -> "FieldNames":
    """The fields that were asked for, or those of the run.

    Raises:
        InputError: The run cannot have its key or write its fields.
    """
    from ..dataset import FieldNames, check_fields, check_key, dataset_of

    fields = replace(inputs.fields or FieldNames.of_run(inputs.run_key), multilabel=inputs.multilabel)
    if objects and inputs.multilabel:
        raise InputError(ONE_LABEL_AN_OBJECT)
    if objects:
        fields = FieldNames.of_objects(objects, inputs.run_key, fields)
    check_key(dataset_of(samples), inputs.run_key)
    check_fields(dataset_of(samples), fields)
    return fields


def _unlisted(reviewed: Sequence[str], inputs: Inputs) -> dict[str, int]:
    """Reviewed class that is not in the list of classes → how often it was given."""
    classes = set(inputs.class_names)
    given = (name for text in reviewed for name in (classes_in(text) if inputs.multilabel else [text]))
    return dict(Counter(name for name in given if name not in classes))
