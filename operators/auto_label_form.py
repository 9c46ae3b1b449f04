"""The form of Auto-label, and the values chosen in it, with defaults for those left out."""

from functools import partial

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import (
    FieldNames,
    check_cluster_field,
    check_fields,
    check_key,
    check_object_clusters,
    classes_of,
    cluster_fields,
    dataset_of,
    field_to_label,
    is_patches,
    label_fields,
    object_cluster_attributes,
    object_fields,
    object_vector_sources,
    origin_of,
    vector_sources,
)
from ..plugin.encoders.crops import MARGIN
from ..plugin.encoders.descriptions import ClassDescription, Classes, read_classes
from ..plugin.encoders.prompts import check_templates
from ..plugin.encoders.registry import ENCODER_NAMES, choose_encoder
from ..plugin.engine.config import METHODS, PRESETS, Settings
from ..plugin.run.balance import class_frequencies
from ..plugin.run.inputs import Inputs
from ..plugin.wording import counted
from .forms import add_explorer, dropdown, explored, refuse, sentence_of, suggesting

TYPED, DATASET, FIELD = "typed", "dataset", "field"
FIELDS = FieldNames()
SECOND_ENCODERS = ("zoo:dinov2-vits14-torch", "openclip", "offline")
MORE = (
    "prompt_templates",
    "second_encoder",
    "second_embeddings",
    "clusters",
    "class_balance",
    "text_embeddings",
    "run_key",
)
"""Inputs that are hidden until *More options* is on or one of them is given."""


def add_inputs(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Add every input, marked as invalid where its value cannot be used."""
    _add_part(inputs, samples)
    _add_objects(inputs, ctx, samples)
    _add_classes(inputs, ctx, samples)
    _add_encoder(inputs, ctx, samples)
    _add_settings(inputs)
    _add_fields(inputs, ctx, samples)
    inputs.bool("more", default=False, label="More options", view=types.SwitchView())
    if ctx.params.get("more") or any(ctx.params.get(name) for name in MORE):
        _add_prompts(inputs, ctx)
        _add_second_encoder(inputs, ctx, samples)
        _add_clusters(inputs, ctx, samples)
        _add_class_balance(inputs, ctx, samples)
        _add_key(inputs, ctx)


def chosen_inputs(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> Inputs:
    """What was chosen, as a run works from it.

    Raises:
        InputError: It cannot be used.
    """
    return Inputs(
        classes=read_classes(chosen_classes(ctx, samples)),
        prompt_templates=ctx.params.get("prompt_templates") or None,
        encoder=ctx.params.get("encoder") or "auto",
        embeddings=ctx.params.get("embeddings") or None,
        text_embeddings=chosen_text_embeddings(ctx),
        second_encoder=ctx.params.get("second_encoder") or None,
        second_embeddings=ctx.params.get("second_embeddings") or None,
        clusters=ctx.params.get("clusters") or None,
        class_balance=ctx.params.get("class_balance") or None,
        objects=chosen_objects(ctx, samples),
        margin=chosen_margin(ctx),
        settings=chosen_settings(ctx),
        fields=chosen_fields(ctx),
        run_key=chosen_key(ctx),
    )


def chosen_classes(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> Classes:
    """Classes as typed, or those of the dataset, in whose names a colon has no meaning."""
    source = ctx.params.get("class_source") or TYPED
    if source == TYPED:
        return ctx.params.get("classes")
    known = classes_of(samples, ctx.params.get("class_field") if source == FIELD else None)
    return [ClassDescription(name) for name in known]


def chosen_settings(ctx: foo.ExecutionContext) -> Settings:
    """Preset and method."""
    settings = Settings.preset(ctx.params.get("preset") or PRESETS[0])
    return settings.with_overrides(method=ctx.params.get("method") or METHODS[0])


def chosen_fields(ctx: foo.ExecutionContext) -> FieldNames:
    """Names of the fields to write, with the key of the run unless they were changed."""
    return FieldNames.of_run(
        chosen_key(ctx),
        label=ctx.params.get("label_field") or FIELDS.label,
        confidence=ctx.params.get("confidence_field") or FIELDS.confidence,
    )


def chosen_objects(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> str | None:
    """Field whose objects to label, None for whole images; a patches view implies its field."""
    return field_to_label(samples, ctx.params.get("objects") or None)


def chosen_margin(ctx: foo.ExecutionContext) -> float:
    """Context around an object, as a share of its box."""
    margin = ctx.params.get("margin")
    return MARGIN if margin is None else margin


def chosen_text_embeddings(ctx: foo.ExecutionContext) -> str | None:
    """File of class text embeddings, typed or browsed to; None for none."""
    return ctx.params.get("text_embeddings") or explored(ctx, "text_embeddings_file") or None


def chosen_key(ctx: foo.ExecutionContext) -> str | None:
    """Key of the run; None for an automatic one."""
    return (ctx.params.get("run_key") or "").strip() or None


def _add_part(inputs: types.Object, samples: fo.DatasetView) -> None:
    """Say how many images a view has, if it is not the whole dataset."""
    dataset = dataset_of(samples)
    if dataset.media_type != "image" or is_patches(samples):
        return
    n, total = len(samples), len(dataset)
    if n < total:
        inputs.view("part", types.Notice(label=f"Label {n:,} of {counted(total, 'image')}"))


def _add_objects(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Objects instead of whole images, if the dataset has any."""
    fields = [field for field in object_fields(samples) if origin_of(dataset_of(samples), field) is None]
    if not is_patches(samples) and fields:
        inputs.enum(
            "objects",
            fields,
            label="Objects",
            description="Field of boxes or shapes to label one by one; leave empty to label whole images",
            view=dropdown(fields),
        )
    if chosen_objects(ctx, samples):
        inputs.float(
            "margin",
            default=MARGIN,
            min=0,
            max=1,
            label="Margin",
            description="Context around an object, as a share of its width and height",
        )


def _add_classes(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Class names: typed, the dataset's own, or those of a label field."""
    known, fields = classes_of(samples), label_fields(samples)
    sources = types.RadioGroup(orientation="horizontal")
    sources.add_choice(TYPED, label="Type names")
    if known:
        sources.add_choice(DATASET, label="The dataset's classes")
    if fields:
        sources.add_choice(FIELD, label="From a label field")
    if len(sources.choices) > 1:
        inputs.enum("class_source", sources.values(), default=TYPED, label="Class names", view=sources)
    source = ctx.params.get("class_source") or TYPED
    if source == FIELD:
        inputs.enum("class_field", fields, required=True, label="Label field", view=dropdown(fields))
    if source == TYPED:
        # A name with a colon would be read as one with descriptions.
        suggestions = [name for name in known if ":" not in name]
        classes = inputs.list(
            "classes",
            types.String(),
            required=True,
            label="Classes",
            description="Type a name and press Enter, once for every class; "
            'add descriptions after a colon, e.g. "dog: puppy, hound"',
            view=suggesting(suggestions, allow_duplicates=False),
        )
        if ctx.params.get("classes") is not None:
            refuse(classes, sentence_of(partial(read_classes, ctx.params["classes"])))


def _add_encoder(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """The encoder, or existing embeddings."""
    encoder = inputs.str(
        "encoder",
        default="auto",
        label="Encoder",
        description='A name from the list, or a model, e.g. "openclip:ViT-L-14/openai"',
        view=suggesting(name for name in ENCODER_NAMES if name != "zoo"),
    )
    chosen = ctx.params.get("encoder") or "auto"
    # "auto" may ask the network, which a form must not wait for.
    if chosen != "auto":
        refuse(encoder, sentence_of(partial(choose_encoder, chosen)))
    _add_vectors(
        inputs,
        _vector_sources(ctx, samples),
        "embeddings",
        label="Existing embeddings",
        description="Vectors of the images by the model of the encoder; leave empty to compute them",
    )


def _add_settings(inputs: types.Object) -> None:
    for name, values, label, description in (
        ("preset", PRESETS, "Preset", "Clustering for the size of the dataset"),
        ("method", METHODS, "Method", "anchored: the robust rule; prototype: the textbook rule"),
    ):
        view = dropdown(values)
        inputs.enum(name, values, default=values[0], label=label, description=description, view=view)


def _add_fields(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    chosen, objects = chosen_fields(ctx), chosen_objects(ctx, samples)
    if objects:
        chosen = FieldNames.of_objects(objects, chosen_key(ctx), chosen)
        into = f"Copies of the objects, with labels, go to {chosen.label!r}"
        label = inputs.str("label_field", default=FIELDS.label, label="Label field", description=into)
        refuse(label, sentence_of(partial(check_fields, ctx.dataset, chosen)))
        return
    label = inputs.str("label_field", default=FIELDS.label, label="Label field")
    confidence = inputs.str("confidence_field", default=FIELDS.confidence, label="Confidence field")
    sentence = sentence_of(partial(check_fields, ctx.dataset, chosen))
    refuse(confidence if repr(chosen.confidence) in sentence else label, sentence)


def _add_prompts(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """Prompt templates, and class text embeddings instead of prompts."""
    templates = inputs.list(
        "prompt_templates",
        types.String(),
        label="Prompt templates",
        description='E.g. "a satellite photo of a {}"; leave empty for those of the encoder',
        view=suggesting([]),
    )
    if ctx.params.get("prompt_templates"):
        refuse(templates, sentence_of(partial(check_templates, ctx.params["prompt_templates"])))
    if ctx.params.get("embeddings"):
        inputs.str(
            "text_embeddings",
            label="Class text embeddings",
            description="A .npy file with one row per class, by the model of the existing embeddings",
        )
        add_explorer(
            inputs,
            ctx,
            "text_embeddings_file",
            label="Browse for the file",
            description="On the machine where FiftyOne runs",
            folder=False,
        )


def _add_class_balance(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """A rough idea of the class frequencies."""
    balance = inputs.str(
        "class_balance",
        label="Class frequencies",
        description='Optional: a rough idea, e.g. "cat: common, dog: rare", "cat: 900, dog: 40", or "equal"',
    )
    said, classes = ctx.params.get("class_balance"), chosen_classes(ctx, samples)
    if said and classes:
        refuse(balance, sentence_of(partial(_check_balance, said, classes)))


def _check_balance(balance: str, classes: Classes) -> None:
    class_frequencies(balance, [one.name for one in read_classes(classes)])


def _add_second_encoder(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """A second image encoder, or its embeddings."""
    encoder = inputs.str(
        "second_encoder",
        label="Second image encoder",
        description="Optional: determines which images are similar; the first one compares images with names",
        view=suggesting(SECOND_ENCODERS),
    )
    chosen = ctx.params.get("second_encoder")
    if chosen and chosen != "auto":
        refuse(encoder, sentence_of(partial(choose_encoder, chosen)))
    _add_vectors(
        inputs,
        _vector_sources(ctx, samples),
        "second_embeddings",
        label="Existing embeddings of a second encoder",
        description="Vectors by any image model, instead of a second image encoder",
    )


def _add_clusters(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """A field with clusters, if there is one."""
    objects, chosen = chosen_objects(ctx, samples), ctx.params.get("clusters")
    fields = object_cluster_attributes(samples, objects) if objects else cluster_fields(samples)
    if not fields and not chosen:
        return
    clusters = inputs.str(
        "clusters",
        label="Clusters",
        description="Field with the cluster of each image; leave empty to compute clusters",
        view=suggesting(fields),
    )
    if chosen:
        check = (
            partial(check_object_clusters, samples, objects)
            if objects
            else partial(check_cluster_field, samples)
        )
        refuse(clusters, sentence_of(partial(check, chosen)))


def _add_key(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """The key of the run."""
    key = inputs.str(
        "run_key",
        label="Run key",
        description="Writes separate fields, auto_label_KEY and so on, so that runs can be compared",
    )
    refuse(key, sentence_of(partial(check_key, ctx.dataset, chosen_key(ctx))))


def _vector_sources(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> list[str]:
    objects = chosen_objects(ctx, samples)
    return object_vector_sources(samples, objects) if objects else vector_sources(samples)


def _add_vectors(
    inputs: types.Object, sources: list[str], name: str, *, label: str, description: str
) -> None:
    if sources:
        inputs.enum(name, sources, label=label, description=description, view=dropdown(sources))
