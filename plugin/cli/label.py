"""The command `fiftyone-autolabel label`: labels into a FiftyOne dataset, or into a folder without FiftyOne.

The work is done by `run.pipeline`.
"""

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..encoders.crops import MARGIN
from ..encoders.image_files import image_files
from ..encoders.registry import ENCODER_NAMES
from ..engine.errors import InputError
from ..system.database import require_database
from ..wording import percent
from .classes import classes_of
from .options import VECTORS, EncoderOption, JsonOption, PresetOption, QuietOption, one_of
from .settings import PANEL, chosen_settings, takes_settings

ENGINES = ("local", "ray")
RAY = "Several machines"

if TYPE_CHECKING:
    from ..run.inputs import Inputs
    from ..run.results import FinishedRun
    from .console import Printer


@takes_settings
def label(
    source: Annotated[
        str | None, typer.Argument(help="A folder of images, or the name of a FiftyOne dataset.")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--classes",
            "-c",
            help='Class names, separated by commas, or one class with descriptions: "dog: puppy, hound". '
            "May be given more than once.",
        ),
    ] = None,
    classes_file: Annotated[
        Path | None,
        typer.Option(
            help="Text file with one class per line, alone or with descriptions, for long lists and names "
            "with commas."
        ),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            help='Prompt with {} for a class, e.g. "a satellite photo of a {}". May be given more than once.',
            show_default="those that suit the encoder",
        ),
    ] = None,
    encoder: EncoderOption = "auto",
    embeddings: Annotated[
        str | None,
        typer.Option(help="Existing vectors by the model of the encoder, one per image.", metavar=VECTORS),
    ] = None,
    text_embeddings: Annotated[
        str | None,
        typer.Option(
            help="Existing vectors of the classes by the same model, one row per class.", metavar="FILE.npy"
        ),
    ] = None,
    second_encoder: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of((*ENCODER_NAMES, "zoo:dinov2-vits14-torch")),
            help="Second image encoder, which determines the images that are similar: "
            "zoo:dinov2-vits14-torch, another model of FiftyOne's zoo, or as for --encoder.",
        ),
    ] = None,
    second_embeddings: Annotated[
        str | None,
        typer.Option(
            help="Existing vectors by any image model, instead of a second encoder.", metavar=VECTORS
        ),
    ] = None,
    class_balance: Annotated[
        str | None,
        typer.Option(
            help="Rough idea of the class frequencies: words (common, rare, absent), counts or shares, e.g. "
            '"cat: common, dog: rare"; or equal.',
            metavar="TEXT",
        ),
    ] = None,
    examples: Annotated[
        str | None,
        typer.Option(
            help="Field with the class of a few images, or tags; they become reviewed labels.",
            metavar="FIELD",
        ),
    ] = None,
    preset: PresetOption = "auto",
    clusters: Annotated[
        str | None,
        typer.Option(help="Field with the cluster of every image.", metavar="FIELD", show_default="computed"),
    ] = None,
    objects: Annotated[
        str | None,
        typer.Option(
            help="Field of boxes or shapes to label one by one; the labels go to auto_label_FIELD.",
            metavar="FIELD",
            show_default="whole images",
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option(help="Context around an object, as a share of its width and height.")
    ] = MARGIN,
    label_field: Annotated[str, typer.Option(help="Field for the labels.")] = "auto_label",
    confidence_field: Annotated[str, typer.Option(help="Field for the confidence.")] = "confidence",
    key: Annotated[
        str | None,
        typer.Option(
            help="Key of the run. It writes separate fields, auto_label_KEY and so on, to compare runs.",
            show_default="the label field with a number",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the dataset that is created from a folder.", show_default="the folder's"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write labels and a report into this folder; no dataset and no database.", metavar="FOLDER"
        ),
    ] = None,
    image_paths: Annotated[
        Path | None,
        typer.Option(
            help="Text file with one image path per line, instead of SOURCE. Images whose --embeddings are "
            "given are not opened.",
            metavar="FILE.txt",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier --output.")] = False,
    engine: Annotated[
        str,
        typer.Option(
            autocompletion=one_of(ENGINES),
            help="local, or ray: SOURCE, a folder of images, .npy or Parquet files, is labelled by a "
            "Ray cluster, shard by shard, into Parquet files in --output.",
            rich_help_panel=RAY,
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Address of the Ray cluster.",
            metavar="HOST:PORT",
            show_default="RAY_ADDRESS, or this machine",
            rich_help_panel=RAY,
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            help="Most images that the classes are first fitted to.",
            show_default="100000",
            rich_help_panel=RAY,
        ),
    ] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            help="YAML or TOML file with settings. It overrides the preset, and options override the file.",
            metavar="FILE",
            rich_help_panel=PANEL,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Estimate time and memory; write nothing."),
    ] = False,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Print the labels of 50 random images; write nothing."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    **settings: object,
) -> None:
    """Label the images of a folder or of a FiftyOne dataset.

    Labelling a folder creates a FiftyOne dataset of the same name. Run the command again after adding images
    to the folder, and they are added to the dataset.

    Examples:

        fiftyone-autolabel label photos/ --classes "cat, dog, horse"

        fiftyone-autolabel label my-dataset -c "sports car" -c truck --encoder offline

        fiftyone-autolabel label photos/ --classes-file classes.txt --name holiday

        fiftyone-autolabel label photos/ -c "dog: puppy, hound" -c cat --template "a drawing of a {}"

        fiftyone-autolabel label photos/ -c "cat, dog" --second-encoder zoo:dinov2-vits14-torch

        fiftyone-autolabel label photos/ -c "cat, dog" --output report/ --settings settings.yaml

        fiftyone-autolabel label photos/ -c "cat, dog" --dry-run

        fiftyone-autolabel label photos/ -c "cat, dog" --preview

        fiftyone-autolabel label --embeddings X.npy --image-paths paths.txt
          --text-embeddings T.npy -c "cat, dog" --output report/

        fiftyone-autolabel label vectors/ --engine ray -c "cat, dog" --output labels/
    """
    from ..run.inputs import Inputs
    from ..run.shard_files import holds_vectors
    from .console import Printer

    of_datasets = {"clusters": clusters, "examples": examples, "objects": objects, "key": key, "name": name}
    if engine == "ray":
        one_machine = {
            "embeddings": embeddings,
            "second-encoder": second_encoder,
            "second-embeddings": second_embeddings,
            "image-paths": image_paths,
            "overwrite": overwrite or None,
            "dry-run": dry_run or None,
            "preview": preview or None,
        }
        _check_not_given(of_datasets | one_machine, "cannot be used with --engine ray")
        embeddings = source if source and holds_vectors(Path(source)) else None
    else:
        _check_engine(engine)
        _check_not_given({"address": address, "sample": sample}, "is for --engine ray")
    inputs = Inputs(
        classes=classes_of(classes or [], classes_file),
        prompt_templates=template or None,
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
        settings=chosen_settings(preset, settings_file, settings),
        run_key=key,
    )
    _check_encoders(encoder, second_encoder)
    printer = Printer(as_json, quiet)
    if engine == "ray":
        _label_on_ray(source, output, inputs, sample, address, printer)
        return
    if not source and image_paths is None:
        raise InputError("Name a folder of images or a dataset, or give --image-paths.")
    if dry_run:
        _tell_cost(source, image_paths, inputs, printer)
    elif preview:
        _tell_preview(source, image_paths, inputs, printer)
    elif output is None and image_paths is None:
        _label_dataset(source, name, (label_field, confidence_field), inputs, printer)
    else:
        _check_not_given(of_datasets, "is for datasets", "or --output and --image-paths")
        _label_into_folder(source, image_paths, output, inputs, overwrite, printer)


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}: give local or ray.")


def _check_not_given(options: dict[str, object], why: str, alternative: str = "") -> None:
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


def _label_on_ray(
    source: str | None,
    output: Path | None,
    inputs: "Inputs",
    sample: int | None,
    address: str | None,
    printer: "Printer",
) -> None:
    from ..run.shards import SAMPLE, STAGES, label_on_ray

    if source is None or output is None:
        raise InputError("--engine ray needs SOURCE, a folder, and --output: give both.")
    with printer.progress(STAGES) as progress:
        run = label_on_ray(source, inputs, output, SAMPLE if sample is None else sample, address, progress)
    labels = run.output / "labels"
    counts = f"{sum(run.counts.values()):,} images labelled, {run.n_failed:,} failed"
    printer.tell(
        asdict(run) | {"output": str(run.output)},
        f"{counts}; expected to be right: {percent(run.expected_accuracy)}",
        f"{run.n_shards:,} shards, {run.rounds} rounds, a worker needed about "
        f"{run.bytes_per_worker / 2**20:,.0f} MiB",
        f"Labels: {labels}",
    )


def _check_encoders(*names: str | None) -> None:
    """Check names before any work; what "auto" stands for may have to be asked of the network, by the run.

    Raises:
        InputError: There is no such encoder.
    """
    from ..encoders.registry import choose_encoder

    for name in names:
        if name not in (None, "auto"):
            choose_encoder(name)


def _label_dataset(
    source: str, name: str | None, fields: tuple[str, str], inputs: "Inputs", printer: "Printer"
) -> None:
    require_database()

    from ..dataset import FieldNames, check_names, opened_source
    from ..run.pipeline import label_samples

    inputs = replace(inputs, fields=FieldNames.of_run(inputs.run_key, *fields))
    check_names(inputs.fields)
    with opened_source(source, name) as dataset, printer.progress() as progress:
        run = label_samples(dataset, inputs, progress)
    place = {"dataset": dataset.name, "run": run.run_key}
    sentence = f"Open it with: fiftyone app launch {shlex.quote(dataset.name)}"
    _tell(run, place, sentence, printer, noun="Objects" if inputs.objects else "Images")


def _label_into_folder(
    source: str | None,
    image_paths: Path | None,
    output: Path | None,
    inputs: "Inputs",
    overwrite: bool,
    printer: "Printer",
) -> None:
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


def _tell(
    run: "FinishedRun", place: dict[str, str], sentence: str, printer: "Printer", noun: str = "Images"
) -> None:
    from .console import class_table, labelling_as_dict, summary_table

    tables = (summary_table(run, noun=noun), class_table(run, noun))
    printer.tell(place | labelling_as_dict(run), *tables, sentence)


def _tell_cost(source: str | None, image_paths: Path | None, inputs: "Inputs", printer: "Printer") -> None:
    from ..run.pipeline import estimate_paths
    from .console import cost_as_dict, cost_table

    if inputs.objects:
        raise InputError("--dry-run counts whole images: leave out --dry-run or --objects.")
    cost = estimate_paths(_images_of(source, image_paths, inputs), inputs)
    printer.tell(cost_as_dict(cost), cost_table(cost), "Nothing was written.")


def _tell_preview(source: str | None, image_paths: Path | None, inputs: "Inputs", printer: "Printer") -> None:
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
