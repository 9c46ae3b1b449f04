"""The operator that exports labels; see `plugin.export.exporting`."""

import os
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.constants import ViewTarget

from ..plugin.dataset import (
    Samples,
    completed_runs,
    dataset_of,
    flat_samples,
    is_patches,
    object_fields,
    vector_sources,
    view_stages,
)
from ..plugin.engine.errors import InputError
from ..plugin.engine.progress import Progress
from ..plugin.export.exported import Exported
from ..plugin.export.exporting import KIND, export_labels
from ..plugin.export.options import (
    ExportOptions,
    Format,
    ImageMode,
    check_options,
    confidence_text,
    parse_classes,
    parse_confidence,
    parse_splits,
)
from ..plugin.export.selection import check_collection, exportable_fields
from ..plugin.run.selecting import what_is_kept
from ..plugin.system.targets import absolute_path, check_target, made_before
from ..plugin.wording import counted, plain
from .background import Spans, is_in_app
from .base import LongOperator
from .forms import (
    add_explorer,
    add_margin,
    add_problem,
    chosen_margin,
    dropdown,
    explored,
    refuse,
    sentence_of,
)
from .reviewing import execute_on

TITLE = "Export labels"
NO_LABELS = "There are no labels to export: label the images first."
FULL_PATH = "Give the full path of the folder, or choose the folder to create it in."
DEFAULTS = ExportOptions()
DEFAULT_FORMAT = Format.FOLDERS.value
PICKED = (fo.Select, fo.SelectBy, fo.SortBy)
"""Stages of views that the review opens."""

# Stage → its span of the progress bar, without and with a search for near-duplicates.
SPANS = {"copy": (0.0, 0.8), "check": (0.8, 1.0)}
LONG_SPANS = {"embed": (0.0, 0.5), "compare": (0.5, 0.6), "copy": (0.6, 0.9), "check": (0.9, 1.0)}


class ExportLabels(LongOperator):
    """Export labels and images for other programs."""

    uri_name = "export_labels"
    title = TITLE
    description = "Use to train: class folders, YOLO, COCO and others; replaces a folder only if told to"
    icon = "drive_file_move"
    returns = "path format images labels classes left_out missing_labels kept_splits folders n_images"
    risk_level = types.RiskLevel.MEDIUM

    def __call__(
        self,
        sample_collection: fo.Dataset | fo.DatasetView,
        folder: str | os.PathLike[str],
        format: str,
        *,
        options: ExportOptions = DEFAULTS,
        embeddings: str | None = None,
        delegate: bool = False,
        **given: Any,
    ) -> Any:
        """Export a dataset or view from Python, as the form does in the App.

        Args:
            sample_collection: Dataset or view of images, or of object patches.
            folder: New folder; a name that ends in ".zip" makes one file instead.
            format: "folders", "yolo-classification", "yolo-detection", "coco", "csv", "hugging-face",
                "webdataset", "label-studio" or "fiftyone".
            options: Labels, splits, and how to export images.
            embeddings: Vector field or brain key to find near-duplicates with.
            delegate: Whether to queue the export for `fiftyone delegated launch`.
            **given: Fields of `ExportOptions` by name, in place of those of `options`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.

        Raises:
            InputError: There is no such option, or its value cannot be used.
        """
        options, target = _with(options, given), absolute_path(folder)
        params = asdict(options) | {"folder": str(target), "format": format, "embeddings": embeddings}
        params["splits"] = ", ".join(map(repr, options.splits)) if options.splits else None
        params["minimum_confidence"] = confidence_text(options.minimum_confidence)
        params["classes"] = "\n".join(options.classes) if options.classes else None
        if params.pop("overwrite") and (earlier := made_before(target, KIND)):
            params[_replacing(earlier)] = True
        return execute_on(self.uri, sample_collection, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        samples = ctx.target_view(require_flat=True)
        label_fields = exportable_fields(samples)
        problem = NO_LABELS
        if label_fields:
            problem = sentence_of(partial(check_collection, samples, _label_field(ctx, samples)))
        if problem:
            add_problem(inputs, problem)
        _add_count(inputs, ctx, samples)
        _add_target(inputs, ctx)
        inputs.enum(
            "label_field",
            label_fields,
            default=_usual_field(samples),
            label="Label field",
            description="Reviewed labels take precedence",
            view=dropdown(label_fields),
        )
        if _makes_crops(ctx, samples):
            add_margin(inputs)
        _add_filters(inputs, ctx, samples)
        _add_splits(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], Exported]:
        """Read the form."""
        samples, folder = ctx.target_view(require_flat=True), _folder(ctx)
        if ctx.delegated and not folder.is_absolute():
            raise InputError(FULL_PATH)
        options = replace(_options(ctx), label_field=_label_field(ctx, samples))
        return lambda progress: export_labels(
            samples,
            folder,
            ctx.params["format"],
            options=options,
            embeddings=ctx.params.get("embeddings"),
            progress=progress,
        )

    def spans(self, ctx: foo.ExecutionContext) -> Spans:
        """A search for near-duplicates takes as long as the rest."""
        return SPANS if _options(ctx).near_duplicates is None else LONG_SPANS

    def summary(self, exported: Exported) -> dict:
        """The export as JSON values."""
        lines = [f"**{counted(exported.n_images, 'image')} exported** to `{exported.path}`."]
        if len(exported.images) > 1:
            lines.append(", ".join(f"{split} {count}" for split, count in exported.images.items()))
        if exported.left_out:
            reasons = ", ".join(f"{count} {reason}" for reason, count in exported.left_out.items())
            lines.append(f"Left out: {reasons}.")
        lines += map(plain, exported.notes)
        return asdict(exported) | {
            "path": str(exported.path),
            "n_images": exported.n_images,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: Exported) -> tuple[str, str]:
        """The number of exported images."""
        return f"Exported {counted(result.n_images, 'image')}", "success"


def _add_count(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
    """Say how many images are meant; where they are a page of a review, ask whether those alone are."""
    chosen = samples.values("sample_id" if is_patches(samples) else "id")
    count, total = len(set(chosen)), len(flat_samples(dataset_of(samples)))
    inputs.view("count", types.Notice(label=f"{count:,} of {counted(total, 'image')}"))
    target = ctx.params.get("view_target") or ctx.request_params.get("view_target")
    is_meant = target not in (None, ViewTarget.CURRENT_VIEW) or count == total
    if not is_meant and is_in_app(ctx) and any(isinstance(one, PICKED) for one in view_stages(ctx.view)):
        label = f"Export only the {counted(count, 'image')} of this page"
        page = inputs.bool("only_this_page", default=False, label=label)
        if not ctx.params.get("only_this_page"):
            refuse(page, "The view is a page of a review: confirm it, or choose the whole dataset as target.")


def _with(options: ExportOptions, given: dict[str, Any]) -> ExportOptions:
    known = [field.name for field in fields(ExportOptions)]
    for name in given:
        if name not in known:
            raise InputError(f"There is no export option {name!r}: choose from {', '.join(known)}.")
    if isinstance(given.get("splits"), str):
        given = given | {"splits": parse_splits(given["splits"])}
    return replace(options, **given)


def _label_field(ctx: foo.ExecutionContext, samples: Samples) -> str:
    return ctx.params.get("label_field") or _usual_field(samples)


def _usual_field(samples: Samples) -> str:
    """The default field of runs if it exists, else that of the latest run, else the first."""
    exportable = exportable_fields(samples)
    of_runs = [run.fields.label for run in reversed(completed_runs(dataset_of(samples)))]
    return next((one for one in (DEFAULTS.label_field, *of_runs, *exportable) if one in exportable), "")


def _makes_crops(ctx: foo.ExecutionContext, samples: Samples) -> bool:
    is_folders = ctx.params.get("format", DEFAULT_FORMAT) in [one.value for one in Format if one.is_folders]
    return is_folders and _label_field(ctx, samples) in object_fields(dataset_of(samples))


def _add_target(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """Format, folder, how to export images, and whether to replace an earlier export."""
    formats, modes = [one.value for one in Format], [one.value for one in ImageMode]
    chosen = inputs.enum("format", formats, default=DEFAULT_FORMAT, label="Format", view=dropdown(formats))
    folder = inputs.str(
        "folder",
        required=True,
        label="Folder",
        description="New folder on the machine where FiftyOne runs; a name ending in .zip makes one file",
    )
    add_explorer(
        inputs,
        ctx,
        "parent",
        label="Folder to create it in",
        description="Not needed for a full path",
        folder=True,
    )
    inputs.enum("images", modes, default=modes[0], label="Images", view=dropdown(modes))
    if ctx.params.get("format"):
        refuse(chosen, sentence_of(lambda: check_options(ctx.params["format"], _options(ctx))))
    if ctx.params.get("folder"):
        refuse(folder, _folder_problem(inputs, ctx))


def _folder_problem(inputs: types.Object, ctx: foo.ExecutionContext) -> str:
    """What is wrong with the folder, "" if nothing; adds a box to tick where an export may be replaced."""
    target = _folder(ctx)
    if is_in_app(ctx) and not target.is_absolute():
        return FULL_PATH
    if earlier := made_before(target, KIND):
        images = counted(sum(earlier["images"].values()), "image")
        label = f"Replace the export of {images} that was made at {earlier['created']}"
        inputs.bool(_replacing(earlier), default=False, label=label)
    return sentence_of(partial(check_target, target, _is_confirmed(ctx), KIND))


def _is_confirmed(ctx: foo.ExecutionContext) -> bool:
    """Whether somebody who has seen the form wants the export that is there replaced."""
    earlier = made_before(_folder(ctx), KIND)
    return bool(earlier and ctx.params.get(_replacing(earlier)))


def _replacing(earlier: dict) -> str:
    """Name of the box to tick for replacing an export.

    It has the checksum of the manifest in it: FiftyOne's server takes requests of any web page, and one that
    cannot read what is on the disk cannot name it.
    """
    return f"replace_{earlier['fingerprint'][:32]}"


def _folder(ctx: foo.ExecutionContext) -> Path:
    """The typed path, relative to the parent folder unless it is a full path."""
    return Path(explored(ctx, "parent"), Path(ctx.params["folder"]).expanduser())


def _add_filters(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
    is_number = isinstance(ctx.params.get("minimum_confidence"), int | float)  # a call from Python
    least = (inputs.float if is_number else inputs.str)(
        "minimum_confidence",
        label="Minimum confidence",
        description="One number, or by class: cat: 0.9, dog: 0.6. Reviewed labels are always exported",
    )
    refuse(least, sentence_of(lambda: _add_kept(inputs, ctx, samples)))
    inputs.bool("approved_only", default=False, label="Reviewed labels only")
    inputs.bool(
        "complete_only",
        default=False,
        label="Leave out images of which a box is left out",
        description="A detector would learn such a box as background",
    )
    inputs.str(
        "classes",
        label="Classes in the order of their ids",
        description="With commas or on lines; leave empty for the order of the run",
        view=types.TextFieldView(multiline=True),
    )
    inputs.bool("spreadsheet", default=False, label="Open labels.csv in a spreadsheet")


def _add_kept(inputs: types.Object, ctx: foo.ExecutionContext, samples: Samples) -> None:
    """Say how many labels the minimum confidence keeps, and how many of them are right."""
    least = parse_confidence(ctx.params.get("minimum_confidence"))
    kept = what_is_kept(dataset_of(samples), ExportOptions(_label_field(ctx, samples), least))
    if kept:
        inputs.view("kept", types.Notice(label=str(kept)))


def _add_splits(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Shares of the splits, and options of splits."""
    splits = inputs.str(
        "splits",
        label="Shares of train, val and test",
        description='Stratified by class, e.g. "80, 10, 10", the default of YOLO; leave empty for no splits',
    )
    refuse(splits, sentence_of(partial(parse_splits, ctx.params.get("splits"))))
    inputs.bool("new_splits", default=False, label="Split all images anew, whatever their tags")
    inputs.bool("write_split_tags", default=False, label="Tag samples with their split")
    inputs.float(
        "near_duplicates",
        min=0,
        max=1,
        label="Near-duplicates in one split",
        description="Their least cosine similarity, e.g. 0.95 for the offline encoder, 0.98 for OpenCLIP",
    )
    sources = vector_sources(samples)
    if sources:
        inputs.enum(
            "embeddings",
            sources,
            label="Embeddings",
            description="Embeddings used to find near-duplicates; leave empty for those of the encoder",
            view=dropdown(sources),
        )


def _options(ctx: foo.ExecutionContext) -> ExportOptions:
    params = ctx.params
    return ExportOptions(
        label_field=params.get("label_field") or DEFAULTS.label_field,
        minimum_confidence=parse_confidence(params.get("minimum_confidence")),
        approved_only=bool(params.get("approved_only")),
        complete_only=bool(params.get("complete_only")),
        classes=parse_classes(params.get("classes")),
        margin=chosen_margin(ctx),
        images=params.get("images") or DEFAULTS.images,
        splits=parse_splits(params.get("splits")),
        new_splits=bool(params.get("new_splits")),
        seed=params.get("seed") or 0,
        near_duplicates=params.get("near_duplicates"),
        write_split_tags=bool(params.get("write_split_tags")),
        spreadsheet=bool(params.get("spreadsheet")),
        overwrite=bool(params.get("folder")) and _is_confirmed(ctx),
    )
