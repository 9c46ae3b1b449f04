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

from ..plugin.dataset import Samples, completed_runs, dataset_of, vector_sources
from ..plugin.engine.errors import InputError
from ..plugin.engine.progress import Progress
from ..plugin.export.exporting import export_labels
from ..plugin.export.manifest import Exported
from ..plugin.export.options import ExportOptions, Format, ImageMode, check_options, parse_splits
from ..plugin.export.selection import check_collection, exportable_fields
from ..plugin.export.target import check_target
from ..plugin.wording import counted
from .background import Spans
from .base import LongOperator
from .forms import add_explorer, add_problem, dropdown, explored, refuse, sentence_of
from .reviewing import execute_on

TITLE = "Export labels"
NO_LABELS = "There are no labels to export: label the images first."
DEFAULTS = ExportOptions()

# Stage → its span of the progress bar, without and with a search for near-duplicates.
SPANS = {"copy": (0.0, 0.8), "check": (0.8, 1.0)}
LONG_SPANS = {"embed": (0.0, 0.5), "compare": (0.5, 0.6), "copy": (0.6, 0.9), "check": (0.9, 1.0)}


class ExportLabels(LongOperator):
    """Export labels and images for other programs."""

    uri_name = "export_labels"
    title = TITLE
    description = "Export labels and images as class folders, YOLO, COCO, CSV or a FiftyOne dataset"
    icon = "drive_file_move"
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
            format: "folders", "yolo-classification", "yolo-detection", "coco", "csv" or "fiftyone".
            options: Labels, splits, and how to export images.
            embeddings: Vector field or brain key to find near-duplicates with.
            delegate: Whether to queue the export for `fiftyone delegated launch`.
            **given: Fields of `ExportOptions` by name, in place of those of `options`.

        Returns:
            The `ExecutionResult`, whose `result` is a summary; in a notebook a task to `await`.

        Raises:
            InputError: There is no such option, or its value cannot be used.
        """
        options = _with(options, given)
        params = asdict(options) | {"folder": str(folder), "format": format, "embeddings": embeddings}
        params["splits"] = ", ".join(map(repr, options.splits)) if options.splits else None
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
        _add_target(inputs, ctx)
        inputs.enum(
            "label_field",
            label_fields,
            default=_usual_field(samples),
            label="Label field",
            description="Reviewed labels take precedence",
            view=dropdown(label_fields),
        )
        _add_filters(inputs)
        _add_splits(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=TITLE))

    def work(self, ctx: foo.ExecutionContext) -> Callable[[Progress], Exported]:
        """Read the form."""
        samples = ctx.target_view(require_flat=True)
        options = replace(_options(ctx), label_field=_label_field(ctx, samples))
        return lambda progress: export_labels(
            samples,
            _folder(ctx),
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
        return asdict(exported) | {
            "path": str(exported.path),
            "n_images": exported.n_images,
            "message": "\n\n".join(lines),
        }

    def notice(self, result: Exported) -> tuple[str, str]:
        """The number of exported images."""
        return f"Exported {counted(result.n_images, 'image')}", "success"


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


def _add_target(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """Format, folder, how to export images, and whether to replace an earlier export."""
    formats, modes = [one.value for one in Format], [one.value for one in ImageMode]
    chosen = inputs.enum("format", formats, default=formats[0], label="Format", view=dropdown(formats))
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
        label="Parent folder",
        description="Where to create the folder; not needed for a full path",
        folder=True,
    )
    inputs.enum("images", modes, default=modes[0], label="Images", view=dropdown(modes))
    inputs.bool("overwrite", default=False, label="Replace an earlier export")
    if ctx.params.get("format"):
        refuse(chosen, sentence_of(lambda: check_options(ctx.params["format"], _options(ctx))))
    if ctx.params.get("folder"):
        check = partial(check_target, _folder(ctx).resolve(), bool(ctx.params.get("overwrite")))
        refuse(folder, sentence_of(check))


def _folder(ctx: foo.ExecutionContext) -> Path:
    """The typed path, relative to the parent folder unless it is a full path."""
    return Path(explored(ctx, "parent"), Path(ctx.params["folder"]).expanduser())


def _add_filters(inputs: types.Object) -> None:
    inputs.float(
        "minimum_confidence",
        min=0,
        max=1,
        default=DEFAULTS.minimum_confidence,
        label="Minimum confidence",
        description="Leave out labels with a lower confidence; reviewed labels are always exported",
    )
    inputs.bool("approved_only", default=False, label="Reviewed labels only")


def _add_splits(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Shares of the splits, and options of splits."""
    splits = inputs.str(
        "splits",
        label="Shares of train, val and test",
        description='Stratified by class, e.g. "80, 10, 10", the default of YOLO; leave empty for no splits',
    )
    refuse(splits, sentence_of(partial(parse_splits, ctx.params.get("splits"))))
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
            description="Vectors to find near-duplicates with; leave empty for those of the encoder",
            view=dropdown(sources),
        )


def _options(ctx: foo.ExecutionContext) -> ExportOptions:
    params = ctx.params
    return ExportOptions(
        label_field=params.get("label_field") or DEFAULTS.label_field,
        minimum_confidence=params.get("minimum_confidence") or 0.0,
        approved_only=bool(params.get("approved_only")),
        images=params.get("images") or DEFAULTS.images,
        splits=parse_splits(params.get("splits")),
        seed=params.get("seed") or 0,
        near_duplicates=params.get("near_duplicates"),
        write_split_tags=bool(params.get("write_split_tags")),
        overwrite=bool(params.get("overwrite")),
    )
