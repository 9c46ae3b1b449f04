"""What labels would look like: a run over some images of a dataset or folder, which writes nothing."""

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..encoders.descriptions import Classes, read_classes
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.progress import ShowProgress
from ..wording import readable
from .files import Files
from .inputs import Inputs, read_settings
from .pipeline import label_unwritten
from .results import FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

NO_EXAMPLES = "A preview writes no reviews, so it takes no examples: leave out one of the two."
N_IMAGES = 50
SEED = 51


def preview(
    samples: "fo.Dataset | fo.DatasetView",
    classes: Classes,
    *,
    n_images: int = N_IMAGES,
    seed: int = SEED,
    settings: Settings | Mapping[str, object] | None = None,
    progress: ShowProgress = None,
    **inputs: Any,
) -> FinishedRun:
    """Label a random sample of images and write nothing, to try class names, prompts and encoders.

    Of few images there are few similar ones, so a run over all images may label some of these otherwise.

    Args:
        samples: Images; a selection of up to `n_images` is labelled as a whole.
        classes: As for `auto_label`.
        n_images: Most images to label; of a patches view, most objects.
        seed: Seed of the random sample.
        settings: As for `auto_label`.
        progress: As for `auto_label`.
        **inputs: Further arguments of `auto_label`, such as `encoder`, `prompt_templates` or `objects`.

    Returns:
        The run, with labels and confidence in `to_frame()`. Later runs find its embeddings in the cache.

    Raises:
        InputError: Something given cannot be used.
    """
    given = Inputs(classes=read_classes(classes), settings=read_settings(settings), **inputs)
    return preview_samples(samples, given, progress, n_images=n_images, seed=seed)


def preview_samples(
    samples: "fo.Dataset | fo.DatasetView",
    inputs: Inputs,
    progress: ShowProgress = None,
    *,
    n_images: int = N_IMAGES,
    seed: int = SEED,
) -> FinishedRun:
    """Label a random sample of a dataset or view; see `preview`."""
    from ..dataset import dataset_of, field_to_label, flat_samples, read_images, read_objects

    dataset_of(samples)  # refuses what is neither
    _check_examples(inputs)
    if not (isinstance(n_images, int) and n_images > 0):
        raise InputError(f"n_images is {n_images!r}: give a whole number from 1.")
    objects = field_to_label(samples, inputs.objects)
    samples = flat_samples(samples)
    some = samples if len(samples) <= n_images else samples.take(n_images, seed=seed)
    if objects is None:
        return label_unwritten(read_images(some), inputs, progress)
    return label_unwritten(read_objects(some, objects, inputs.margin), inputs, progress, noun="object")


def preview_paths(paths: Sequence[str], inputs: Inputs, progress: ShowProgress = None) -> FinishedRun:
    """Label a random sample of up to 50 image files."""
    _check_examples(inputs)
    some = random.Random(SEED).sample(paths, min(N_IMAGES, len(paths)))
    return label_unwritten(Files.of(some), inputs, progress)


def previewed(run: FinishedRun) -> list[dict]:
    """Id, path, label and confidence of what a preview labelled, least confident first."""
    confidences = run.refinement.confidence.tolist()
    columns = zip(run.sample_ids, run.paths, run.label_texts, confidences, strict=True)
    rows = [
        {"id": one, "path": readable(path), "label": label, "confidence": round(confidence, 4)}
        for one, path, label, confidence in columns
    ]
    return sorted(rows, key=lambda row: row["confidence"])


def _check_examples(inputs: Inputs) -> None:
    if inputs.examples is not None:
        raise InputError(NO_EXAMPLES)
