"""The form of Auto-label, and the values chosen in it, with defaults for those left out."""

from dataclasses import fields as fields_of, replace
from functools import partial
from typing import get_type_hints

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import (
    FieldNames,
    check_cluster_field,
    check_fields,
    check_key,
    check_object_clusters,
    cluster_fields,
    dataset_of,
    example_fields,
    field_to_label,
    is_patches,
    object_cluster_attributes,
    object_fields,
    object_vector_sources,
    origin_of,
    vector_sources,
)
from ..plugin.encoders.prompts import check_templates
from ..plugin.encoders.registry import ENCODER_NAMES, choose_encoder
from ..plugin.engine.config import CHOICES, PRESETS, Settings, setting_docs
from ..plugin.run.balance import class_frequencies
from ..plugin.run.inputs import Inputs, check_multilabel
from ..plugin.run.preview import N_IMAGES, NO_EXAMPLES
from ..plugin.wording import counted, sentence
from .class_form import add_classes, add_name_warnings, chosen_classes, usable_classes
from .forms import (
    add_explorer,
    add_margin,
    add_multilabel,
    add_preset,
    chosen_margin,
    dropdown,
    explored,
    refuse,
    sentence_of,
    suggesting,
)

FIELDS = FieldNames()
SECOND_ENCODERS = ("zoo:dinov2-vits14-torch", "openclip", "offline")
DELEGATE_ABOVE = 20_000
"""Images from which a run is better queued."""

NO_SCHEDULE = (
    "{:,} images take a while. To queue the run with Schedule, start FiftyOne with "
    "FIFTYONE_ALLOW_LEGACY_ORCHESTRATORS=true."
)
SETTINGS = tuple(each.name for each in fields_of(Settings))
MORE = {
    "embeddings": None,
    "text_embeddings": None,
    "text_embeddings_file": None,
    "prompt_templates": None,
    "second_encoder": None,
    "second_embeddings": None,
    "clusters": None,
    "class_balance": None,
    "examples": None,
    "multilabel": False,
    "preset": PRESETS[0],
    **dict.fromkeys(SETTINGS),
    "label_field": FIELDS.label,
    "confidence_field": FIELDS.confidence,
    "run_key": None,
}
"""Input that is hidden until *More options* is on or it has another value → its default."""


def add_inputs(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Add every input, marked as invalid where its value cannot be used."""
    _add_part(inputs, samples)
    add_classes(inputs, ctx, samples)
    _add_encoder(inputs, ctx)
    _add_name_warnings(inputs, ctx, samples)
    _add_objects(inputs, ctx, samples)
    _add_size(inputs, samples)
    inputs.bool("more", default=False, label="More options", view=types.SwitchView())
    if ctx.params.get("more") or _has_more(ctx) or _field_problem(ctx, samples):
        _add_more(inputs, ctx, samples)
    preview = inputs.bool(
        "preview",
        default=False,
        label=f"Try it on {N_IMAGES} images first",
        description="Shows pictures with their labels and confidence, and writes nothing",
        view=types.SwitchView(),
    )
    if ctx.params.get("preview") and ctx.params.get("examples"):
        refuse(preview, NO_EXAMPLES)


def chosen_inputs(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> Inputs:
    """What was chosen, as a run works from it.

    Raises:
        InputError: It cannot be used.
    """
    return Inputs(
        classes=chosen_classes(ctx, samples),
        prompt_templates=ctx.params.get("prompt_templates") or None,
        encoder=ctx.params.get("encoder") or "auto",
        embeddings=ctx.params.get("embeddings") or None,
        text_embeddings=chosen_text_embeddings(ctx),
        second_encoder=ctx.params.get("second_encoder") or None,
        second_embeddings=ctx.params.get("second_embeddings") or None,
        clusters=ctx.params.get("clusters") or None,
        class_balance=ctx.params.get("class_balance") or None,
        examples=ctx.params.get("examples") or None,
        objects=chosen_objects(ctx, samples),
        margin=chosen_margin(ctx),
        multilabel=bool(ctx.params.get("multilabel")),
        settings=chosen_settings(ctx),
        fields=chosen_fields(ctx),
        run_key=chosen_key(ctx),
    )


def chosen_settings(ctx: foo.ExecutionContext) -> Settings:
    """The preset, overridden by the settings that were given.

    Raises:
        InputError: A value is out of range.
    """
    given = {name: ctx.params.get(name) for name in SETTINGS}
    chosen = {name: value for name, value in given.items() if value not in (None, "")}
    return Settings.preset(ctx.params.get("preset") or PRESETS[0]).with_overrides(**chosen)


def chosen_fields(ctx: foo.ExecutionContext) -> FieldNames:
    """Names of the fields to write, with the key of the run unless they were changed."""
    names = FieldNames.of_run(
        chosen_key(ctx),
        label=ctx.params.get("label_field") or FIELDS.label,
        confidence=ctx.params.get("confidence_field") or FIELDS.confidence,
    )
    return replace(names, multilabel=bool(ctx.params.get("multilabel")))


def chosen_objects(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> str | None:
    """Field whose objects to label, None for whole images; a patches view implies its field."""
    return field_to_label(samples, ctx.params.get("objects") or None)


def chosen_text_embeddings(ctx: foo.ExecutionContext) -> str | None:
    """File of class text embeddings, typed or browsed to; None for none."""
    return ctx.params.get("text_embeddings") or explored(ctx, "text_embeddings_file") or None


def chosen_key(ctx: foo.ExecutionContext) -> str | None:
    """Key of the run; None for an automatic one."""
    return (ctx.params.get("run_key") or "").strip() or None


def _add_more(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """What is under *More options*."""
    _add_vectors(
        inputs,
        _vector_sources(ctx, samples),
        "embeddings",
        label="Existing embeddings",
        description="Vectors of the images by the model of the encoder; leave empty to compute them",
    )
    _add_prompts(inputs, ctx)
    _add_second_encoder(inputs, ctx, samples)
    _add_clusters(inputs, ctx, samples)
    _add_class_balance(inputs, ctx, samples)
    _add_examples(inputs, ctx, samples)
    add_multilabel(inputs, _multilabel_problem(ctx, samples))
    _add_settings(inputs, ctx)
    _add_fields(inputs, ctx, samples)
    _add_key(inputs, ctx)


def _add_part(inputs: types.Object, samples: fo.DatasetView) -> None:
    """Say how many images a view has, if it is not the whole dataset."""
    dataset = dataset_of(samples)
    if dataset.media_type != "image" or is_patches(samples):
        return
    if (n := len(samples)) < (total := len(dataset)):
        inputs.view("part", types.Notice(label=f"Label {n:,} of {counted(total, 'image')}"))


def _add_size(inputs: types.Object, samples: fo.DatasetView) -> None:
    """Say how to queue the run of a large dataset, where FiftyOne does not offer it."""
    if len(samples) > DELEGATE_ABOVE and not fo.config.allow_legacy_orchestrators:
        inputs.view("size", types.Notice(label=NO_SCHEDULE.format(len(samples))))


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
    if chosen := chosen_objects(ctx, samples):
        add_margin(inputs)
        into = _fields_of_objects(ctx, chosen).label
        inputs.view("into", types.Notice(label=f"Copies of the objects, with labels, go to {into!r}"))


def _has_more(ctx: foo.ExecutionContext) -> bool:
    """Whether an input under *More options* has another value than its default."""
    given = {name: ctx.params.get(name) for name in MORE}
    return any(value not in (None, "", [], {}, MORE[name]) for name, value in given.items())


def _add_name_warnings(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Say which names the encoder does not know, unless it need not read them."""
    if chosen_text_embeddings(ctx):
        return
    add_name_warnings(inputs, ctx, ctx.params.get("encoder") or "auto", usable_classes(ctx, samples))


def _add_encoder(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    encoder = inputs.str(
        "encoder",
        default="auto",
        label="Encoder",
        description='A name from the list, or a model, e.g. "openclip:ViT-L-14/openai"',
        view=suggesting(name for name in ENCODER_NAMES if name not in ("zoo", "ray")),
    )
    chosen = ctx.params.get("encoder") or "auto"
    # "auto" may ask the network, which a form must not wait for.
    if chosen != "auto":
        refuse(encoder, sentence_of(partial(choose_encoder, chosen)))


def _add_settings(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """The preset, and every setting with its explanation; one that is left empty is that of the preset."""
    add_preset(inputs)
    docs, kinds = setting_docs(), get_type_hints(Settings)
    for name in SETTINGS:
        words = {"label": sentence(name.replace("_", " ")), "description": docs[name]}
        if name in CHOICES:
            inputs.enum(name, CHOICES[name], **words, view=dropdown(CHOICES[name]))
            continue
        default = getattr(Settings, name)
        view = types.FieldView(placeholder="automatic" if default is None else str(default))
        add = inputs.int if kinds[name] in (int, int | None) else inputs.float
        field = add(name, **words, view=view)
        value = ctx.params.get(name)
        if value not in (None, ""):
            refuse(field, sentence_of(partial(Settings().with_overrides, **{name: value})))


def _add_fields(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    problem = _field_problem(ctx, samples)
    label = inputs.str("label_field", default=FIELDS.label, label="Label field")
    if chosen_objects(ctx, samples):
        refuse(label, problem)
        return
    confidence = inputs.str("confidence_field", default=FIELDS.confidence, label="Confidence field")
    refuse(confidence if repr(chosen_fields(ctx).confidence) in problem else label, problem)


def _field_problem(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> str:
    """Why the fields cannot be written, "" if they can."""
    objects = chosen_objects(ctx, samples)
    fields = _fields_of_objects(ctx, objects) if objects else chosen_fields(ctx)
    return sentence_of(partial(check_fields, ctx.dataset, fields))


def _fields_of_objects(ctx: foo.ExecutionContext, objects: str) -> FieldNames:
    return FieldNames.of_objects(objects, chosen_key(ctx), chosen_fields(ctx))


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
    names, said = [one.name for one in usable_classes(ctx, samples)], ctx.params.get("class_balance")
    if said and names:
        refuse(balance, sentence_of(partial(class_frequencies, said, names)))


def _multilabel_problem(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> str:
    """Why images cannot have several labels, "" if they can or are not to."""
    names, on = [one.name for one in usable_classes(ctx, samples)], ctx.params.get("multilabel")
    check = partial(check_multilabel, names, chosen_objects(ctx, samples), ctx.params.get("examples") or None)
    return sentence_of(check) if names and on else ""


def _add_examples(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """A field with the class of a few images."""
    fields = example_fields(samples, chosen_objects(ctx, samples))
    inputs.enum(
        "examples",
        fields,
        label="Examples",
        description="Optional: field with the class of a few images; for tags, select some images and tag "
        "them with the name of their class",
        view=dropdown(fields),
    )


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
