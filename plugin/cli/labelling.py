"""What the command `label` does with what it was given: into a dataset, a folder, on a cluster, or only tell.

The work is done by `run`.
"""

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..encoders.image_files import image_files
from ..engine.errors import InputError
from ..system.database import require_database
from ..wording import counted, percent

if TYPE_CHECKING:
    from ..run.inputs import Inputs
    from ..run.results import FinishedRun
    from .console import Printer


def check_not_given(options: dict[str, object], why: str, alternative: str = "") -> None:
    """Check that no option was given that has no meaning beside others.

    Args:
        options: Name of an option → its value, None where it was not given.
        why: What is wrong with them.
        alternative: What else could be left out.

    Raises:
        InputError: One was.
    """
    for name, value in options.items():
        if value is not None:
            what = ", ".join(filter(None, [f"leave out --{name}", alternative]))
            raise InputError(f"--{name} {why}: {what}.")


def label_on_ray(
    source: str | None,
    output: Path,
    inputs: "Inputs",
    sample: int | None,
    dataset: str | None,
    address: str | None,
    printer: "Printer",
) -> None:
    """Label a folder on a Ray cluster, shard by shard, and tell what came of it."""
    if dataset is not None:
        require_database()

    from ..run.shards import SAMPLE, STAGES, label_on_ray

    if source is None:
        raise InputError("--engine ray with --output needs SOURCE, a folder: give it.")
    most = SAMPLE if sample is None else sample
    with printer.progress(STAGES) as progress:
        run = label_on_ray(source, inputs, output, most, dataset, address, progress)
    labels = run.output / "labels"
    counts = f"{counted(sum(run.counts.values()), 'image')} labelled, {run.n_failed:,} failed"
    printer.tell(
        asdict(run) | {"output": str(run.output)},
        f"{counts}; expected to be right: {percent(run.expected_accuracy)}",
        f"{counted(run.n_shards, 'shard')}, {counted(run.rounds, 'round')}, a worker needed about "
        f"{run.bytes_per_worker / 2**20:,.0f} MiB",
        f"Labels: {labels}",
        *([_how_to_open(run.dataset)] if run.dataset else []),
    )


def check_encoders(*names: str | None) -> None:
    """Check names before any work; what "auto" stands for may have to be asked of the network, by the run.

    Raises:
        InputError: There is no such encoder.
    """
    from ..encoders.registry import choose_encoder

    for name in names:
        if name not in (None, "auto"):
            choose_encoder(name)


def label_dataset(
    source: str, name: str | None, fields: tuple[str, str], inputs: "Inputs", printer: "Printer"
) -> None:
    """Label a dataset, or a folder of images as a dataset, and tell what came of it."""
    require_database()

    from ..dataset import FieldNames, check_names, opened_source
    from ..run.pipeline import label_samples

    inputs = replace(inputs, fields=FieldNames.of_run(inputs.run_key, *fields))
    check_names(inputs.fields)
    with opened_source(source, name) as dataset, printer.progress() as progress:
        run = label_samples(dataset, inputs, progress)
    place = {"dataset": dataset.name, "run": run.run_key}
    _tell(run, place, _how_to_open(dataset.name), printer, noun="Objects" if inputs.objects else "Images")


def label_into_folder(
    source: str | None,
    image_paths: Path | None,
    output: Path | None,
    inputs: "Inputs",
    overwrite: bool,
    printer: "Printer",
) -> None:
    """Label image files into a folder, without a database, and tell what came of it."""
    from ..report.writing import check_report_folder
    from ..run.pipeline import label_paths

    if output is None:
        raise InputError("--image-paths needs --output, the folder for the labels: give both.")
    paths = _files(source, image_paths, inputs)
    check_report_folder(output, overwrite)
    with printer.progress() as progress:
        run = label_paths(paths, inputs, progress)
    folder = run.report(output, overwrite=overwrite)
    _tell(run, {"output": str(folder)}, f"Labels and report: {folder}", printer)


def _how_to_open(dataset: str) -> str:
    return f"Open it with: fiftyone app launch {shlex.quote(dataset)}"


def _tell(
    run: "FinishedRun", place: dict[str, str], sentence: str, printer: "Printer", noun: str = "Images"
) -> None:
    from .console import class_table, labelling_as_dict, summary_table

    tables = (summary_table(run, noun=noun), class_table(run, noun))
    printer.tell(place | labelling_as_dict(run), *tables, sentence)


def tell_cost(source: str | None, image_paths: Path | None, inputs: "Inputs", printer: "Printer") -> None:
    """Tell the estimated time and memory; nothing is written."""
    from ..run.pipeline import estimate_paths
    from .console import cost_as_dict, cost_table

    if inputs.objects:
        raise InputError("--dry-run counts whole images: leave out --dry-run or --objects.")
    cost = estimate_paths(_images_of(source, image_paths, inputs), inputs)
    printer.tell(cost_as_dict(cost), cost_table(cost), "Nothing was written.")


def tell_preview(source: str | None, image_paths: Path | None, inputs: "Inputs", printer: "Printer") -> None:
    """Tell the labels of some images; nothing is written."""
    from ..run.preview import preview_paths, preview_samples, previewed
    from .console import class_table, labelling_as_dict, preview_table, summary_table

    with printer.progress() as progress:
        if image_paths is not None or Path(source).expanduser().is_dir():
            run = preview_paths(_files(source, image_paths, inputs), inputs, progress)
        else:
            require_database()

            from ..dataset import open_source

            run = preview_samples(open_source(source), inputs, progress)
    rows = previewed(run)
    tables = (preview_table(rows), summary_table(run), class_table(run))
    printer.tell(labelling_as_dict(run) | {"previewed": rows}, *tables, "Nothing was written.")


def _images_of(source: str | None, image_paths: Path | None, inputs: "Inputs") -> list[str]:
    """Paths of the images that would be labelled; nothing is made."""
    if image_paths is not None or Path(source).expanduser().is_dir():
        return _files(source, image_paths, inputs)
    require_database()

    from ..dataset import open_source, read_images

    return read_images(open_source(source)).images


def _files(source: str | None, image_paths: Path | None, inputs: "Inputs") -> list[str]:
    """Paths of the images that are named on the command line."""
    from ..run.files import check_files, read_paths

    if image_paths is not None:
        if source is not None:
            raise InputError("Give a folder of images or --image-paths, not both.")
        paths = read_paths(image_paths)
        if inputs.embeddings is None:  # else they are not opened, and may be elsewhere
            check_files(paths)
        return paths
    if not Path(source).expanduser().is_dir():
        raise InputError(
            f"{source!r} is not a folder: --output is for files; label a dataset without it, then use report."
        )
    return image_files(Path(source))
