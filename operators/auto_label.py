"""The operator that labels a view from class names: its form, its progress, its closing notice.

What it does is told in `plugin.pipeline`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.fields import FieldNames, check_fields
from ..plugin.dataset.reading import (
    classes_of,
    label_fields,
    vector_sources,
    why_not_labelable,
)
from ..plugin.encoders.registry import ENCODER_NAMES, choose_encoder
from ..plugin.engine.config import METHODS, PRESETS, Settings
from ..plugin.engine.errors import InputError
from ..plugin.engine.validation import check_class_names
from ..plugin.pipeline import Labelling, Progress, auto_label
from .background import is_in_app, message_output, run_with_progress, stream_with_progress

DELEGATE_ABOVE = 20_000
MOST_CLASSES_SHOWN = 20
TYPED, DATASET, FIELD = "typed", "dataset", "field"
FIELDS = FieldNames()


class AutoLabel(foo.Operator):
    """Label every image of a dataset or view from nothing but class names."""

    @property
    def config(self) -> foo.OperatorConfig:
        """How FiftyOne lists and runs the operator."""
        return foo.OperatorConfig(
            name="auto_label",
            label="Auto-label",
            description="Label images from nothing but class names",
            icon="auto_awesome",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def __call__(
        self,
        sample_collection: fo.Dataset | fo.DatasetView,
        classes: Sequence[str],
        *,
        encoder: str = "auto",
        embeddings: str | None = None,
        preset: str = "auto",
        method: str = "anchored",
        label_field: str = FIELDS.label,
        confidence_field: str = FIELDS.confidence,
        delegate: bool = False,
    ) -> Any:
        """Label a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            classes: Distinct class names.
            encoder: "auto", "offline", "openclip[:MODEL/PRETRAINED]" or "sentence-transformers:MODEL".
            embeddings: Vector field or brain key to use instead of embedding the images.
            preset: "auto", "small", "medium" or "large".
            method: "anchored" or "prototype".
            label_field: Field for the labels.
            confidence_field: Field for the confidence.
            delegate: Whether to queue the run for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.
        """
        kind = "dataset" if isinstance(sample_collection, fo.Dataset) else "view"
        return foo.execute_operator(
            self.uri,
            {kind: sample_collection},
            request_delegation=delegate,
            params={
                "classes": list(classes),
                "encoder": encoder,
                "embeddings": embeddings,
                "preset": preset,
                "method": method,
                "label_field": label_field,
                "confidence_field": confidence_field,
            },
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """A button above the grid."""
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Auto-label", icon="auto_awesome", prompt=True),
        )

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Suggest delegated execution for many images."""
        is_large = ctx.dataset is not None and len(ctx.target_view()) > DELEGATE_ABOVE
        return foo.ExecutionOptions(
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            default_choice_to_delegated=is_large,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = ctx.target_view(require_flat=True)
        problem = why_not_labelable(samples)
        if problem:
            _refuse(inputs.view("problem", types.Error(label=problem)), problem)
        _add_classes(inputs, ctx, samples)
        _add_encoder(inputs, ctx, samples)
        _add_settings(inputs)
        _add_fields(inputs, ctx)
        return types.Property(inputs, view=types.View(label="Auto-label"))

    def execute(self, ctx: foo.ExecutionContext) -> dict | Iterator:
        """Label the target view.

        Returns:
            The messages for the App; elsewhere the summary.
        """
        samples = ctx.target_view(require_flat=True)

        def work(progress: Progress) -> Labelling:
            return auto_label(
                samples,
                _classes(ctx, samples),
                encoder=ctx.params.get("encoder") or "auto",
                embeddings=ctx.params.get("embeddings"),
                settings=_settings(ctx),
                fields=_fields(ctx),
                progress=progress,
            )

        if not is_in_app(ctx):
            return summary(run_with_progress(ctx, work))
        return stream_with_progress(ctx, work, lambda labelling: self._show(ctx, labelling))

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The closing summary."""
        return message_output()

    def _show(self, ctx: foo.ExecutionContext, labelling: Labelling) -> Iterator:
        result = summary(labelling)
        yield ctx.ops.reload_dataset()
        yield ctx.ops.notify(
            f"Labelled {_images(result['n_labelled'])}"
            + (f", {result['n_failed']} could not be read" if result["n_failed"] else ""),
            variant="warning" if result["n_failed"] else "success",
        )
        yield ctx.ops.show_output(self.resolve_output(ctx).to_json(), result)


def summary(labelling: Labelling) -> dict:
    """What a run came to, in values that go through JSON."""
    lines = [
        f"**{_images(len(labelling.sample_ids))} labelled**, "
        f"about {labelling.expected_accuracy:.0%} of them expected to be right.",
        _most_frequent(labelling.counts),
        f"Encoder: {labelling.encoder}. {labelling.encoder_reason}",
        f"Sort the grid by *{labelling.fields.confidence}* to see the doubtful ones first.",
    ]
    if labelling.failures:
        field = labelling.fields.error
        lines.insert(1, f"{_images(len(labelling.failures))} could not be read: see `{field}`.")
    return {
        "run_key": labelling.run_key,
        "n_labelled": len(labelling.sample_ids),
        "n_failed": len(labelling.failures),
        "encoder": labelling.encoder,
        "expected_accuracy": labelling.expected_accuracy,
        "counts": labelling.counts,
        "seconds": labelling.seconds,
        "message": "\n\n".join(lines),
    }


def _most_frequent(counts: dict[str, int]) -> str:
    ranked = sorted((item for item in counts.items() if item[1]), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {count}" for name, count in ranked[:MOST_CLASSES_SHOWN])
    rest = len(ranked) - MOST_CLASSES_SHOWN
    return f"{shown}, and {rest} more classes" if rest > 0 else shown


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _add_classes(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Class names: typed, the dataset's own, or those of a label field."""
    known, fields = classes_of(samples), label_fields(samples)
    sources = types.RadioGroup(orientation="horizontal")
    sources.add_choice(TYPED, label="Type them")
    if known:
        sources.add_choice(DATASET, label="The dataset's classes")
    if fields:
        sources.add_choice(FIELD, label="From a label field")
    if len(sources.choices) > 1:
        inputs.enum("class_source", sources.values(), default=TYPED, label="Class names", view=sources)
    source = ctx.params.get("class_source") or TYPED
    if source == FIELD:
        inputs.enum("class_field", fields, required=True, label="Label field", view=_dropdown(fields))
    if source == TYPED:
        view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
        for name in known:
            view.add_choice(name, label=name)
        classes = inputs.list(
            "classes",
            types.String(),
            required=True,
            label="Classes",
            description="Type a name and press Enter, once for every class",
            view=view,
        )
        if ctx.params.get("classes") is not None:
            _refuse(classes, _sentence(check_class_names, ctx.params["classes"]))


def _add_encoder(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """The encoder, or vectors that are there already."""
    view = types.AutocompleteView(allow_user_input=True)
    for name in ENCODER_NAMES:
        view.add_choice(name, label=name)
    encoder = inputs.str(
        "encoder",
        default="auto",
        label="Encoder",
        description='Or a model of your choice, e.g. "openclip:ViT-L-14/openai"',
        view=view,
    )
    chosen = ctx.params.get("encoder") or "auto"
    # "auto" may ask the network, which a form must not wait for.
    if chosen != "auto":
        _refuse(encoder, _sentence(choose_encoder, chosen))
    sources = vector_sources(samples)
    if sources:
        inputs.enum(
            "embeddings",
            sources,
            label="Existing embeddings",
            description="Vectors that the encoder's model made earlier; leave empty to compute them",
            view=_dropdown(sources),
        )


def _add_settings(inputs: types.Object) -> None:
    for name, values, label, description in (
        ("preset", PRESETS, "Preset", "How to cluster, by the size of the dataset"),
        ("method", METHODS, "Method", "anchored: robust; prototype: the textbook rule"),
    ):
        view = _dropdown(values)
        inputs.enum(name, values, default=values[0], label=label, description=description, view=view)


def _add_fields(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    chosen = _fields(ctx)
    label = inputs.str("label_field", default=FIELDS.label, label="Label field")
    confidence = inputs.str("confidence_field", default=FIELDS.confidence, label="Confidence field")
    sentence = _sentence(partial(check_fields, ctx.dataset), chosen)
    _refuse(confidence if repr(chosen.confidence) in sentence else label, sentence)


def _dropdown(values: Sequence[str]) -> types.Dropdown:
    dropdown = types.Dropdown()
    for value in values:
        dropdown.add_choice(value, label=value)
    return dropdown


def _refuse(field: types.Property, sentence: str) -> None:
    """Mark a field of the form as wrong, if there is something to say."""
    if sentence:
        field.invalid = True
        field.error_message = sentence


def _sentence(check: Any, value: Any) -> str:
    """What a check says against a value, "" if nothing."""
    try:
        check(value)
    except InputError as error:
        return str(error)
    return ""


def _classes(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> list[str]:
    source = ctx.params.get("class_source") or TYPED
    if source == TYPED:
        return ctx.params.get("classes")
    return classes_of(samples, ctx.params.get("class_field") if source == FIELD else None)


def _settings(ctx: foo.ExecutionContext) -> Settings:
    settings = Settings.preset(ctx.params.get("preset") or PRESETS[0])
    return settings.with_overrides(method=ctx.params.get("method") or METHODS[0])


def _fields(ctx: foo.ExecutionContext) -> FieldNames:
    return FieldNames(
        label=ctx.params.get("label_field") or FIELDS.label,
        confidence=ctx.params.get("confidence_field") or FIELDS.confidence,
    )
