"""What labels would look like: a run over some images of a dataset, which writes nothing."""

from typing import TYPE_CHECKING, Any

from ..encoders.descriptions import Classes
from ..engine.errors import InputError
from .pipeline import label_files
from .results import FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

N_IMAGES = 50
SEED = 51


def preview(
    samples: "fo.Dataset | fo.DatasetView",
    classes: Classes,
    *,
    n_images: int = N_IMAGES,
    seed: int = SEED,
    **inputs: Any,
) -> FinishedRun:
    """Label a random sample of images and write nothing, to try class names, prompts and encoders.

    Of few images there are few similar ones, so a run over all images may label some of these otherwise.

    Args:
        samples: Images; a selection of up to `n_images` is labelled as a whole.
        classes: As for `auto_label`.
        n_images: Most images to label.
        seed: Seed of the random sample.
        **inputs: Further arguments of `label_files`, such as `encoder` or `prompt_templates`.

    Returns:
        The run, with labels and confidence in `to_frame()`. Later runs find its embeddings in the cache.

    Raises:
        InputError: Something given cannot be used.
    """
    from ..dataset import check_samples, flat_samples

    if not (isinstance(n_images, int) and n_images > 0):
        raise InputError(f"n_images is {n_images!r}: give a whole number from 1.")
    samples = flat_samples(samples)
    check_samples(samples)
    some = samples if len(samples) <= n_images else samples.take(n_images, seed=seed)
    return label_files(some.values("filepath"), classes, **inputs)
