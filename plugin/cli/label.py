"""The command `fiftyone-autolabel label`: labels into a FiftyOne dataset, or into a folder without FiftyOne.

What it does with its options is in `labelling`.
"""

from pathlib import Path
from typing import Annotated

import typer

from ..encoders.crops import MARGIN
from ..encoders.registry import ENCODER_NAMES
from ..engine.errors import InputError
from .classes import classes_of
from .labelling import (
    check_encoders,
    check_not_given,
    label_dataset,
    label_into_folder,
    label_on_ray,
    tell_cost,
    tell_preview,
)
from .options import VECTORS, EncoderOption, JsonOption, PresetOption, QuietOption, one_of
from .settings import PANEL, chosen_settings, takes_settings

RAY = "Several machines"


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
    multilabel: Annotated[
        bool,
        typer.Option(
            "--multilabel",
            help="Give an image several labels, each with its own confidence, where it has them.",
        ),
    ] = False,
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
        typer.Option(
            help="Name of the dataset that is created from a folder. With --engine ray and --output, a new "
            "dataset for the images with their labels.",
            show_default="the folder's",
        ),
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
            autocompletion=one_of(("local", "ray")),
            help="local, or ray: a Ray cluster embeds the images of a dataset. With --output it labels "
            "SOURCE, a folder of images, .npy or Parquet files, shard by shard into Parquet files there.",
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
    from ..run.engines import on_engine
    from ..run.inputs import Inputs
    from ..run.shard_files import holds_vectors
    from .console import Printer

    of_datasets = {"clusters": clusters, "examples": examples, "objects": objects, "key": key}
    is_sharded = engine == "ray" and output is not None
    if is_sharded:
        one_machine = {
            "embeddings": embeddings,
            "second-encoder": second_encoder,
            "second-embeddings": second_embeddings,
            "image-paths": image_paths,
            "overwrite": overwrite or None,
            "dry-run": dry_run or None,
            "preview": preview or None,
            "multilabel": multilabel or None,
        }
        check_not_given(of_datasets | one_machine, "cannot be used with --engine ray and --output")
        embeddings = source if source and holds_vectors(Path(source)) else None
    else:
        check_not_given({"sample": sample}, "is for --engine ray with --output")
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
        multilabel=multilabel,
        settings=chosen_settings(preset, settings_file, settings),
        run_key=key,
    )
    check_encoders(encoder, second_encoder)
    printer = Printer(as_json, quiet)
    if is_sharded:
        label_on_ray(source, output, inputs, sample, name, address, printer)
        return
    inputs = on_engine(inputs, engine, address)
    if not source and image_paths is None:
        raise InputError("Name a folder of images or a dataset, or give --image-paths.")
    if dry_run:
        tell_cost(source, image_paths, inputs, printer)
    elif preview:
        tell_preview(source, image_paths, inputs, printer)
    elif output is None and image_paths is None:
        label_dataset(source, name, (label_field, confidence_field), inputs, printer)
    else:
        check_not_given(of_datasets | {"name": name}, "is for datasets", "or --output and --image-paths")
        label_into_folder(source, image_paths, output, inputs, overwrite, printer)
