"""Prompt templates, and class prototypes made from them.

A prototype is the mean of a class's prompts, as in CLIP's zero-shot classifier.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..engine.errors import InputError
from ..engine.vectors import unit_rows
from .base import Encoder
from .descriptions import Classes, read_classes

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

# Two letters, or one of a script other than Latin.
_WORD = re.compile(r"[^\W\d_]{2}|(?![a-zA-Z])[^\W\d_]")
_NUMBER_OF_WORDNET = re.compile(r"n\d{8}")
# "n02085620-Chihuahua" (ImageNet, Stanford Dogs), "001.Black_footed_Albatross" (CUB), "01_airplane".
_NUMBERING = re.compile(r"^(n\d{8}|\d+(?=\.)|0\d*)[-._ ]+(?=[^\W\d_])")
_SENSE = re.compile(r"\.[nvars]\.\d\d$")  # "dog.n.01" (WordNet)
_FOLDERS = re.compile(r"^/\w/(?P<path>.+)$")  # "/a/abbey", "/b/bow_window/indoor" (Places, SUN)
# "railwayStation", "DenseResidential"; not "iPhone" or "McDonald".
_CASE = re.compile(r"(?<=[a-z]{3})[A-Z](?=[a-z])")


def class_prototypes(
    encoder: Encoder, classes: Classes, templates: Sequence[str] | None = None
) -> np.ndarray:
    """Embed every class in every template and average: one prototype per class.

    The unit vectors of a class's prompts are averaged and scaled to length one again, after Radford et
    al., "Learning Transferable Visual Models From Natural Language Supervision" (2021), section 3.1.4.
    The name of a class and each of its descriptions go through all templates, so they count alike.

    Args:
        encoder: Its text tower is used.
        classes: k different classes, which a prompt puts in words, see `spoken`.
        templates: Texts with one `{}` for the name or the description; the encoder's own if None.

    Returns:
        (k, d) float32 unit rows in the order of `classes`.

    Raises:
        InputError: The classes are unusable, see `read_classes`, or a template has not exactly one `{}`.
    """
    templates = encoder.prompt_templates if templates is None else check_templates(templates)
    described = read_classes(classes)
    phrases = [phrase for one in described for phrase in one.phrases]
    prompts = [prompt(template, phrase) for phrase in phrases for template in templates]
    vectors = encoder.embed_texts(prompts)
    starts = np.cumsum([0, *(len(one.phrases) * len(templates) for one in described)])
    means = [vectors[start:end].mean(axis=0) for start, end in pairwise(starts)]
    return unit_rows(np.stack(means))


def check_templates(templates: Sequence[str]) -> list[str]:
    """Check prompt templates.

    Raises:
        InputError: They are no list of texts with exactly one `{}` each.
    """
    is_list = isinstance(templates, Sequence) and not isinstance(templates, str)
    if not is_list or not templates or not all(isinstance(template, str) for template in templates):
        raise InputError(
            "Give the prompt templates as a list of at least one text, e.g. ['a photo of a {}']."
        )
    for template in templates:
        if template.count("{}") != 1:
            raise InputError(
                f"The prompt template {template!r} needs exactly one {{}} for the class name, "
                "e.g. 'a photo of a {}'."
            )
    return list(templates)


def prompt(template: str, phrase: str) -> str:
    """A name or a description in a template, as a text tower reads it."""
    # Not str.format: a template or a name may hold braces of its own.
    return template.replace("{}", spoken(phrase))


def spoken(phrase: str) -> str:
    """A name as it reads in a prompt, in words where it is written as programs and datasets write names.

    "traffic_light", "trafficLight", "/t/traffic_light", "012.traffic_light", "n06874185-traffic_light" and
    "traffic_light.n.01" all read "traffic light".
    """
    words = _NUMBERING.sub("", phrase)
    words = _SENSE.sub("", words)
    words = _FOLDERS.sub(lambda folders: folders["path"].replace("/", " "), words)
    words = _CASE.sub(lambda letter: f" {letter[0].lower()}", words)
    return words.replace("_", " ")


def is_code(phrase: str) -> bool:
    """Whether a name reads as no word, such as "n02084071", "2c" or "17"."""
    return not _WORD.search(spoken(phrase)) or _NUMBER_OF_WORDNET.fullmatch(phrase) is not None
