"""The command `fiftyone-autolabel label`.

It reads options and shows results; the work is told in `pipeline`.
"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .cli_options import VECTORS, EncoderOption, PresetOption
from .dataset.database import require_database
from .engine.config import Settings
from .engine.errors import InputError


def label(
    source: Annotated[str, typer.Argument(help="A folder of images, or the name of a FiftyOne dataset.")],
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
        typer.Option(help="Vectors that the encoder's model made earlier, one per image.", metavar=VECTORS),
    ] = None,
    text_embeddings: Annotated[
        str | None,
        typer.Option(
            help="Vectors of the classes from the same model, one row per class.", metavar="FILE.npy"
        ),
    ] = None,
    visual_encoder: Annotated[
        str | None,
        typer.Option(
            help="Second encoder, which finds the images that are alike: zoo:dinov2-vits14-torch or any "
            "other of FiftyOne's zoo, or one as for --encoder."
        ),
    ] = None,
    visual_embeddings: Annotated[
        str | None, typer.Option(help="Vectors of any image model in its place.", metavar=VECTORS)
    ] = None,
    preset: PresetOption = "auto",
    clusters: Annotated[
        str | None,
        typer.Option(help="Field with the cluster of every image.", metavar="FIELD", show_default="computed"),
    ] = None,
    label_field: Annotated[str, typer.Option(help="Field for the labels.")] = "auto_label",
    confidence_field: Annotated[str, typer.Option(help="Field for the confidence.")] = "confidence",
    key: Annotated[
        str | None,
        typer.Option(
            help="Key of the run. It writes fields of its own, auto_label_KEY and so on, to be compared.",
            show_default="the label field with a number",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the dataset made from a folder.", show_default="the folder's")
    ] = None,
) -> None:
    """Label the images of a folder or of a FiftyOne dataset.

    A folder becomes a FiftyOne dataset of the same name, which is kept when its images are labelled. Run
    the command again after adding images to the folder, and they join the dataset.

    Examples:

        fiftyone-autolabel label photos/ --classes "cat, dog, horse"

        fiftyone-autolabel label my-dataset -c "sports car" -c truck --encoder offline

        fiftyone-autolabel label photos/ --classes-file classes.txt --name holiday

        fiftyone-autolabel label photos/ -c "dog: puppy, hound" -c cat --template "a drawing of a {}"

        fiftyone-autolabel label photos/ -c "cat, dog" --visual-encoder zoo:dinov2-vits14-torch
    """
    from .encoders.registry import choose_encoder
    from .sources import read_prompts

    prompts = read_prompts(_class_entries(classes or [], classes_file), template or None, text_embeddings)
    settings = Settings.preset(preset)
    for named in (encoder, visual_encoder or "auto"):
        if named != "auto":  # whose choice, made by the run, may have to ask the network
            choose_encoder(named)
    require_database()

    from rich import print as show

    from .console import StageProgress, class_table, summary_table
    from .dataset.fields import FieldNames, check_names
    from .dataset.folder import opened_source
    from .pipeline import auto_label

    fields = FieldNames.of_run(key, label_field, confidence_field)
    check_names(fields)
    with opened_source(source, name) as dataset, StageProgress() as progress:
        labelling = auto_label(
            dataset,
            prompts.classes,
            prompt_templates=prompts.templates,
            encoder=encoder,
            embeddings=embeddings,
            text_embeddings=text_embeddings,
            visual_encoder=visual_encoder,
            visual_embeddings=visual_embeddings,
            clusters=clusters,
            settings=settings,
            fields=fields,
            run_key=key,
            progress=progress,
        )
    show(summary_table(labelling), class_table(labelling))
    print(f"Open it with: fiftyone app launch {shlex.quote(dataset.name)}")


def _class_entries(options: list[str], file: Path | None) -> list[str]:
    """Classes, alone or with descriptions, from all `--classes` options and from the lines of the file."""
    entries = [entry for option in options for entry in _entries_of(option)]
    if file is None:
        return _without_blanks(entries)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the class names in {file}: {error}.") from error
    return _without_blanks([*entries, *lines])


def _entries_of(option: str) -> list[str]:
    """The names in an option, or the one class that is described in it."""
    name, colon, _ = option.partition(":")
    if not colon:
        return option.split(",")
    if "," in name:
        raise InputError(
            f"{option!r} names several classes before its colon: give every class with descriptions a "
            "--classes of its own."
        )
    return [option]


def _without_blanks(entries: list[str]) -> list[str]:
    return [entry.strip() for entry in entries if entry.strip()]
