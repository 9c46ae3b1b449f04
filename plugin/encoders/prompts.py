"""Prompt templates, and class prototypes made from them.

A prototype is the mean of a class name's prompts, as in CLIP's zero-shot classifier.
"""

from collections.abc import Sequence

import numpy as np

from ..engine.errors import InputError
from ..engine.validation import check_class_names
from ..engine.vectors import unit_rows
from .base import Encoder

# open_clip's SIMPLE_IMAGENET_TEMPLATES (open_clip/zero_shot_metadata.py) as format strings: the seven that
# CLIP's authors chose from their eighty (https://github.com/openai/CLIP, Prompt_Engineering_for_ImageNet).
SIMPLE_IMAGENET_TEMPLATES = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)


def class_prototypes(
    encoder: Encoder, classes: Sequence[str], templates: Sequence[str] | None = None
) -> np.ndarray:
    """Embed every class name in every template and average: one prototype per class.

    The unit vectors of a class's prompts are averaged and scaled to length one again, after Radford et
    al., "Learning Transferable Visual Models From Natural Language Supervision" (2021), section 3.1.4.

    Args:
        encoder: Its text tower is used.
        classes: k different names; an underscore reads as a space in a prompt.
        templates: Texts with one `{}` for the name; the encoder's own if None.

    Returns:
        (k, d) float32 unit rows in the order of `classes`.

    Raises:
        InputError: There is no class, a name is empty or given twice, or a template has not exactly one `{}`.
    """
    templates = encoder.prompt_templates if templates is None else templates
    classes = check_class_names(classes)
    _check_templates(templates)
    # Not str.format: a template or a name may hold braces of its own.
    prompts = [template.replace("{}", _spoken(name)) for name in classes for template in templates]
    vectors = encoder.embed_texts(prompts)
    return unit_rows(vectors.reshape(len(classes), len(templates), -1).mean(axis=1))


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _check_templates(templates: Sequence[str]) -> None:
    if isinstance(templates, str) or not templates:
        raise InputError(
            "Give the prompt templates as a list of at least one text, e.g. ['a photo of a {}']."
        )
    for template in templates:
        if template.count("{}") != 1:
            raise InputError(
                f"The prompt template {template!r} needs exactly one {{}} for the class name, "
                "e.g. 'a photo of a {}'."
            )
