"""The operator that labels a dataset or view from class names; see `plugin.run.pipeline`."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import check_objects, is_patches, object_view, why_not_labelable
from ..plugin.encoders.crops import MARGIN
from ..plugin.encoders.descriptions import Classes, class_text, read_classes
from ..plugin.engine.config import Settings
from ..plugin.engine.progress import Progress
from ..plugin.report.confidence import expected_accuracy
from ..plugin.run.pipeline import label_samples
from ..plugin.run.preview import preview_samples, previewed
from ..plugin.run.results import FinishedRun
from ..plugin.wording import counted, percent, plain
from .auto_label_form import DELEGATE_ABOVE, FIELDS, add_inputs, chosen_inputs, chosen_objects
from .base import LongOperator
from .class_form import chosen_classes, remember_previewed
from .forms import add_missing_packages, add_problem, sentence_of
from .previewing import picture_table
from .reviewing import execute_on

MOST_CLASSES_SHOWN = 20
TITLE = "Auto-label"


class AutoLabel(LongOperator):
    """Label every image of a dataset or view from class names."""

    uri_name = "auto_label"
    title = TITLE
    description = "Use to label images, or objects in boxes, from class names when there are no labels yet"
    icon = "auto_awesome"
    returns = "run_key n_labelled n_failed encoder second_encoder expected_accuracy counts seconds previewed"
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
        class_balance: str | None = None,
        examples: str | None = None,
        objects: str | None = None,
        margin: float = MARGIN,
        multilabel: bool = False,
        preset: str = "auto",
        label_field: str = FIELDS.label,
        confidence_field: str = FIELDS.confidence,
        run_key: str | None = None,
        preview: bool = False,
        delegate: bool = False,
        **settings: object,
    ) -> Any:
        """Label a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images.
            classes: Distinct class names, each alone or with descriptions: "dog: puppy, hound".
            prompt_templates: Texts with one `{}` for the name; those of the encoder if None.
            encoder: "auto", "offline", "openclip[:MODEL/PRETRAINED]" or "sentence-transformers:MODEL".
            embeddings: Vector field or brain key with existing embeddings.
            text_embeddings: `.npy` file with one row per class, from the model of `embeddings`.
            second_encoder: Second image encoder, e.g. "zoo:dinov2-vits14-torch".
            second_embeddings: Vector field or brain key with existing embeddings of a second encoder.
            clusters: Field with the cluster of each image; computed if None.
            class_balance: Rough idea of the class frequencies, e.g. "cat: common, dog: rare", or "equal".
            examples: Field with the class of a few images, or "tags"; they become reviewed labels.
            objects: Field of boxes or shapes to label one by one, instead of whole images.
            margin: Context around an object, as a share of its width and height, from 0 to 1.
            multilabel: Whether an image may have several labels.
            preset: "auto", "small", "medium" or "large".
            label_field: Field for the labels.
            confidence_field: Field for the confidence.
            run_key: Key of the run, and suffix of its fields unless these are named.
            preview: Whether to label only a random sample of 50 images and write nothing.
            delegate: Whether to queue the run for `fiftyone delegated launch`.
            **settings: Settings by name, which override the preset, e.g. `method="prototype"`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.

        Raises:
            InputError: The classes are invalid, or there is no such setting, or its value is out of range.
        """
        Settings().with_overrides(**settings)
        return execute_on(
            self.uri,
            sample_collection,
            {
                "classes": class_text(read_classes(classes)),
                "prompt_templates": None if prompt_templates is None else list(prompt_templates),
                "encoder": encoder,
                "embeddings": embeddings,
                "text_embeddings": text_embeddings,
                "second_encoder": second_encoder,
                "second_embeddings": second_embeddings,
                "clusters": clusters,
                "class_balance": class_balance,
                "examples": examples,
                "objects": objects,
                "margin": margin,
                "multilabel": multilabel,
                "preset": preset,
                "label_field": label_field,
                "confidence_field": confidence_field,
                "run_key": run_key,
                "preview": preview,
            }
            | settings,
            delegate=delegate,
        )

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Suggest delegated execution for many images; a preview is there to be waited for."""
        is_preview = bool(ctx.params.get("preview"))
        is_large = not is_preview and ctx.dataset is not None and len(ctx.target_view()) > DELEGATE_ABOVE
        return foo.ExecutionOptions(
            allow_immediate_execution=True,
            allow_delegated_execution=not is_preview,
            default_choice_to_delegated=is_large,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        add_missing_packages(inputs)
        samples = ctx.target_view(require_flat=True)
        objects = chosen_objects(ctx, samples)
        check = partial(check_objects, samples, objects)
        problem = sentence_of(check) if objects else why_not_labelable(samples)
        if problem:
            add_problem(inputs, problem)
        add_inputs(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], FinishedRun]:
        """Read the form."""
        samples = ctx.target_view(require_flat=True)
        run = preview_samples if ctx.params.get("preview") else label_samples
        return lambda progress: run(samples, chosen_inputs(ctx, samples), progress)

    def summary(self, labelling: FinishedRun) -> dict:
        """The result as JSON values."""
        noun = labelling.summary.noun
        second = f" Second image encoder: {labelling.second_encoder}." if labelling.second_encoder else ""
        lines = [
            f"**{counted(len(labelling.sample_ids), noun)} labelled**{_expected(labelling)}.",
            *map(plain, labelling.remarks),
            _most_frequent(labelling.counts),
            f"Encoder: {labelling.encoder}. {labelling.encoder_reason}{second}",
            _where_to_look(labelling),
        ]
        lines += _reviews(labelling)
        if labelling.failures:
            lines.insert(1, _failures(labelling))
        return {
            "run_key": labelling.run_key,
            "n_labelled": len(labelling.sample_ids),
            "n_failed": len(labelling.failures),
            "encoder": labelling.encoder,
            "second_encoder": labelling.second_encoder,
            "expected_accuracy": labelling.expected_accuracy,
            "counts": labelling.counts,
            "seconds": labelling.seconds,
            "previewed": previewed(labelling) if labelling.dataset is None else [],
            "message": "\n\n".join(lines),
        }

    def shown(self, ctx: foo.ExecutionContext, result: FinishedRun) -> dict:
        """The summary; of a preview with its pictures."""
        told = self.summary(result)
        if result.dataset is not None:
            return told
        samples = ctx.target_view(require_flat=True)
        remember_previewed(ctx, chosen_classes(ctx, samples))
        objects = chosen_objects(ctx, samples)
        pictures = picture_table(ctx.dataset, objects, told["previewed"])
        return told | {"message": f"{told['message']}\n\n{pictures}"}

    def notice(self, result: FinishedRun) -> tuple[str, str]:
        """The number of labelled and of unreadable images."""
        tried = "" if result.dataset is not None else "Preview, nothing written: "
        labelled = f"{tried or 'Labelled '}{counted(len(result.sample_ids), result.summary.noun)}"
        if result.failures:
            return f"{labelled}, {len(result.failures)} could not be read", "warning"
        return labelled, "success"

    def views(self, ctx: foo.ExecutionContext, result: FinishedRun) -> Iterator:
        """Show the labelled objects, if the present view shows patches of the original field."""
        if (
            result.fields is not None
            and result.fields.objects
            and is_patches(ctx.target_view(require_flat=True))
        ):
            yield ctx.ops.set_view(object_view(ctx.dataset, result.fields.label, result.sample_ids))


def _most_frequent(counts: dict[str, int]) -> str:
    ranked = sorted((item for item in counts.items() if item[1]), key=lambda item: -item[1])
    shown = ", ".join(f"{plain(name)} {count}" for name, count in ranked[:MOST_CLASSES_SHOWN])
    rest = len(ranked) - MOST_CLASSES_SHOWN
    return f"{shown}, and {rest} more classes" if rest > 0 else shown


def _expected(labelling: FinishedRun) -> str:
    """Expected accuracy of all labels and of the most confident ones; nothing if there is only one class."""
    if len(labelling.classes) == 1:
        return ""
    if labelling.sets is not None:
        return f"; {expected_accuracy(labelling.summary)}"
    most = [one for one in labelling.refinement.coverage if one.share < 1]
    listed = ", ".join(
        f"{percent(one.expected_accuracy)} of the {one.share:.0%} most confident" for one in most
    )
    return f", {percent(labelling.expected_accuracy)} of them expected to be right ({listed})"


def _reviews(labelling: FinishedRun) -> list[str]:
    """How the run used labels that were reviewed before."""
    lines = []
    if labelling.sets is not None and not labelling.refinement.is_known.any():
        lines.append("Without reviews several labels are a rough guess: audit about 50 images, then refine.")
    if kept := int(labelling.refinement.is_known.sum()):
        lines.append(f"{counted(kept, 'reviewed label')} used as anchors.")
    if labelling.unlisted_classes:
        names = ", ".join(map(plain, labelling.unlisted_classes))
        lines.append(f"Corrected to {names}, not in this class list: *Refine with corrections* adds it.")
    return lines


def _failures(labelling: FinishedRun) -> str:
    failed = f"{counted(len(labelling.failures), labelling.summary.noun)} could not be read"
    fields = labelling.fields
    if fields is None:
        return f"{failed}, the first: {plain(next(iter(labelling.failures.values())))}"
    return f"{failed}: see the reasons in `{f'{fields.label}.error' if fields.objects else fields.error}`."


def _where_to_look(labelling: FinishedRun) -> str:
    fields = labelling.fields
    if fields is None:
        return "This was a preview: **nothing was written**. Least confident first:"
    if fields.objects:
        return (
            f"The labels are in *{fields.label}*, with the same boxes as *{fields.objects}*. The saved view "
            f"*{fields.label} worst first* shows the least confident ones first."
        )
    return (
        f"Sort the grid by *{fields.confidence}* to see doubtful labels first, or click *Review next*. "
        "*Add brain runs* fills the *Embeddings* panel and finds similar images."
    )
