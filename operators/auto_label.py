"""The operator that labels a view from class names: its form, its progress, its closing notice.

What it does is told in `plugin.run.pipeline`.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.patches import check_objects, is_patches, object_view
from ..plugin.dataset.reading import why_not_labelable
from ..plugin.encoders.crops import MARGIN
from ..plugin.encoders.descriptions import Classes, read_classes
from ..plugin.run.pipeline import Labelling, Progress, auto_label
from ..plugin.wording import counted, percent, plain
from .auto_label_form import (
    FIELDS,
    add_inputs,
    chosen_classes,
    chosen_fields,
    chosen_key,
    chosen_margin,
    chosen_objects,
    chosen_settings,
    chosen_text_embeddings,
)
from .base import LongOperator
from .forms import add_problem, sentence_of
from .reviewing import execute_on

DELEGATE_ABOVE = 20_000
MOST_CLASSES_SHOWN = 20
TITLE = "Auto-label"


class AutoLabel(LongOperator):
    """Label every image of a dataset or view from nothing but class names."""

    uri_name = "auto_label"
    title = TITLE
    description = "Label images from nothing but class names"
    icon = "auto_awesome"
    risk_level = types.RiskLevel.MEDIUM
    is_above_grid = True
    starts_run = True

    def __call__(
        self,
        sample_collection: fo.Dataset | fo.DatasetView,
        classes: Classes,
        *,
        prompt_templates: Sequence[str] | None = None,
        encoder: str = "auto",
        embeddings: str | None = None,
        text_embeddings: str | None = None,
        second_encoder: str | None = None,
        second_embeddings: str | None = None,
        clusters: str | None = None,
        objects: str | None = None,
        margin: float = MARGIN,
        preset: str = "auto",
        method: str = "anchored",
        label_field: str = FIELDS.label,
        confidence_field: str = FIELDS.confidence,
        run_key: str | None = None,
        delegate: bool = False,
    ) -> Any:
        """Label a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            classes: Distinct class names, each alone or with descriptions: "dog: puppy, hound".
            prompt_templates: Texts with one `{}` for the name; those that suit the encoder if None.
            encoder: "auto", "offline", "openclip[:MODEL/PRETRAINED]" or "sentence-transformers:MODEL".
            embeddings: Vector field or brain key to use instead of embedding the images.
            text_embeddings: `.npy` file with one row per class, from the model of `embeddings`.
            second_encoder: Second encoder, of the images alone, e.g. "zoo:dinov2-vits14-torch".
            second_embeddings: Vector field or brain key to use instead of a second encoder.
            clusters: Field with the cluster of every image; computed if None.
            objects: Field of boxes or shapes to label one by one, instead of whole images.
            margin: What to show around an object, as a share of its width and height, from 0 to 1.
            preset: "auto", "small", "medium" or "large".
            method: "anchored" or "prototype".
            label_field: Field for the labels.
            confidence_field: Field for the confidence.
            run_key: Key of the run, and the end of the names of its fields where none are given.
            delegate: Whether to queue the run for `fiftyone delegated launch`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.

        Raises:
            InputError: The classes are unusable, or one cannot be written in one line, as in the form.
        """
        return execute_on(
            self.uri,
            sample_collection,
            {
                "classes": [one.entry for one in read_classes(classes)],
                "prompt_templates": None if prompt_templates is None else list(prompt_templates),
                "encoder": encoder,
                "embeddings": embeddings,
                "text_embeddings": text_embeddings,
                "second_encoder": second_encoder,
                "second_embeddings": second_embeddings,
                "clusters": clusters,
                "objects": objects,
                "margin": margin,
                "preset": preset,
                "method": method,
                "label_field": label_field,
                "confidence_field": confidence_field,
                "run_key": run_key,
            },
            delegate=delegate,
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
        objects = chosen_objects(ctx, samples)
        check = partial(check_objects, samples, objects)
        problem = sentence_of(check) if objects else why_not_labelable(samples)
        if problem:
            add_problem(inputs, problem)
        add_inputs(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], Labelling]:
        """Read the form."""
        samples = ctx.target_view(require_flat=True)
        return lambda progress: auto_label(
            samples,
            chosen_classes(ctx, samples),
            prompt_templates=ctx.params.get("prompt_templates") or None,
            encoder=ctx.params.get("encoder") or "auto",
            embeddings=ctx.params.get("embeddings") or None,
            text_embeddings=chosen_text_embeddings(ctx),
            second_encoder=ctx.params.get("second_encoder") or None,
            second_embeddings=ctx.params.get("second_embeddings") or None,
            clusters=ctx.params.get("clusters") or None,
            objects=chosen_objects(ctx, samples),
            margin=chosen_margin(ctx),
            settings=chosen_settings(ctx),
            fields=chosen_fields(ctx),
            run_key=chosen_key(ctx),
            progress=progress,
        )

    def summary(self, labelling: Labelling) -> dict:
        """What a run came to, in values that go through JSON."""
        lines = [
            f"**{counted(len(labelling.sample_ids), labelling.fields.noun)} labelled**, "
            f"{percent(labelling.expected_accuracy)} of them expected to be right"
            f"{_of_the_surest(labelling)}.",
            _most_frequent(labelling.counts),
            f"Encoder: {labelling.encoder}. {labelling.encoder_reason}",
            _where_to_look(labelling),
        ]
        lines += _of_people(labelling)
        if labelling.second_encoder:
            lines.insert(3, f"Second image encoder: {labelling.second_encoder}.")
        if labelling.failures:
            field = f"{labelling.fields.label}.error" if labelling.fields.objects else labelling.fields.error
            failed = counted(len(labelling.failures), labelling.fields.noun)
            lines.insert(1, f"{failed} could not be read: see `{field}`.")
        return {
            "run_key": labelling.run_key,
            "n_labelled": len(labelling.sample_ids),
            "n_failed": len(labelling.failures),
            "encoder": labelling.encoder,
            "second_encoder": labelling.second_encoder,
            "expected_accuracy": labelling.expected_accuracy,
            "counts": labelling.counts,
            "seconds": labelling.seconds,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: Labelling) -> tuple[str, str]:
        """How many were labelled, and how many could not be read."""
        labelled = f"Labelled {counted(len(result.sample_ids), result.fields.noun)}"
        if result.failures:
            return f"{labelled}, {len(result.failures)} could not be read", "warning"
        return labelled, "success"

    def views(self, ctx: foo.ExecutionContext, result: Labelling) -> Iterator:
        """The labelled objects: a patches view shows the field that they are from."""
        if result.fields.objects and is_patches(ctx.target_view(require_flat=True)):
            yield ctx.ops.set_view(object_view(ctx.dataset, result.fields.label, result.sample_ids))


def _most_frequent(counts: dict[str, int]) -> str:
    ranked = sorted((item for item in counts.items() if item[1]), key=lambda item: -item[1])
    shown = ", ".join(f"{plain(name)} {count}" for name, count in ranked[:MOST_CLASSES_SHOWN])
    rest = len(ranked) - MOST_CLASSES_SHOWN
    return f"{shown}, and {rest} more classes" if rest > 0 else shown


def _of_the_surest(labelling: Labelling) -> str:
    """What to expect when the most doubtful labels are left to a person."""
    kept = [one for one in labelling.refinement.coverage if one.share < 1]
    told = ", ".join(f"{percent(one.expected_accuracy)} of the surest {one.share:.0%}" for one in kept)
    return f" ({told})"


def _of_people(labelling: Labelling) -> list[str]:
    """What became of labels that people gave or approved before."""
    lines = []
    if kept := int(labelling.refinement.is_known.sum()):
        lines.append(
            f"Anchored to the labels of {counted(kept, labelling.fields.noun)} that people gave or approved."
        )
    if labelling.unlisted_classes:
        names = ", ".join(map(plain, labelling.unlisted_classes))
        lines.append(f"People also gave {names}, not among these classes: *Refine with corrections* adds it.")
    return lines


def _where_to_look(labelling: Labelling) -> str:
    fields = labelling.fields
    if fields.objects:
        return (
            f"They are in *{fields.label}*, which has the same boxes as *{fields.objects}*: its saved view "
            f"*{fields.label} worst first* shows the doubtful ones first."
        )
    return f"Sort the grid by *{fields.confidence}* to see the doubtful ones first, or press *Review next*."
